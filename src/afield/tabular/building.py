"""How a tabular application is built: a release from the rows of a file, or from those that the service collected."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from afield.data.sources import Source
from afield.evaluation.costs import Costs
from afield.evaluation.gates import BeatsBaseline, BiasWithin, Gate
from afield.features.feature import HAS_HISTORY, FeatureSet
from afield.records.facts import Window
from afield.statistics.losses import LOSSES
from afield.tabular.columns import RULE, Columns, Times
from afield.tabular.contracts import contracts
from afield.tabular.operating import FORECAST, LOSS_OF
from afield.tabular.recipes import plain, rich
from afield.tabular.source import TableFile
from afield.tabular.tables import MOMENT, OUTCOMES, ROWS, tables
from afield.workshop.plan import Assessment, Build

History = Mapping[str, pl.LazyFrame]

METRICS = {
    "yes_or_no": ("rmse", "bias"),
    "count": ("poisson_deviance", "rmse", "mae", "bias"),
    "number": ("rmse", "mae", "bias"),
}
TASKS = {"yes_or_no": "tabular-classification", "count": "tabular-regression", "number": "tabular-regression"}
GOLDEN = 5
DAY = timedelta(days=1)


def build(
    columns: Columns,
    times: Times,
    example: Path,
    *,
    purpose: str,
    limits: tuple[str, ...],
    generated: bool = False,
    gates: Sequence[Gate] = (),
) -> Build:
    """The build of a tabular application.

    Args:
        columns: what a row has.
        times: how it turns in time.
        example: the file that is read where the command line names none.
        purpose: what the model is for.
        limits: what it is not for.
        generated: whether the example was made up.
        gates: what a release must pass; none: the usual ones.
    """
    step, delay = times.step, times.delay
    return Build(
        part=FORECAST,
        target=columns.target,
        purpose=purpose,
        limits=limits,
        source=lambda data: open_source(columns, data, example, delay, generated=generated),
        tables=tables(columns),
        contracts=contracts(columns),
        features=FeatureSet(
            partial(look_up, columns=columns),
            names=columns.features,
            lookback=max(delay, DAY) + 2 * DAY,
            keys=("row",),
            origin="tick",
            modules=("afield.tabular.columns", columns.rule.__module__),
        ),
        keys=partial(rows_before, step=step),
        spine=partial(known_rows, step=step),
        labels=label,
        period=partial(period, step=step),
        known=known,
        covering=lambda _: {},
        key_type=pl.String(),
        sample=partial(small_world, step=step),
        slot=max(step, delay),
        constants=lambda _forecast, _truth: {},
        recipes=(plain(columns), rich(columns)),
        rival=plain(columns, (RULE,)),
        baselines={RULE: RULE},
        companions=lambda _training, _history: {},
        slices=lambda _: {},
        gates=gates or usual_gates(columns),
        validation=times.validation,
        test=times.test,
        loss=LOSSES[LOSS_OF[columns.kind]],
        metrics=METRICS[columns.kind],
        task=TASKS[columns.kind],
        assessment=assessment(columns),
    )


def usual_gates(columns: Columns) -> tuple[Gate, ...]:
    """Better than the rule beyond chance; and forecasts that add up, where the truth is never below zero."""
    better = BeatsBaseline(RULE, METRICS[columns.kind][0])
    return (better,) if columns.kind == "number" else (better, BiasWithin(0.1))


def assessment(columns: Columns) -> Assessment:
    """Where it is yes or no, what both mistakes cost."""
    if columns.kind != "yes_or_no":
        return Assessment()
    return Assessment(costs=Costs(false_positive=columns.false_alarm, false_negative=columns.missed))


def look_up(spine: pl.LazyFrame, history: History, *, columns: Columns) -> pl.LazyFrame:
    """The features of each row of the spine, by the one definition that requests go through as well."""
    rows = history[ROWS].select("row", "at", *columns.asked)
    joined = spine.join(rows, on="row", how="left", maintain_order="left").collect()
    asked = joined.select(columns.asked).iter_rows(named=True)
    empty = (math.nan,) * len(columns.features)
    values = [columns.values(row, at) if at else empty for row, at in zip(asked, joined["at"], strict=True)]
    schema = dict.fromkeys(columns.features, pl.Float64)
    made = pl.DataFrame(values, schema=schema, orient="row").with_columns(pl.all().fill_nan(None))
    flag = joined.select("row", "tick", pl.col("at").is_not_null().alias(HAS_HISTORY))
    return pl.concat([flag, made], how="horizontal").lazy()


def open_source(columns: Columns, data: Path | None, example: Path, delay: timedelta, *, generated: bool) -> Source:
    """The file that the command line names, or the example."""
    return TableFile(data or example, columns, delay, generated=generated and data is None)


def rows_before(history: History, tick: datetime, *, step: timedelta) -> pl.Series:
    """The rows of the slot before a tick."""
    inside = pl.col("at").is_between(tick - step, tick, closed="left")
    return history[ROWS].filter(inside).select("row").unique().sort("row").collect()["row"]


def known_rows(history: History, window: Window, *, step: timedelta) -> pl.DataFrame:
    """The spine: each row whose outcome is known, at the first tick after it happened."""
    rows = history[ROWS].join(history[OUTCOMES].select("row").unique(), on="row", how="semi")
    spine = rows.select("row", tick=pl.col("at").dt.truncate(step) + step).unique("row")
    inside = pl.col("tick").is_between(window.start, window.end, closed="left")
    return spine.filter(inside).sort("tick", "row").collect()


def label(rows: pl.DataFrame, history: History) -> pl.DataFrame:
    """`truth`: the outcome that was reported last; null where there is none."""
    said = history[OUTCOMES].sort("known_at", maintain_order=True).group_by("row").agg(pl.col("value").last())
    joined = rows.lazy().join(said, on="row", how="left", maintain_order="left")
    return joined.select(*rows.columns, pl.col("value").alias("truth")).collect()


def period(history: History, *, step: timedelta) -> tuple[datetime, datetime]:
    """From the first row to the slot after the last."""
    at = pl.col("at").dt.truncate(step)
    start, end = history[ROWS].select(at.min().alias("start"), at.max().alias("end")).collect().row(0)
    return (start, end + 2 * step) if start is not None else (datetime.min, datetime.min)


def known(history: History, before: datetime) -> dict[str, pl.LazyFrame]:
    """What was known before a moment."""
    return {name: table.filter(pl.col("known_at") < before) for name, table in history.items()}


def small_world(
    history: History, tick: datetime, *, step: timedelta
) -> tuple[tuple[str, ...], dict[str, pl.LazyFrame]]:
    """A few rows, told as if they had happened just before the tick, for golden rows."""
    last = history[ROWS].filter(pl.col("at") < tick).sort("at", "row").tail(GOLDEN)
    moved = last.with_columns(at=pl.lit(tick - step, MOMENT), known_at=pl.lit(tick - step, MOMENT)).collect()
    return tuple(moved["row"]), {ROWS: moved.lazy(), OUTCOMES: history[OUTCOMES].clear()}
