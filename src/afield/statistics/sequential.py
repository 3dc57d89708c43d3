"""Sequential tests that may be looked at after every tick, and the power calculation behind them."""

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval
from afield.statistics.looks import NORMAL, STRONGEST, Looks, looks
from afield.statistics.sequences import CAUTION, bets

BURN_IN = 24
SCALE = 120

UNKNOWN = 50.0  # half a width of the logarithm of a ratio that says nothing
RESOLUTION = 1e-9  # relative differences below this are rounding, not evidence
TAILS = 6.0  # kurtosis of losses that a plan reckons with (a gamma distribution of shape 2)


@dataclass(frozen=True, slots=True)
class Sequential:
    """What a paired sequential test says.

    Attributes:
        verdict: "better" or "worse" (of the first series), or "undecided".
        ticks: ticks seen.
        decided: the tick count at which the verdict fell, or 0.
        ratio: mean loss of the first over that of the second, at the deciding look, else at the last.
        difference: the same as a difference of means, in the unit of the loss.
        deviation: standard deviation of one tick's relative difference, without its autocorrelation.
        autocorrelation: of the relative difference between neighbouring ticks, as reckoned with.
    """

    verdict: Literal["better", "worse", "undecided"]
    ticks: int
    decided: int
    ratio: Estimate
    difference: Estimate
    deviation: float
    autocorrelation: float


def paired_test(
    first: ArrayLike,
    second: ArrayLike,
    *,
    level: float = 0.95,
    burn_in: int = BURN_IN,
    patience: int = 0,
    scale: int = SCALE,
) -> Sequential:
    """Whether the first series has the lower mean loss than the second, from losses of the same ticks.

    Valid at every look from `burn_in` on: where the two do not differ, the chance of ever hearing "better"
    or "worse" is at most `1 - level`. The verdict is that of the first look at which the confidence
    sequence for the logarithm of the ratio of mean losses leaves 0, so it is a function of the series
    alone: looking rarely, or again after a restart, changes nothing.

    Source: as `afield.statistics.looks`; the coverage with autocorrelated, heavy-tailed losses is simulated
    in the tests (it holds up to an autocorrelation of 0.6 of gamma-distributed losses).

    Args:
        first: mean loss per tick, shape `(n,)`, never negative.
        second: the same ticks, shape `(n,)`.
        level: one minus the error over all looks.
        burn_in: ticks before the first look.
        patience: ticks before the verdict "better" may fall, where that is to take longer.
        scale: number of ticks at which the test is sharpest.

    Raises:
        EvaluationError: the lengths differ, or a loss is negative or not finite.
    """
    upper, lower = np.asarray(first, np.float64).ravel(), np.asarray(second, np.float64).ravel()
    for name, series in (("first", upper), ("second", lower)):
        if (series < 0).any():
            raise EvaluationError(f"{name} series: loss {int(np.argmax(series < 0))} is negative; losses are ≥ 0")
    path = looks(upper, lower)
    if path.count.size == 0:
        return _undecided(level)
    with np.errstate(divide="ignore", invalid="ignore"):
        half = path.half_width(1.0 - level, scale) / path.ratio
        center = np.log(path.ratio)
        sure = (path.count >= burn_in) & np.isfinite(center)
        better = sure & (path.count >= patience) & (center + half < -RESOLUTION)
        worse = sure & (center - half > RESOLUTION)
    decisive = np.flatnonzero(better | worse)
    at = int(decisive[0]) if decisive.size else path.count.size - 1
    verdict: Literal["better", "worse", "undecided"] = "undecided"
    if decisive.size:
        verdict = "better" if better[at] else "worse"
    return _result(path, at, verdict, float(half[at]), float(lower[: at + 1].mean()), level)


def required_ticks(
    difference: float,
    deviation: float,
    autocorrelation: float = 0.0,
    alpha: float = 0.05,
    power: float = 0.9,
    *,
    burn_in: int = BURN_IN,
    scale: int = SCALE,
    limit: int = 100_000,
) -> int:
    """How many ticks `paired_test` needs to find a true difference with the given probability.

    The smallest number at which the logarithm of the ratio exceeds half the width of its confidence
    sequence plus the power's normal quantile of its standard error. The test, which looks at every tick,
    finds half of such differences in about half that time.

    Args:
        difference: how much lower the one loss is, relative to the other, in (0, 1); e.g. 0.1.
        deviation: standard deviation of one tick's difference, relative to the mean loss.
        autocorrelation: of that difference, between neighbouring ticks.
        alpha: error of the test over all looks, both directions.
        power: probability of finding the difference.
        burn_in: of the test.
        scale: of the test.
        limit: answer this where more would be needed.

    Raises:
        EvaluationError: difference, alpha or power lie outside (0, 1), or the deviation is unknown.
    """
    if not (0 < difference < 1 and deviation >= 0 and 0 < alpha < 1 and 0 < power < 1):
        raise EvaluationError(
            f"difference {difference}, deviation {deviation}, alpha {alpha}, power {power}: nothing can be planned"
        )
    count = np.unique(np.geomspace(max(burn_in, 2), limit, 4000).round())
    raised = np.minimum(autocorrelation + np.sqrt((1.0 - autocorrelation**2) / count), STRONGEST)
    inflation = (1.0 + raised) / (1.0 - raised)
    path = Looks(count, np.ones_like(count), deviation * np.sqrt(inflation), raised, count / inflation * NORMAL / TAILS)
    error = deviation * np.sqrt((1.0 + autocorrelation) / (1.0 - autocorrelation) / count)
    reach = path.half_width(alpha, scale) + NormalDist().inv_cdf(power) * error
    enough = np.flatnonzero(reach / (1.0 - difference) <= -np.log1p(-difference))
    return int(count[enough[0]]) if enough.size else limit


def exceeds(values: ArrayLike, limit: float, *, low: float, high: float, alpha: float) -> tuple[int, float]:
    """Where bounded values first prove that their mean exceeds `limit`, and the evidence at its highest.

    One-sided betting, valid at every look from the first and at any sample size: where the mean, given the
    past, never exceeds `limit`, the evidence (an e-value) ever reaches `1 / alpha` with probability at most
    `alpha`.

    Source: Waudby-Smith and Ramdas (2023), see `afield.statistics.sequences`.

    Args:
        values: shape `(n,)`, in `[low, high]`.
        limit: in `[low, high)`.
        low: bound of the values.
        high: bound of the values.
        alpha: error over all looks.

    Returns:
        The number of values after which it was proven (0: not), and the largest e-value so far.

    Raises:
        EvaluationError: a value lies outside its bounds or is not finite.
    """
    unit = (np.asarray(values, np.float64).ravel() - low) / (high - low)
    if not ((unit >= -1e-12) & (unit <= 1.0 + 1e-12)).all():
        raise EvaluationError(f"a value lies outside [{low}, {high}] or is not finite; leave such ticks out")
    if unit.size == 0:
        return 0, 1.0
    center = (limit - low) / (high - low)
    stakes = np.minimum(bets(unit, 2.0 * alpha), CAUTION / max(center, 1e-12))
    capital = np.cumsum(np.log1p(stakes * (unit - center)))
    proven = np.flatnonzero(capital >= -np.log(alpha))
    return (int(proven[0]) + 1 if proven.size else 0), float(np.exp(min(max(capital.max(), 0.0), 700.0)))


def _undecided(level: float) -> Sequential:
    """What is known before the first tick."""
    unknown = Estimate(np.nan, Interval(-np.inf, np.inf, level), 0, 0.0)
    return Sequential("undecided", 0, 0, unknown, unknown, np.nan, 0.0)


def _result(
    path: Looks, at: int, verdict: Literal["better", "worse", "undecided"], half: float, unit: float, level: float
) -> Sequential:
    """The record of the look `at`; `half` is half the width of the interval for the logarithm of the ratio."""
    ratio, count = float(path.ratio[at]), int(path.count[at])
    low, high = (0.0, np.inf) if not half < UNKNOWN else (ratio * np.exp(-half), ratio * np.exp(half))
    correlation = float(path.autocorrelation[at])
    deviation = float(path.deviation[at]) * float(np.sqrt((1.0 - correlation) / (1.0 + correlation)))
    difference = Interval((low - 1.0) * unit, (high - 1.0) * unit, level)
    return Sequential(
        verdict,
        ticks=path.count.size,
        decided=count if verdict != "undecided" else 0,
        ratio=Estimate(ratio, Interval(float(low), float(high), level), count, float(count)),
        difference=Estimate((ratio - 1.0) * unit, difference, count, float(count)),
        deviation=deviation,
        autocorrelation=correlation,
    )
