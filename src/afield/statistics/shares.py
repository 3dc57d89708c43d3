"""The share of rows that have a property, with an interval that knows that neighbouring rows are alike."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import beta

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval


def share(has: ArrayLike, blocks: ArrayLike, level: float = 0.95) -> Estimate:
    """The share of rows with a property; rows of one block (a tick, a day) may be alike.

    The interval is Clopper and Pearson's, at the number of independent rows that would be as uncertain. Where all
    rows or none have the property nothing tells how alike they are, and each block counts as one row.

    Source: Korn and Graubard, "Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data", Survey Methodology 24 (1998).

    Args:
        has: Booleans, shape `(n,)`.
        blocks: label of each row's block, shape `(n,)`.
        level: nominal coverage, in (0, 1).

    Raises:
        EvaluationError: there are no rows, or not one label for each.

    >>> share([True] * 6, [1, 1, 2, 2, 3, 3]).value
    1.0
    """
    flags = np.asarray(has, np.bool_).ravel()
    labels, place = np.unique(np.asarray(blocks).ravel(), return_inverse=True)
    if flags.size == 0 or flags.size != place.size:
        raise EvaluationError(f"{flags.size} rows and {place.size} block labels; give rows, and one label for each")
    value = float(flags.mean())
    independent = _independent(flags.astype(np.float64), place, labels.size)
    hits = value * independent
    low = 0.0 if value == 0 else float(beta.ppf((1 - level) / 2, hits, independent - hits + 1))
    high = 1.0 if value == 1 else float(beta.ppf((1 + level) / 2, hits + 1, independent - hits))
    return Estimate(value, Interval(low, high, level), flags.size, float(flags.size))


def _independent(flags: NDArray[np.float64], place: NDArray[np.intp], blocks: int) -> float:
    """How many independent rows would be as uncertain as these."""
    value = flags.mean()
    if blocks < 2 or value in (0.0, 1.0):
        return float(blocks)
    residuals = np.bincount(place, flags - value)
    variance = blocks / (blocks - 1) * float(np.square(residuals).sum()) / flags.size**2
    if variance <= 0:
        return float(flags.size)
    return float(np.clip(value * (1 - value) / variance, 1.0, flags.size))
