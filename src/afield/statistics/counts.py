"""Counts around a forecast: dispersion, predictive quantiles, and the error that no forecast can avoid.

A count has the forecast mean m and the variance `m + dispersion * m²`: the negative binomial, which is the
Poisson distribution at dispersion 0. Source: Ver Hoef and Boveng, "Quasi-Poisson vs. negative binomial
regression", Ecology 88 (2007); Cameron and Trivedi, Regression Analysis of Count Data (2013), chapter 3.
"""

import math
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError

FEW = 16  # up to here a plain loop is faster than numpy
LARGE = 500.0  # above, the chance of 0 comes near the smallest float


def fit_dispersion(forecast: ArrayLike, truth: ArrayLike) -> float:
    """The dispersion that explains how far counts lie from their forecasts; 0 where Poisson suffices.

    Solves the pseudo-likelihood equation `sum(((y - m)² - v) / (1 + d m)²) = 0` with `v = m + d m²`.
    Rows with a tiny mean weigh little in it, so one order in a quiet zone does not decide.

    Source: Davidian and Carroll, "Variance function estimation", JASA 82 (1987).

    Raises:
        EvaluationError: there is no row, or a number is negative or not finite.
    """
    mean, count = np.asarray(forecast, np.float64).ravel(), np.asarray(truth, np.float64).ravel()
    if mean.size == 0 or mean.shape != count.shape:
        raise EvaluationError(f"{mean.size} forecasts and {count.size} counts; give one forecast per count")
    wrong = np.flatnonzero(~(np.isfinite(mean) & (mean >= 0) & np.isfinite(count) & (count >= 0)))
    if wrong.size:
        row = int(wrong[0])
        raise EvaluationError(f"row {row}: forecast {mean[row]}, count {count[row]}; both must be finite and ≥ 0")
    excess, square = np.square(count - mean) - mean, np.square(mean)

    def unexplained(dispersion: float) -> float:
        return float(((excess - dispersion * square) / np.square(1.0 + dispersion * mean)).sum())

    if unexplained(0.0) <= 0:
        return 0.0
    low, high = -20.0, 10.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        low, high = (middle, high) if unexplained(math.exp(middle)) > 0 else (low, middle)
    return math.exp((low + high) / 2)


def quantile(mean: ArrayLike, dispersion: float, level: float) -> NDArray[np.float64]:
    """The smallest count whose cumulative probability reaches `level`, per mean; same shape as `mean`.

    Exact up to a mean of 500, by adding up probabilities; above it the Cornish-Fisher expansion (to the
    third order), within 5 % of the exact count for dispersions up to 0.3 and levels from 0.025 to 0.975.
    A mean that is NaN gives NaN; one that is negative counts as 0.

    Source: Fisher and Cornish, "The percentile points of distributions having known cumulants",
    Technometrics 2 (1960).

    Raises:
        EvaluationError: the level lies outside (0, 1) or the dispersion is negative.

    >>> quantile([0.5, 3.0], 0.0, 0.9).tolist()
    [1.0, 5.0]
    """
    if not 0 < level < 1 or not dispersion >= 0:
        raise EvaluationError(f"level {level}, dispersion {dispersion}: a level lies in (0, 1), a dispersion is ≥ 0")
    means = np.asarray(mean, np.float64)
    flat = means.ravel()
    if flat.size <= FEW:
        found = np.array([_one(float(value), dispersion, level) for value in flat])
    else:
        found = _many(flat, dispersion, level)
    return found.reshape(means.shape)


def poisson_floor(forecast: ArrayLike) -> float:
    """The mean squared error that true rates would still have: the mean rate, if counts are Poisson.

    Its root is the floor of the RMSE; what a model has above it is its excess.
    """
    return float(np.mean(np.asarray(forecast, np.float64)))


def _one(mean: float, dispersion: float, level: float) -> float:
    """The quantile for one mean."""
    if math.isnan(mean) or mean <= 0:
        return mean if math.isnan(mean) else 0.0
    if mean > LARGE:
        return float(_expansion(np.array([mean]), dispersion, level)[0])
    chance = total = math.exp(-(math.log1p(dispersion * mean) / dispersion if dispersion > 0 else mean))
    growth, count = mean / (1 + dispersion * mean), 0
    # The second condition ends the loop where rounding keeps the sum below a level close to 1.
    while total < level and (chance > 1e-18 or count < mean):
        chance *= growth * (1 + dispersion * count) / (count + 1)
        count += 1
        total += chance
    return float(count)


def _many(means: NDArray[np.float64], dispersion: float, level: float) -> NDArray[np.float64]:
    """The quantile for each mean: the same sum, over all rows that are not there yet."""
    found = np.where(np.isnan(means), np.nan, 0.0)
    large = means > LARGE
    found[large] = _expansion(means[large], dispersion, level)
    rows = np.flatnonzero((means > 0) & ~large)
    mean = means[rows]
    chance = np.exp(-(np.log1p(dispersion * mean) / dispersion if dispersion > 0 else mean))
    total, growth, count = chance.copy(), mean / (1 + dispersion * mean), 0
    while rows.size:
        ready = (total >= level) | ((chance <= 1e-18) & (count >= mean))
        if ready.any():
            found[rows[ready]] = count
            wait = ~ready
            rows, mean, chance, total, growth = rows[wait], mean[wait], chance[wait], total[wait], growth[wait]
        chance *= growth * ((1 + dispersion * count) / (count + 1))
        count += 1
        total += chance
    return found


def _expansion(mean: NDArray[np.float64], dispersion: float, level: float) -> NDArray[np.float64]:
    """The Cornish-Fisher quantile, from the first four cumulants of the negative binomial."""
    variance = mean + dispersion * np.square(mean)
    skewness = (1 + 2 * dispersion * mean) / np.sqrt(variance)
    kurtosis = 6 * dispersion + 1 / variance
    z = NormalDist().inv_cdf(level)
    point = z + (z**2 - 1) * skewness / 6 + (z**3 - 3 * z) * kurtosis / 24 - (2 * z**3 - 5 * z) * skewness**2 / 36
    return np.maximum(np.ceil(mean + point * np.sqrt(variance) - 0.5), 0.0)
