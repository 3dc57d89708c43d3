"""Importances: what the tested model owes to each feature and group on unseen rows, and whether that is steady."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.importance import Predict, mean_size, raised, shapley, shuffled
from afield.records.evidence import Estimate
from afield.study.ablation import Fits
from afield.study.worth import Importance, Stretch
from afield.workshop.plan import SEED, Build

Floats = NDArray[np.float64]

SHUFFLED_ROWS, EXPLAINED_ROWS, BACKGROUND_ROWS = 40_000, 2_000, 500
PARTS, FEWEST = 4, 4
"""Stretches of the test window, and blocks that each must hold."""
LEVEL = 0.95
GROUP = "group "
"""Stands before the name of a group, so that none is taken for a feature."""


@dataclass(frozen=True, slots=True)
class Looked:
    """Rows of the test window as a matrix, beside their truth and block.

    Attributes:
        rows: the model's inputs, shape `(n, k)`.
        truth, block: shape `(n,)`.
        start, length: of the first block, and of each.
    """

    rows: Floats
    truth: Floats
    block: NDArray[np.int64]
    start: datetime


def importances(
    fits: Fits,
    start: datetime,
    predict: Predict,
    columns: Sequence[str],
    groups: Mapping[str, Sequence[str]],
    metric: str,
) -> dict[str, Importance]:
    """Shuffling and Shapley values of each column, by its name, and of each group, by `GROUP` and its name.

    Args:
        fits: the rows; samples of them are looked at.
        start: of the test window.
        predict: the model.
        columns: its inputs, in order.
        groups: name → those of the columns that lie in it.
        metric: name of the loss.
    """
    plan, looked = fits.plan, _every(Looked(matrix(fits.late, columns), truth(fits.late), fits.blocks, start))
    sets = {**{GROUP + name: each for name, each in groups.items() if each}, **{name: (name,) for name in columns}}
    whole = plan.loss(predict(looked.rows), looked.truth)
    few = _every(looked, EXPLAINED_ROWS)
    background = matrix(fits.early.sample(min(BACKGROUND_ROWS, fits.early.height), seed=SEED), columns)
    contributions = shapley(predict, few.rows, background, seed=SEED)
    places = {name: [columns.index(each) for each in members] for name, members in sets.items()}
    families = [[name for name in sets if name.startswith(GROUP)], [*columns]]
    sizes: dict[str, tuple[Estimate, Estimate]] = {}
    for family in families:
        if family:
            summed = np.column_stack([contributions[:, places[name]].sum(axis=1) for name in family])
            sizes.update(zip(family, zip(*mean_size(summed, few.block, seed=SEED), strict=True), strict=True))
    found = {}
    for name in sets:
        worse = shuffled(predict, looked.rows, looked.truth, places[name], plan.loss, seed=SEED)
        comparison = raised(worse, whole, looked.block, metric=metric, name=f"{name}, shuffled", seed=SEED)
        stretches = _stretches(plan, looked, worse, whole, metric, name, len(sets))
        value = comparison.difference.value
        agree = all(value in each.comparison.difference.interval for each in stretches) if stretches else None
        found[name] = Importance(comparison, *sizes[name], stretches, agree)
    return found


def _stretches(
    plan: Build, looked: Looked, worse: Floats, whole: Floats, metric: str, name: str, tried: int
) -> tuple[Stretch, ...]:
    """The importance in each of `PARTS` stretches; the level is shared by all stretches of all that is tried."""
    number = np.unique(looked.block).size
    parts = min(PARTS, number // FEWEST)
    if parts < 2:
        return ()
    edges = [int(each[0]) for each in np.array_split(np.unique(looked.block), parts)]
    of = np.searchsorted(edges, looked.block, side="right") - 1
    level = 1 - (1 - LEVEL) / (parts * tried)
    return tuple(
        Stretch(
            looked.start + edges[part] * plan.block,
            raised(
                worse[of == part],
                whole[of == part],
                looked.block[of == part],
                metric=metric,
                name=f"{name}, shuffled",
                seed=SEED,
                level=level,
            ),
        )
        for part in range(parts)
    )


def _every(looked: Looked, most: int = SHUFFLED_ROWS) -> Looked:
    """A sample of the rows, in their order."""
    if len(looked.rows) <= most:
        return looked
    drawn = np.sort(np.random.default_rng(SEED).choice(len(looked.rows), most, replace=False))
    return Looked(looked.rows[drawn], looked.truth[drawn], looked.block[drawn], looked.start)


def matrix(rows: pl.DataFrame, columns: Sequence[str]) -> Floats:
    """The columns as an array of shape `(rows, columns)`; NaN where null."""
    return rows.select(pl.col(list(columns)).cast(pl.Float64)).fill_null(float("nan")).to_numpy()


def truth(rows: pl.DataFrame) -> Floats:
    """What came true, shape `(rows,)`."""
    return rows["truth"].cast(pl.Float64).to_numpy()
