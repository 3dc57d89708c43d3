"""Weighing features: a build up to its fit, then the chosen recipe examined by feature and by group on unseen rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import DataError
from afield.evaluation.importance import Predict
from afield.evaluation.stability import shift
from afield.records.provenance import Provenance
from afield.serving.inference import Runs
from afield.study.ablation import SEEDS, Fits, ablate, plain
from afield.study.costs import costs
from afield.study.freshness import freshness
from afield.study.importances import GROUP, Floats, importances, matrix, truth
from afield.study.worth import FeatureWorth, GroupWorth, Importance, Worth
from afield.workshop.bench import Bench
from afield.workshop.describing import data as versions
from afield.workshop.examples import open_examples
from afield.workshop.facts import Facts
from afield.workshop.plan import SEED, Build
from afield.workshop.results import Windows

SHIFT_ROWS, COST_ROWS = 200_000, 100_000


def weigh(plan: Build, bench: Bench, data: Path | None, until: datetime | None, provenance: Provenance) -> Worth:
    """Build up to the fit, then examine the chosen recipe by feature and by group on the test window.

    Args:
        plan: how the application is built; its `assessment.groups` are examined, or each feature alone.
        bench: builds.
        data: as the command line names it.
        until: end of the data that are looked at.
        provenance: of the command; what was read is added.

    Raises:
        AfieldError: a stage failed, or the data are too few to judge on.
    """
    facts = bench.read(plan, data)
    windows = bench.windows(plan, facts, until)
    examples = bench.examples(plan, facts, windows)
    fitted = bench.fit(plan, facts, examples, windows)
    fits = _rows(plan, examples, windows)
    recipe = plain(next(each for each in plan.recipes if each.name == fitted.final[plan.part][0].recipe))
    groups = dict(plan.assessment.groups) or {name: (name,) for name in plan.features.names}
    metric = getattr(plan.loss, "__name__", "loss")
    model = fitted.tested[plan.part]
    predict, columns = _predicting(model), tuple(model.features)
    ablated = ablate(fits, recipe, groups, metric, bench.tell)
    seconds, cost = costs(plan.features, _timed(plan, facts, windows), facts.tables, groups, bench.tell)
    named = {name: tuple(each for each in members if each in columns) for name, members in groups.items()}
    bench.tell(f"shuffling {len(columns)} features and {len(groups)} groups, and adding up their Shapley values")
    important = importances(fits, windows.test.start, predict, columns, named, metric)
    ticks, fresh = freshness(plan, facts.tables, windows.test, named, columns, predict, metric, SEED, bench.tell)
    found = [
        GroupWorth(
            name=name,
            columns=tuple(members),
            used=bool(named[name]),
            occurs=any(fits.late[each].n_unique() > 1 for each in members),
            cost=cost[name],
            adds=ablated.comparisons.get(name),
            importance=important.get(GROUP + name),
            freshness=fresh.get(name),
        )
        for name, members in groups.items()
    ]
    return Worth(
        application=bench.application.name,
        options=dict(bench.application.options),
        part=plan.part,
        recipe=recipe.name,
        metric=metric,
        generated=facts.summary.generated,
        windows=windows,
        rows=fits.late.height,
        loss=float(plan.loss(predict(matrix(fits.late, columns)), truth(fits.late)).mean()),
        seeds=SEEDS,
        spread=ablated.spread,
        seconds=seconds,
        rows_timed=next(iter(cost.values())).rows,
        ticks=ticks,
        groups=tuple(sorted(found, key=lambda each: -(each.adds.difference.value if each.adds else np.inf))),
        features=_features(plan, fits, windows, groups, important),
        everything=fresh["everything"],
        provenance=msgspec.structs.replace(provenance, data={"name": facts.summary.name, **versions(facts)}, seed=SEED),
    )


def _rows(plan: Build, examples: Path, windows: Windows) -> Fits:
    """The rows of each window that have a history.

    Raises:
        DataError: the test window holds fewer than two blocks of rows.
    """
    origin = plan.features.origin
    early, held, late = (
        open_examples(examples, origin, window).filter("has_history", pl.col("truth").is_not_null()).collect()
        for window in (windows.training, windows.validation, windows.test)
    )
    blocks = _blocks(plan, late, windows.test.start)
    if np.unique(blocks).size < 2 or early.is_empty() or held.is_empty():
        raise DataError(
            f"there are {early.height} rows to fit on, {held.height} to choose on and {late.height} in "
            f"{np.unique(blocks).size} blocks of {plan.block} to judge on; what a feature adds needs rows of each, and "
            "two blocks: give more data"
        )
    return Fits(plan, early, held, late, blocks)


def _features(
    plan: Build,
    fits: Fits,
    windows: Windows,
    groups: Mapping[str, Sequence[str]],
    important: Mapping[str, Importance],
) -> tuple[FeatureWorth, ...]:
    """Every feature, used or not, with how far it moved."""
    both = [each.sample(min(SHIFT_ROWS, each.height), seed=SEED) for each in (fits.early, fits.late)]
    rows = pl.concat([each.select(plan.features.origin, *plan.features.names) for each in both])
    block = _blocks(plan, rows, windows.whole.start)
    late = np.arange(rows.height) >= both[0].height
    group_of = {name: group for group, members in groups.items() for name in members}
    found = []
    for name in plan.features.names:
        values = rows[name].cast(pl.Float64).to_numpy()
        found.append(
            FeatureWorth(
                name=name,
                group=group_of.get(name, ""),
                used=name in important,
                missing=float((~np.isfinite(values[late])).mean()),
                shift=shift(values, block, late, seed=SEED),
                importance=important.get(name),
            )
        )
    return tuple(sorted(found, key=lambda each: -each.importance.share.value if each.importance else 0.0))


def _timed(plan: Build, facts: Facts, windows: Windows) -> pl.DataFrame:
    """The last rows of the test window, in whole ticks: about as many as are timed."""
    spine = plan.spine(facts.tables, windows.test)
    origin = plan.features.origin
    edge = spine[origin].sort()[max(0, spine.height - COST_ROWS)]
    return spine.filter(pl.col(origin) >= edge)


def _predicting(model: Runs) -> Predict:
    def predict(rows: Floats) -> Floats:
        return next(iter(model.run(np.ascontiguousarray(rows, np.float32)).values()))

    return predict


def _blocks(plan: Build, rows: pl.DataFrame, start: datetime) -> NDArray[np.int64]:
    """The number of the block that each row lies in, from `start`."""
    since = rows[plan.features.origin] - start
    return (since.dt.total_microseconds() // (plan.block.total_seconds() * 1e6)).cast(pl.Int64).to_numpy()
