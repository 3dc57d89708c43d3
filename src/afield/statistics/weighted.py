"""Weighted means of sampled rows, with an interval."""

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval


def weighted_mean(values: ArrayLike, inclusion: ArrayLike | None = None, *, level: float = 0.95) -> Estimate:
    """The mean over all rows offered, from the rows that entered the sample.

    A row that entered with probability p stands for 1/p rows: the mean is the Hájek ratio estimator, its
    variance the linearised one, of the process that produced the rows (without a finite-population
    correction, so that `inclusion=1` everywhere gives the ordinary mean and standard error).

    Source: Hájek, "Comment on a paper by D. Basu" (1971); Särndal, Swensson and Wretman, Model Assisted
    Survey Sampling (1992), section 5.7.

    Args:
        values: one number per sampled row, shape `(n,)`.
        inclusion: probability in (0, 1] with which each row entered the sample; all 1 where absent.
        level: nominal coverage of the (normal) interval.

    Raises:
        EvaluationError: there is no row, a value is not finite, or a probability lies outside (0, 1].

    >>> weighted_mean([1.0, 3.0], [1.0, 0.5]).value
    2.3333333333333335
    """
    value = np.asarray(values, np.float64).ravel()
    chance = np.ones_like(value) if inclusion is None else np.asarray(inclusion, np.float64).ravel()
    _check(value, chance)
    weight = 1.0 / chance
    total = float(weight.sum())
    mean = float(weight @ value) / total
    if value.size == 1:
        return Estimate(mean, Interval(-np.inf, np.inf, level), 1, total)
    correction = value.size / (value.size - 1)
    deviation = float(np.sqrt(correction * np.square(weight * (value - mean)).sum())) / total
    half = NormalDist().inv_cdf(0.5 + level / 2) * deviation
    return Estimate(mean, Interval(mean - half, mean + half, level), int(value.size), total)


def _check(value: np.ndarray, chance: np.ndarray) -> None:
    """Refuse what has no weighted mean."""
    if value.size == 0:
        raise EvaluationError("a weighted mean needs at least one row; none was given")
    if value.shape != chance.shape:
        raise EvaluationError(f"{value.size} values but {chance.size} inclusion probabilities; give one each")
    wrong = np.flatnonzero(~np.isfinite(value))
    if wrong.size:
        raise EvaluationError(f"value of row {wrong[0]} is {value[wrong[0]]}; leave such rows out and count them")
    wrong = np.flatnonzero(~((chance > 0) & (chance <= 1)))
    if wrong.size:
        raise EvaluationError(f"inclusion of row {wrong[0]} is {chance[wrong[0]]}; it must lie in (0, 1]")
