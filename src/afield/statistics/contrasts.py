"""Two shares compared tick by tick: the difference of two ratios of sums, with an interval valid at every look."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Interval
from afield.statistics.looks import looks

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Contrast:
    """The ratio of one side held against that of the other.

    Attributes:
        first, second: the ratios.
        value: `first - second`, or that over `second`.
        interval: where the value lies, at every look.
        ticks: that were looked at.
    """

    first: float
    second: float
    value: float
    interval: Interval
    ticks: int


def contrast(
    first: ArrayLike,
    second: ArrayLike,
    *,
    relative: bool = False,
    level: float = 0.95,
    burn_in: int = 24,
    scale: int = 120,
) -> Contrast | None:
    """How far the ratio of one side lies from that of the other; None where there is nothing to divide by.

    Each ratio is a sum over a sum; what a tick adds to their difference is its linearised residual (Cochran, Sampling
    Techniques, 1977, section 6.3), and the sequence is that of `afield.statistics.looks`: neighbours may depend, tails
    may be heavy. Before the burn-in it is unbounded.

    Args:
        first: of each tick, in order of time: the amount of the one side, and what it is divided by; shape `(n, 2)`.
        second: the same of the other side.
        relative: whether to tell the difference over the ratio of the second side.
        level: of the sequence.
        burn_in: ticks.
        scale: number of ticks at which the sequence is narrowest, relative to the best.

    Raises:
        EvaluationError: the shapes differ, a number is not finite, or one to divide by is below 0.
    """
    one, other = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if one.shape != other.shape or one.ndim != 2 or one.shape[1] != 2:
        raise EvaluationError(f"sides of shapes {one.shape} and {other.shape}; give two columns a tick, of each side")
    both = np.hstack([one, other])
    if not np.isfinite(both).all() or (both[:, [1, 3]] < 0).any():
        raise EvaluationError("a sum of a tick is not finite, or what is divided by is below 0; leave such rows out")
    whole = both.sum(axis=0)
    if not (whole[1] > 0 and whole[3] > 0):
        return None
    count = len(both)
    up, down = float(whole[0] / whole[1]), float(whole[2] / whole[3])
    if relative and not down > 0:
        return None
    pulls = (one[:, 0] - up * one[:, 1]) * (count / whole[1])
    against = (other[:, 0] - down * other[:, 1]) * (count / whole[3])
    # Over the second ratio the difference is `up / down - 1`, which that ratio pulls too.
    pulls = pulls / down - against * (up / down**2) if relative else pulls - against
    value = up / down - 1.0 if relative else up - down
    half = float(looks(pulls).half_width(1.0 - level, scale)[-1]) if count >= burn_in else np.inf
    return Contrast(up, down, value, Interval(value - half, value + half, level), count)
