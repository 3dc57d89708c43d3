"""Stability: whether a feature looks alike in two windows, as an effect size beside what chance would show."""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval

Floats = NDArray[np.float64]

BINS = 10
RAREST = 1e-3
"""Share that an empty bin is taken to have."""


class Shift(msgspec.Struct, frozen=True):
    """How far a feature has moved between two windows.

    Attributes:
        index: the population stability index and its interval; below 0.1 little, above 0.25 much.
        chance: what 99 in 100 random dealings of the same blocks into two such windows stay below.
    """

    index: Estimate
    chance: float

    @property
    def beyond_chance(self) -> bool:
        """Whether blocks dealt at random would hardly differ as much."""
        return self.index.value > self.chance


def shift(
    values: ArrayLike, blocks: ArrayLike, late: ArrayLike, *, resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> Shift:
    """The population stability index between the rows that are not `late` and those that are.

    Bins are deciles of the early rows, one for missing values (and those that are not finite) beside them. Rows of one
    block (a day) share their weather and events, so blocks are what is drawn: with replacement in each window for the
    interval (basic bootstrap), and dealt anew between the windows for what chance shows.

    Source: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of Risk Model
    Validation 14 (2020); blocks: Carlstein (1986).

    Args:
        values: one a row, shape `(n,)`.
        blocks: label of each row's block; a block lies in one window.
        late: whether a row lies in the later window.
        resamples: draws, of each kind.
        seed: of the draws.
        level: coverage of the interval.

    Raises:
        EvaluationError: one of the windows holds no rows.
    """
    held, after = np.asarray(values, np.float64), np.asarray(late, np.bool_)
    if after.all() or not after.any():
        raise EvaluationError("two windows are compared, and one of them holds no rows; give rows of both")
    counts, of_late = _histograms(held, np.asarray(blocks), after)
    early = np.flatnonzero(~of_late)
    later = np.flatnonzero(of_late)
    value = float(_index(counts[early].sum(axis=0), counts[later].sum(axis=0)))
    generator = np.random.default_rng(seed)
    drawn = _index(
        counts[generator.choice(early, (resamples, early.size))].sum(axis=1),
        counts[generator.choice(later, (resamples, later.size))].sum(axis=1),
    )
    dealt = np.argsort(generator.random((resamples, len(counts))), axis=1)
    chance = _index(counts[dealt[:, : early.size]].sum(axis=1), counts[dealt[:, early.size :]].sum(axis=1))
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    # A drawn index is larger than the true one by chance alone; mirrored at the estimate, that bias is taken out.
    interval = Interval(max(0.0, 2 * value - float(high)), max(value, 2 * value - float(low)), level)
    return Shift(Estimate(value, interval, held.size, float(held.size)), float(np.quantile(chance, 0.99)))


def _histograms(
    values: Floats, blocks: NDArray[np.generic], late: NDArray[np.bool_]
) -> tuple[Floats, NDArray[np.bool_]]:
    """Rows of each block by bin, and whether each block is late."""
    finite = np.isfinite(values)
    known = values[finite & ~late]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.empty(0)
    bins = np.where(finite, np.searchsorted(edges, np.where(finite, values, 0.0), side="left"), len(edges) + 1)
    _, place = np.unique(blocks, return_inverse=True)
    number, width = int(place.max()) + 1, len(edges) + 2
    counts = np.bincount(place * width + bins, minlength=number * width).reshape(number, width)
    return counts.astype(np.float64), np.bincount(place, late, number) > 0


def _index(early: Floats, late: Floats) -> Floats:
    """The index of histograms along the last axis."""
    p, q = (np.maximum(each / np.maximum(each.sum(axis=-1, keepdims=True), 1), RAREST) for each in (early, late))
    found: Floats = ((q - p) * np.log(q / p)).sum(axis=-1)
    return found
