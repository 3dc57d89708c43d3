"""Any metric in production, weighted, with an interval that holds at every look since the monitor began."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, moments, numbers
from afield.monitoring.metrics import BOUNDS, HIGHER_IS_BETTER, Measured
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window
from afield.statistics.evalues import of_ratios
from afield.statistics.looks import looks
from afield.statistics.sequences import AsymptoticSequence, BettingSequence

Floats = NDArray[np.float64]
LEAST = 0.01
"""An error of the reference that is smaller counts as this, so that one miss is no disaster."""


@dataclass(frozen=True, slots=True)
class Realised:
    """Watch a metric of a classifier or a forecast, from rows whose outcome is known.

    Rows are weighted by the inverse of their inclusion probability (Hájek) and added up per tick; what is estimated is
    the ratio of the sums. A bounded metric has a betting sequence, valid from the first look; the others have an
    asymptotic one, from the burn-in on (`afield.statistics.sequences`). Where ticks depend on each other, give `batch`.
    The interval takes the metric as one number since the fit. Whether it has changed is told by the payoffs, which bet
    that its error (one less an accuracy, or the loss) exceeds that of the reference by more than the threshold.

    Attributes:
        of: the metric and its columns.
        tick: column of the tick.
        inclusion: column of inclusion probabilities, where events were sampled; a reference without it is whole.
        threshold: relative rise of the error over the reference that is worth an alarm.
        level: of the interval, over all looks.
        burn_in: ticks before an asymptotic interval is given, and that the reference must have.
        batch: consecutive ticks that a betting sequence counts as one.
        name: of the monitor.
    """

    of: Measured
    tick: str = "tick"
    inclusion: str | None = None
    threshold: float = 0.1
    level: float = 0.95
    burn_in: int = 24
    batch: int = 1
    name: str = "realised"

    def fit(self, reference: Frame) -> "FittedRealised":
        """The monitor, knowing what the metric was.

        Raises:
            MonitoringError: a column is missing or wrong, or fewer than `burn_in` ticks have an outcome.
        """
        ticks, above, below, _ = self.by_tick(reference)
        if len(ticks) < max(self.burn_in, 2) or not below.sum() > 0:
            raise MonitoringError(
                f"{self.name}: the reference holds {len(ticks)} ticks with an outcome that {self.of.metric} is of; "
                f"give {self.burn_in} at least"
            )
        return FittedRealised(self, above, below)

    def by_tick(self, frame: Frame) -> tuple[NDArray[np.datetime64], Floats, Floats, int]:
        """Ticks in order, what each adds to the sums above and below, and how many rows with an outcome there are.

        Raises:
            MonitoringError: a column is missing or wrong.
        """
        above, below = self.of.terms(frame)
        known, ticks = ~(np.isnan(above) | np.isnan(below)), moments(frame, self.tick)
        weight = np.ones(above.size)
        if self.inclusion is not None and self.inclusion in frame.columns:
            weight = 1.0 / numbers(frame, self.inclusion)
        if not (np.isfinite(weight) & (weight >= 1.0)).all():
            raise MonitoringError(f"column {self.inclusion!r}: an inclusion probability lies outside (0, 1]")
        distinct, position = np.unique(ticks[known], return_inverse=True)
        first, second = (
            np.bincount(position, (weight * each)[known], len(distinct)).astype(np.float64) for each in (above, below)
        )
        return distinct, first, second, int(known.sum())


class FittedRealised:
    """A metric with its value in the reference, and its sequence since."""

    def __init__(self, monitor: Realised, above: Floats, below: Floats) -> None:
        """Start without evidence; `Realised.fit` makes it."""
        self._monitor = monitor
        metric = monitor.of.metric
        self._reference = float(above.sum() / below.sum())
        self._error = max(self._errors(above, below).sum() / below.sum(), LEAST if metric in BOUNDS else 1e-12)
        highest = float(looks(above, below).autocorrelation[-1])
        self._correlation = max(highest - 2 * np.sqrt((1 - highest**2) / len(above)), 0.0), highest
        self._betting = BettingSequence(*BOUNDS[metric], monitor.level, monitor.batch) if metric in BOUNDS else None
        self._asymptotic = AsymptoticSequence(monitor.level, monitor.burn_in)
        self._above = self._below = self._heaviest = 0.0
        self._rows, self._before, self._last = 0, 1.0, np.datetime64("NaT")

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The metric since the fit, with the interval that holds at every look. Chunks come in order of time.

        The `detail`: `chunk`, the metric in this chunk alone, and `ratio`, of its error to that of the reference.

        Raises:
            MonitoringError: a column is missing or wrong, no outcome is known, or ticks were measured before.
        """
        monitor = self._monitor
        ticks, above, below, rows = monitor.by_tick(chunk)
        if not below.sum() > 0:
            raise MonitoringError(f"{monitor.name}: nothing that {monitor.of.metric} is of from {window.start} yet")
        if ticks[0] <= self._last:
            raise MonitoringError(f"{monitor.name}: tick {ticks[0]} was measured before; measure chunks once")
        self._last = ticks[-1]
        interval = (self._betting or self._asymptotic).update(above, below)
        self._above, self._below, self._rows = self._above + above.sum(), self._below + below.sum(), self._rows + rows
        payoffs = self._payoffs(above, below)
        alone, whole = float(above.sum() / below.sum()), float(self._above / self._below)
        value, bounds = monitor.of.value, Interval(interval.low, interval.high, monitor.level)
        return Measurement(
            monitor=monitor.name,
            metric=monitor.of.metric,
            window=window,
            estimate=Estimate(
                value(whole),
                Interval(value(bounds.low), value(bounds.high), monitor.level),
                self._rows,
                float(self._below),
            ),
            reference=value(self._reference),
            alarm=self._risen(interval),
            detail={
                "chunk": value(alone),
                "ratio": float(self._errors(above, below).sum() / below.sum() / self._error),
            },
            payoffs=payoffs,
        )

    def _errors(self, above: Floats, below: Floats) -> Floats:
        """What is missing to a perfect metric, tick by tick; of calibration, the size of the gap."""
        metric = self._monitor.of.metric
        if metric == "calibration":
            return np.abs(above)
        return np.maximum(below - above, 0.0) if metric in HIGHER_IS_BETTER else above

    def _risen(self, interval: Interval) -> bool:
        """Whether the whole interval lies on the wrong side of the reference, by more than the threshold."""
        metric, margin = self._monitor.of.metric, float(self._error) * self._monitor.threshold
        too_low, too_high = interval.high < self._reference - margin, interval.low > self._reference + margin
        if metric == "calibration":
            return too_low or too_high
        return too_low if metric in HIGHER_IS_BETTER else too_high

    def _payoffs(self, above: Floats, below: Floats) -> tuple[float, ...]:
        """Bets that the error of a tick has risen: a light tick is filled up with what no rise would have given."""
        limit = 1.0 + self._monitor.threshold
        heaviest = np.maximum(np.maximum.accumulate(below), max(self._heaviest, 1e-12))
        self._heaviest = float(heaviest[-1])
        ratios = self._errors(above, below) / (self._error * heaviest) + limit * (1.0 - below / heaviest)
        payoffs = of_ratios(ratios, self._before, limit, self._correlation)
        self._before = float(ratios[-1])
        return tuple(payoffs.tolist())
