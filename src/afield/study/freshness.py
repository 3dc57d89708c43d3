"""Freshness: how much worse a model forecasts when what a group of features is made of is some slots old."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.importance import Predict, raised
from afield.features.compute import compute, known
from afield.features.feature import History
from afield.records.evidence import Comparison
from afield.records.facts import Window
from afield.workshop.plan import Build

Floats = NDArray[np.float64]

AGES = (1, 2, 4, 8, 24)
TICKS, MOST_TICKS, ENOUGH_ROWS = 48, 300, 2000
TOLERATED = 0.01
"""The share of the loss by which old facts may raise it."""


class Age(msgspec.Struct, frozen=True):
    """What facts of one age cost.

    Attributes:
        slots: for how many slots facts were withheld.
        comparison: loss with the old facts against that with the newest.
    """

    slots: int
    comparison: Comparison

    @property
    def harmless(self) -> bool:
        """Whether the loss surely rises by no more than is tolerated."""
        ratio = self.comparison.ratio
        return ratio is not None and ratio.interval.high <= 1 + TOLERATED

    @property
    def harmful(self) -> bool:
        """Whether the loss surely rises."""
        return self.comparison.difference.interval.low > 0


class Freshness(msgspec.Struct, frozen=True):
    """How fresh a group must be.

    Attributes:
        ages: oldest last.
        harmless_slots: the greatest age up to which facts surely cost no more than is tolerated; None: not even the
            youngest that was tried.
        harmful_slots: the smallest age that surely costs something; None: none that was tried.
    """

    ages: tuple[Age, ...]
    harmless_slots: int | None
    harmful_slots: int | None


def freshness(
    plan: Build,
    history: History,
    test: Window,
    groups: Mapping[str, Sequence[str]],
    columns: Sequence[str],
    predict: Predict,
    metric: str,
    seed: int,
    tell: Callable[[str], None],
) -> tuple[int, dict[str, Freshness]]:
    """How many ticks were drawn, and how fresh each group, and "everything", must be.

    For ticks drawn from the test window, all features are computed anew from the facts that were known so many slots
    before the tick; a group's columns then take the place of the fresh ones. This is what a feed that has stopped
    does to it: a recent count goes to zero, a calendar stays as it is.

    Args:
        plan: how the application is built.
        history: every fact.
        test: the window from which ticks are drawn.
        groups: name → columns; those that the model does not read are left out.
        columns: the model's inputs, in order.
        predict: the model.
        metric: name of the loss.
        seed: of the draws.
        tell: is told what happens.
    """
    held = {name: table.collect().lazy() for name, table in history.items()}
    spine = plan.spine(held, test)
    ticks = _ticks(spine, plan.features.origin, seed)
    tell(f"withholding facts for {', '.join(map(str, AGES))} slots at {len(ticks)} ticks")
    origin = plan.features.origin
    rows, truth, blocks = [], [], []
    old: dict[int, list[Floats]] = {age: [] for age in AGES}
    for tick in ticks:
        asked = spine.filter(pl.col(origin) == tick)
        fresh = compute(plan.features, asked, held)
        kept = fresh["has_history"].to_numpy()
        rows.append(_matrix(fresh, columns)[kept])
        labelled = plan.labels(asked, held)["truth"].cast(pl.Float64).to_numpy()[kept]
        truth.append(labelled)
        blocks.append(np.full(len(labelled), (tick - test.start) // plan.block))
        for age in AGES:
            told = known(held, since=tick - plan.features.lookback, before=tick - age * plan.slot)
            old[age].append(_matrix(compute(plan.features, asked, told), columns)[kept])
    whole, happened, block = np.concatenate(rows), np.concatenate(truth), np.concatenate(blocks)
    whole_loss = plan.loss(predict(whole), happened)
    found = {}
    for name, members in {**groups, "everything": tuple(columns)}.items():
        places = [place for place, column in enumerate(columns) if column in members]
        if not places:
            continue
        ages = []
        for age in AGES:
            mixed = whole.copy()
            mixed[:, places] = np.concatenate(old[age])[:, places]
            worse = plan.loss(predict(mixed), happened)
            ages.append(Age(age, raised(worse, whole_loss, block, metric=metric, name=f"fresh {name}")))
        found[name] = _judged(ages)
    return len(ticks), found


def _judged(ages: Sequence[Age]) -> Freshness:
    harmless = None
    for age in ages:
        if not age.harmless:
            break
        harmless = age.slots
    return Freshness(tuple(ages), harmless, next((age.slots for age in ages if age.harmful), None))


def _ticks(spine: pl.DataFrame, origin: str, seed: int) -> list[datetime]:
    """Ticks drawn by lot: `TICKS`, or more where few rows have a tick."""
    ticks = spine[origin].unique().sort()
    wanted = min(MOST_TICKS, max(TICKS, round(ENOUGH_ROWS * len(ticks) / max(1, spine.height))), len(ticks))
    drawn = np.random.default_rng(seed).choice(len(ticks), wanted, replace=False)
    found: list[datetime] = ticks[np.sort(drawn).tolist()].to_list()
    return found


def _matrix(rows: pl.DataFrame, columns: Sequence[str]) -> Floats:
    return rows.select(pl.col(list(columns)).cast(pl.Float32).cast(pl.Float64)).fill_null(float("nan")).to_numpy()
