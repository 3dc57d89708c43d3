"""Association: how well one feature alone tells something, and which features say the same."""

from collections.abc import Sequence
from itertools import combinations

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import block_bootstrap

Floats = NDArray[np.float64]

SMALLEST = 5
"""Rows at least that a mean is taken over."""
SAME = 0.999


class Twin(msgspec.Struct, frozen=True):
    """Two features that say the same.

    Attributes:
        first, second: their names.
        correlation: of their values, or of their ranks where that is stronger, with its interval.
        ranks: whether it is that of the ranks.
    """

    first: str
    second: str
    correlation: Estimate
    ranks: bool


def unexplained(values: ArrayLike, target: ArrayLike, blocks: ArrayLike, *, seed: int = 0) -> Estimate:
    """The share of a target's variance that the best use of one feature leaves, with a block interval: 0 to about 1.

    The target is predicted as its mean among rows of like values, learned on every other block and told of those
    between, so that nothing is learned by heart. Missing values are a value of their own.

    Args:
        values: the feature, shape `(n,)`; NaN or infinite counts as missing.
        target: shape `(n,)`, or `(n, classes)` of 0 and 1: what is left is then Goodman and Kruskal's.
        blocks: label of each row's block, e.g. its day.
        seed: of the bootstrap.

    Source: Goodman and Kruskal, "Measures of association for cross classifications", JASA 49 (1954).

    Raises:
        EvaluationError: fewer than two blocks, or the target is the same in all rows.
    """
    held, told = np.asarray(values, np.float64), np.asarray(target, np.float64)
    told = told[:, None] if told.ndim == 1 else told
    _, block = np.unique(np.asarray(blocks), return_inverse=True)
    if block.max(initial=0) < 1:
        raise EvaluationError("what one feature tells is learned on some blocks and tried on others; give two at least")
    around = told - told.mean(axis=0)
    if not (around**2).sum():
        raise EvaluationError("the target is the same in every row; there is nothing to tell")
    guessed = np.empty(told.shape)
    for fold in (0, 1):
        tried = block % 2 == fold
        guessed[tried] = _like(held[~tried], told[~tried], held[tried])
    columns = np.column_stack([((told - guessed) ** 2).sum(axis=1), (around**2).sum(axis=1)])
    interval = block_bootstrap(columns, block, lambda drawn: drawn[:, 0] / np.maximum(drawn[:, 1], 1e-300), seed=seed)
    value = float(columns[:, 0].sum() / columns[:, 1].sum())
    return Estimate(value, interval, len(held), float(len(held)))


def twins(rows: Floats, names: Sequence[str], blocks: ArrayLike, *, least: float = SAME, seed: int = 0) -> list[Twin]:
    """Pairs of columns whose values, or ranks, correlate by `least` at least, and that are missing in the same rows.

    Args:
        rows: shape `(n, k)`.
        names: of the columns.
        blocks: label of each row's block.
        least: smallest absolute correlation that counts.
        seed: of the bootstrap of their intervals.
    """
    finite = np.isfinite(rows)
    varied = [place for place in range(len(names)) if np.unique(rows[finite[:, place], place]).size > 1]
    found = []
    for first, second in combinations(varied, 2):
        both = finite[:, first] & finite[:, second]
        if both.sum() < least * max(finite[:, first].sum(), finite[:, second].sum()) or both.sum() < 3:
            continue
        pair = rows[both][:, [first, second]]
        plain, ranked = _correlation(pair), 0.0
        if abs(plain) < least:
            pair = np.column_stack([_ranks(pair[:, 0]), _ranks(pair[:, 1])])
            ranked = _correlation(pair)
        strongest = ranked if ranked else plain
        if abs(strongest) >= least:
            estimate = _with_interval(strongest, pair, np.asarray(blocks)[both], seed)
            found.append(Twin(names[first], names[second], estimate, bool(ranked)))
    return found


def _like(known: Floats, told: Floats, asked: Floats) -> Floats:
    """For each value asked, the mean of what was told of the values nearest to it."""
    finite, there = np.isfinite(known), np.isfinite(asked)
    guessed = np.empty((len(asked), told.shape[1]))
    missing = told[~finite]
    guessed[~there] = (missing if len(missing) else told).mean(axis=0)
    if not finite.any():
        guessed[there] = told.mean(axis=0)
        return guessed
    _, place, count = np.unique(known[finite], return_inverse=True, return_counts=True)
    # Equal values stay together; rare ones share a group with their neighbours.
    _, group = np.unique((np.cumsum(count) - count) // SMALLEST, return_inverse=True)
    rows = group[place]
    sizes = np.bincount(rows)
    centre = np.bincount(rows, known[finite]) / sizes
    for column in range(told.shape[1]):
        means = np.bincount(rows, told[finite, column]) / sizes
        guessed[there, column] = np.interp(asked[there], centre, means)
    return guessed


def _correlation(pair: Floats) -> float:
    centred = pair - pair.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=0).prod())
    return float((centred[:, 0] * centred[:, 1]).sum() / scale) if scale else 0.0


def _ranks(values: Floats) -> Floats:
    """Ranks from 0, equal values at the same."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle: Floats = (np.cumsum(count) - (count - 1) / 2)[place]
    return middle


def _with_interval(value: float, pair: Floats, blocks: NDArray[np.generic], seed: int) -> Estimate:
    centred = (pair - pair.mean(axis=0)) / pair.std(axis=0)
    x, y = centred.T

    def statistic(means: Floats) -> Floats:
        spread = (means[:, 2] - means[:, 0] ** 2) * (means[:, 3] - means[:, 1] ** 2)
        found: Floats = (means[:, 4] - means[:, 0] * means[:, 1]) / np.sqrt(np.maximum(spread, 1e-300))
        return found

    interval = block_bootstrap(np.column_stack([x, y, x * x, y * y, x * y]), blocks, statistic, seed=seed)
    return Estimate(value, interval, len(pair), float(len(pair)))
