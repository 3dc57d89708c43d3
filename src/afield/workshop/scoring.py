"""Forecasts of a release and its rivals on examples, in the frame that evaluation takes."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

import numpy as np
import polars as pl

from afield.errors import EvaluationError
from afield.evaluation.questions import MODEL
from afield.serving.inference import Infer, Rows, Runs
from afield.workshop.plan import Build

ROWS_AT_ONCE = 250_000
HISTORY = "history"


def forecasts(
    plan: Build,
    examples: pl.LazyFrame,
    infer: Infer,
    releases: Mapping[str, Mapping[str, Runs]],
    rival: Runs | None,
    beside: Mapping[str, Runs] = MappingProxyType({}),
) -> pl.DataFrame:
    """One row an example: `tick`, `key`, `truth`, `history`, every output of the model, and a column a rival.

    Args:
        plan: names the baselines and the rival.
        examples: with features, as `write_examples` made them.
        infer: the application's inference.
        releases: name → parts; the one called as the plan's part is the model (column `forecast`), others (a
            champion) are rivals of that name.
        rival: the learner to beat, or None where it is not at hand.
        beside: name → further models to compare with, of which the first output counts.

    Raises:
        EvaluationError: there are no examples.
    """
    count = int(examples.select(pl.len()).collect().item())
    if not count:
        raise EvaluationError("there are no rows to score in this window; check --from, --to and the data's period")
    others = {**({plan.rival.name: rival} if rival else {}), **beside}
    needed = dict.fromkeys(
        name
        for parts in (*releases.values(), others)
        for part in parts.values()
        for name in part.features
        if name in plan.features.names  # a part that reads something else has no say here
    )
    needed.update(dict.fromkeys(plan.baselines.values()))
    held = (plan.features.origin, *plan.features.keys, "truth", "has_history")
    chosen = examples.select(*held, *needed)
    return pl.concat(
        _scored(plan, chosen.slice(start, ROWS_AT_ONCE).collect(), infer, releases, others)
        for start in range(0, count, ROWS_AT_ONCE)
    )


def _scored(
    plan: Build,
    rows: pl.DataFrame,
    infer: Infer,
    releases: Mapping[str, Mapping[str, Runs]],
    others: Mapping[str, Runs],
) -> pl.DataFrame:
    held = (plan.features.origin, *plan.features.keys, "truth", "has_history")
    names = [name for name in rows.columns if name not in held]
    block = rows.select(pl.col(names).cast(pl.Float64)).to_numpy(order="c")
    columns = Rows({name: place for place, name in enumerate(names)}, np.ascontiguousarray(block))
    made: dict[str, pl.Series] = {}
    for name, parts in releases.items():
        outputs = infer(columns, parts)
        if name == plan.part:
            made.update({output: pl.Series(output, values) for output, values in outputs.items()})
            made[MODEL] = _answered(made[plan.part].alias(MODEL), rows["has_history"])
        else:
            made[name] = pl.Series(name, outputs[plan.part])
    for name, feature in plan.baselines.items():
        made[name] = pl.Series(name, columns[feature]).fill_nan(None)
    for name, model in others.items():
        made[name] = pl.Series(name, next(iter(model.run(columns.matrix(model.features)).values())))
    key = plan.features.keys[0]
    return rows.select(
        pl.col(plan.features.origin).alias("tick"),
        pl.col(key).alias("key"),
        "truth",
        pl.col("has_history").alias(HISTORY),
    ).with_columns(*made.values())


def _answered(forecast: pl.Series, history: pl.Series) -> pl.Series:
    """Where nothing at all is known before a row, no model speaks: the service's neutral answer is 0."""
    silent = forecast.is_nan() & ~history
    return pl.select(pl.when(silent).then(0.0).otherwise(forecast).alias(forecast.name)).to_series()


def rivals(plan: Build, frame: pl.DataFrame, beside: Iterable[str] = ()) -> Iterator[str]:
    """Columns of a frame from `forecasts` that hold a rival's forecasts."""
    known = {*plan.baselines, plan.rival.name, "champion", *beside}
    return (name for name in frame.columns if name in known)
