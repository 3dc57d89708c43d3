"""Whether predictive intervals hold what they promise, over all rows and in time."""

from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import betainc, pdtr

from afield.errors import EvaluationError
from afield.evaluation.metrics import TRUTH, check
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import block_totals, percentiles, resampled

Floats = NDArray[np.float64]

DAY = timedelta(days=1)
WEEK = "1w"
BINS = 10
LEVEL = 0.9


class Stretch(msgspec.Struct, frozen=True):
    """How intervals did in a stretch of time.

    Attributes:
        start: its first tick.
        coverage: share of truths inside the interval, its ends included.
        randomised: the same by the randomised transform; None where no distribution is stated.
    """

    start: datetime
    coverage: Estimate
    randomised: Estimate | None = None


class Predictive(msgspec.Struct, frozen=True):
    """How predictive intervals did.

    Attributes:
        kind: what made them: `distribution` or `columns` of the model's own outputs.
        level: the chance that they promise.
        coverage: share of truths inside, ends included. Of counts it lies above the level even for the true
            distribution, for the ends are whole numbers.
        below, above: share of truths under the lower end and over the upper one.
        width: mean distance of the ends, in the unit of the truth.
        score: mean interval score: width, and `2 / (1 - level)` times the distance of each truth outside; the lower
            the better. Source: Gneiting and Raftery, JASA 102 (2007), section 6.2.
        randomised: share of the randomised probability integral transform in the central `level`; of counts it
            equals the level exactly where the distribution is right. None where no distribution is stated.
        histogram: share of the transform in each tenth of [0, 1]; empty where there is none.
        by_week: each week that begins on a Monday; one with fewer than two days is left out.
    """

    kind: str
    level: float
    coverage: Estimate
    below: Estimate
    above: Estimate
    width: float
    score: float
    randomised: Estimate | None = None
    histogram: tuple[float, ...] = ()
    by_week: tuple[Stretch, ...] = ()


def predictive(
    frame: pl.DataFrame,
    low: str = "low",
    high: str = "high",
    *,
    level: float = LEVEL,
    dispersion: float | None = None,
    forecast: str = "forecast",
    block: timedelta = DAY,
    resamples: int = 2000,
    seed: int = 0,
) -> Predictive:
    """How the intervals between two columns did, over all rows and week by week.

    Args:
        frame: columns `truth`, `tick` (Datetime), both ends, and the forecast where a dispersion is given.
        low: name of the column of the lower end.
        high: name of the column of the upper end.
        level: the chance that they promise.
        dispersion: of the negative binomial around the forecast, for the randomised transform; None: there is none.
        forecast: name of the column of forecasts.
        block: stretch of time that is drawn as a whole for the intervals.
        resamples: bootstrap draws.
        seed: of the draws, and of the transform's.

    Raises:
        EvaluationError: a column is missing or holds what is no number, a lower end lies above its upper one, the
            level lies outside (0, 1), or there are fewer than two blocks.
    """
    if not 0 < level < 1:
        raise EvaluationError(f"level {level} of an interval lies outside (0, 1)")
    check(frame, [TRUTH, low, high], ["tick"])
    truth, lower, upper = (frame[name].cast(pl.Float64).to_numpy() for name in (TRUTH, low, high))
    if (lower > upper).any():
        row = frame.row(int(np.flatnonzero(lower > upper)[0]), named=True)
        raise EvaluationError(f"{low!r} lies above {high!r} in {int((lower > upper).sum())} rows, first {row}")
    spread = None if dispersion is None else transform(frame, dispersion, forecast, seed)
    edge = (1 - level) / 2
    columns = [(truth >= lower) & (truth <= upper), truth < lower, truth > upper]
    columns += [] if spread is None else [(spread > edge) & (spread < 1 - edge)]
    totals = block_totals(np.column_stack(columns), frame["tick"].dt.truncate(block).to_numpy())
    days = frame["tick"].dt.truncate(block).unique().sort()
    coverage, below, above, *randomised = _shares(totals, resamples, seed)
    outside = np.maximum(lower - truth, 0) + np.maximum(truth - upper, 0)
    width = float((upper - lower).mean())
    return Predictive(
        kind="columns" if spread is None else "distribution",
        level=level,
        coverage=coverage,
        below=below,
        above=above,
        width=width,
        score=width + float(outside.mean()) * 2 / (1 - level),
        randomised=randomised[0] if randomised else None,
        histogram=() if spread is None else _histogram(spread),
        by_week=_weeks(days, totals, resamples, seed),
    )


def transform(frame: pl.DataFrame, dispersion: float, forecast: str = "forecast", seed: int = 0) -> Floats:
    """The randomised probability integral transform of each truth: uniform where the distribution is right.

    The distribution is negative binomial around the forecast (`afield.statistics.counts`). Each truth y gets a uniform
    number between the chances of less than y and of at most y.

    Source: Czado, Gneiting and Held, "Predictive model assessment for count data", Biometrics 65 (2009).

    Args:
        frame: columns `truth`, whole numbers, and the forecast; one below 1e-9 counts as 1e-9.
        dispersion: at least 0.
        forecast: name of the column of forecasts.
        seed: of the uniform numbers.

    Raises:
        EvaluationError: a column is missing or holds no numbers, a truth is not whole, or the dispersion is negative.
    """
    if not dispersion >= 0:
        raise EvaluationError(f"dispersion {dispersion}: it must be 0 or more")
    check(frame, [TRUTH, forecast])
    truth = frame[TRUTH].cast(pl.Float64).to_numpy()
    if (truth != np.floor(truth)).any():
        raise EvaluationError("a truth is no whole number; the transform is that of counts")
    mean = np.maximum(frame[forecast].cast(pl.Float64).to_numpy(), 1e-9)
    most, less = _at_most(truth, mean, dispersion), _at_most(truth - 1, mean, dispersion)
    drawn: Floats = less + np.random.default_rng(seed).random(truth.size) * (most - less)
    return drawn


def _at_most(count: Floats, mean: Floats, dispersion: float) -> Floats:
    """The chance of at most `count`; 0 below zero."""
    there = np.maximum(count, 0.0)
    success = 1 / (1 + dispersion * mean)
    chance = betainc(1 / dispersion, there + 1, success) if dispersion > 0 else pdtr(there, mean)
    return np.where(count < 0, 0.0, chance)


def _shares(totals: Floats, resamples: int, seed: int) -> list[Estimate]:
    """The mean of each column with its interval over blocks."""
    draws, count = resampled(totals, resamples, seed), totals[:, -1].sum()
    means = totals[:, :-1].sum(axis=0) / count
    return [
        Estimate(float(mean), percentiles(column, len(totals)), int(count), float(count))
        for mean, column in zip(means, draws.T, strict=True)
    ]


def _weeks(days: pl.Series, totals: Floats, resamples: int, seed: int) -> tuple[Stretch, ...]:
    weeks = days.dt.truncate(WEEK).to_numpy()
    found = []
    for week in np.unique(weeks):
        inside = weeks == week
        if inside.sum() < 2:
            continue
        coverage, _, _, *randomised = _shares(totals[inside], resamples, seed)
        start: datetime = days.filter(pl.Series(inside))[0]
        found.append(Stretch(start, coverage, randomised[0] if randomised else None))
    return tuple(found)


def _histogram(spread: Floats) -> tuple[float, ...]:
    counts, _ = np.histogram(spread, bins=BINS, range=(0.0, 1.0))
    return tuple((counts / spread.size).tolist())
