"""Means of dependent values at every look: the mean so far, and how far it may lie from what it estimates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError

Floats = NDArray[np.float64]

STRONGEST = 0.95  # autocorrelation that is reckoned with at most
FLATTEST = 1.8  # kurtosis of a uniform distribution; small samples understate it
NORMAL = 3.0  # kurtosis of a normal distribution
STEEPEST = 50.0  # exponent above which an interval is as good as unbounded


@dataclass(frozen=True, slots=True)
class Looks:
    """A ratio of running sums after each value, with its spread; every array has the shape `(n,)`.

    Attributes:
        count: values so far: 1, 2, … n.
        ratio: sum of first over sum of second, so far (a mean, where second is 1).
        deviation: long-run standard deviation of a single value, in units of the ratio.
        autocorrelation: at lag one, as it entered `deviation`.
        effective: the number of independent normal values that would say as much of the deviation.
    """

    count: Floats
    ratio: Floats
    deviation: Floats
    autocorrelation: Floats
    effective: Floats

    def half_width(self, alpha: float, scale: int) -> Floats:
        """Half the width of the confidence sequence for the ratio, at each look; infinite where unknown.

        The normal-mixture boundary is widened as Student's distribution widens a normal interval, because
        the deviation is itself estimated from few effective values.

        Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform central limit theory and
        asymptotic confidence sequences" (2021), equation 3; Student's quantile from the normal one:
        Wallace, Annals of Mathematical Statistics 30 (1959).
        """
        freedom = np.maximum(self.effective - 1.0, 0.5)
        point = boundary(self.count, alpha, scale) * np.sqrt(self.count)
        exponent = point**2 / freedom
        student = np.sqrt(freedom * np.expm1(np.minimum(exponent, STEEPEST)))
        width: Floats = np.where(exponent < STEEPEST, student * self.deviation / np.sqrt(self.count), np.inf)
        return width


def boundary(count: ArrayLike, alpha: float, scale: int) -> Floats:
    """Half the width, in standard deviations, of a two-sided sequence with error `alpha` over all looks.

    Narrowest, relative to its best, at `scale` values. Source: as `Looks.half_width`, with their choice of
    the mixture's variance.
    """
    size = np.asarray(count, np.float64)
    error = -2.0 * np.log(alpha)
    mixed = size * (error + np.log(error) + 1.0) / scale
    width: Floats = np.sqrt(2.0 * (mixed + 1.0) / (size * mixed) * np.log(np.sqrt(mixed + 1.0) / alpha))
    return width


def looks(first: ArrayLike, second: ArrayLike | None = None) -> Looks:
    """The ratio of the running sums of two paired series after each value; the mean of one series alone.

    The spread is that of the residuals `first - ratio * second` (the linearised ratio, Cochran, Sampling
    Techniques, 1977, section 6.3): a level that both share, such as a daily cycle, drops out. Neighbours
    are taken to depend as in an autoregression of order one. Three things keep early looks honest: the
    autocorrelation is corrected for its bias (Kendall, Biometrika 41, 1954) and raised by one standard
    error, it is never taken as negative, and heavy tails lower the effective number of values.

    Everything comes from running sums, so all n looks cost as much as one.

    Args:
        first: shape `(n,)`.
        second: shape `(n,)`; 1 everywhere where absent.

    Raises:
        EvaluationError: the lengths differ or a value is not finite.
    """
    upper = _series(first, "first")
    lower = np.ones_like(upper) if second is None else _series(second, "second")
    if upper.shape != lower.shape:
        raise EvaluationError(f"series of {upper.size} and {lower.size} values; give two of the same ticks")
    count = np.arange(1.0, upper.size + 1.0)
    if not lower.sum() > 0:
        unknown = np.full(upper.size, np.nan)
        return Looks(count, unknown, np.full(upper.size, np.inf), np.zeros(upper.size), np.zeros(upper.size))
    # Residuals around the final ratio first: sums of small numbers do not cancel badly.
    final = upper.sum() / lower.sum()
    rest = upper - final * lower
    with np.errstate(divide="ignore", invalid="ignore"):
        shift = np.cumsum(rest) / np.cumsum(lower)
        squares = np.maximum(_squares(rest, lower, shift), 0.0)
        raw = np.where(squares > 0, _neighbours(rest, lower, shift) / squares, 0.0)
        unbiased = np.clip(raw + (1.0 + 3.0 * raw) / count, 0.0, STRONGEST)
        correlation = np.minimum(unbiased + np.sqrt((1.0 - unbiased**2) / count), STRONGEST)
        inflation = (1.0 + correlation) / (1.0 - correlation)
        variance = squares / np.maximum(count - 1.0, 1.0) * inflation
        kurtosis = np.where(squares > 0, _fourths(rest, lower, shift) * count / squares**2, NORMAL)
        effective = count / inflation * np.minimum(NORMAL / np.maximum(kurtosis, FLATTEST), 1.0)
        known = (count > 1) & (np.cumsum(lower) > 0)
        deviation = np.where(known, np.sqrt(variance) / (np.cumsum(lower) / count), np.inf)
    return Looks(count, final + shift, deviation, correlation, effective)


def _series(values: ArrayLike, name: str) -> Floats:
    """The values as floats, all finite."""
    series = np.asarray(values, np.float64).ravel()
    wrong = np.flatnonzero(~np.isfinite(series))
    if wrong.size:
        raise EvaluationError(f"{name} series: value {wrong[0]} is {series[wrong[0]]}; leave such ticks out of both")
    return series


def _squares(rest: Floats, lower: Floats, shift: Floats) -> Floats:
    """Sum of squared residuals at each look."""
    total: Floats = np.cumsum(rest**2) - 2 * shift * np.cumsum(rest * lower) + shift**2 * np.cumsum(lower**2)
    return total


def _neighbours(rest: Floats, lower: Floats, shift: Floats) -> Floats:
    """Sum of products of neighbouring residuals at each look."""

    def lagged(one: Floats, other: Floats) -> Floats:
        return np.concatenate([[0.0], np.cumsum(one[1:] * other[:-1])])

    crossed = lagged(rest, lower) + lagged(lower, rest)
    total: Floats = lagged(rest, rest) - shift * crossed + shift**2 * lagged(lower, lower)
    return total


def _fourths(rest: Floats, lower: Floats, shift: Floats) -> Floats:
    """Sum of fourth powers of the residuals at each look."""
    total: Floats = (
        np.cumsum(rest**4)
        - 4 * shift * np.cumsum(rest**3 * lower)
        + 6 * shift**2 * np.cumsum(rest**2 * lower**2)
        - 4 * shift**3 * np.cumsum(rest * lower**3)
        + shift**4 * np.cumsum(lower**4)
    )
    return total
