"""Feedback loops: what the decision does to its own evidence, from the share of traffic that it does not touch."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, moments, numbers
from afield.records.evidence import Estimate, Measurement
from afield.records.facts import Window
from afield.statistics.contrasts import Contrast, contrast

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
SUMS = 6


@dataclass(frozen=True, slots=True)
class Feedback:
    """Watch whether the decision moves the outcome that the next model will learn from.

    A small random share of units × time blocks is left untouched. Where the decision would have acted, the outcome
    over what was forecast is held between the touched and the untouched: their ratio differs by what the decision did,
    and by nothing else, for chance alone chose. Rows weigh one over the probability of their arm.

    The effect on units that share a market is that of the whole arrangement: who is pushed out of a touched zone may
    turn up in an untouched one, which makes the effect look larger than that on one unit alone.

    Source: Bottou et al., "Counterfactual reasoning and learning systems", JMLR 14 (2013), for randomised shares;
    Hájek (1971) for the weights; the sequence: `afield.statistics.contrasts`.

    Attributes:
        outcome: column of what came true and is learned from, e.g. pickups.
        expected: column of what was forecast before the decision, above 0.
        touched: column, 1 where the decision acted as it would, 0 where the lot left the row untouched.
        assignment: column of the probability with which the row came to the side that it is on.
        tick: column of moments.
        eligible: column, 1 where the decision would have acted, lot or no lot; None: everywhere.
        least: size of the effect, relative to the untouched, that is worth an alarm.
        level: of the sequence.
        burn_in: ticks before it may alarm.
        restart: ticks between the beginnings of sequences.
        live: sequences kept.
        name: of the monitor.
    """

    outcome: str
    expected: str
    touched: str
    assignment: str
    tick: str
    eligible: str | None = None
    least: float = 0.05
    level: float = 0.99
    burn_in: int = 48
    restart: int = 168
    live: int = 8
    name: str = "feedback"

    def fit(self, reference: Frame) -> "FittedFeedback":  # noqa: ARG002 - chance is its own reference
        """The monitor; the untouched share is what it is held against, so the reference says nothing."""
        return FittedFeedback(self)

    def by_tick(self, frame: Frame) -> tuple[Moments, Floats]:
        """The ticks, and of each the outcome and forecast of the touched, of the untouched, and of all.

        Those of either side are weighted, those of all are not: shape `(n, 6)`.

        Raises:
            MonitoringError: a column is missing or wrong.
        """
        outcome, expected = numbers(frame, self.outcome), numbers(frame, self.expected)
        touched, chance, ticks = (
            numbers(frame, self.touched),
            numbers(frame, self.assignment),
            moments(frame, self.tick),
        )
        known = np.isfinite(outcome) & np.isfinite(expected)
        if self.eligible is not None:
            known &= numbers(frame, self.eligible) > 0
        if not np.isin(touched[known], (0.0, 1.0)).all():
            raise MonitoringError(f"column {self.touched!r}: a row is touched, 1, or not, 0")
        if not ((chance[known] > 0) & (chance[known] <= 1)).all():
            raise MonitoringError(f"column {self.assignment!r}: a probability lies outside (0, 1]")
        if (expected[known] < 0).any():
            raise MonitoringError(f"column {self.expected!r}: a forecast below 0 cannot be divided by")
        distinct, place = np.unique(ticks[known], return_inverse=True)
        sums = np.zeros((len(distinct), SUMS))
        weight = 1.0 / chance[known]
        sides = weight * (touched[known] == 1.0), weight * (touched[known] == 0.0), np.ones(weight.size)
        for side, counts in enumerate(sides):
            sums[:, 2 * side] = np.bincount(place, counts * outcome[known], len(distinct))
            sums[:, 2 * side + 1] = np.bincount(place, counts * expected[known], len(distinct))
        return distinct, sums


class FittedFeedback:
    """A feedback monitor with what it saw."""

    def __init__(self, monitor: Feedback) -> None:
        """Start without evidence; `Feedback.fit` makes it."""
        self._monitor = monitor
        self._sums = np.empty((0, SUMS))
        self._last: np.datetime64 | None = None
        self._dropped = 0

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The effect of the decision on the outcome, relative to the untouched. Chunks come in order of time.

        The measurement's `detail`: `touched` and `untouched`, outcome over forecast of either; `uncorrected`, that of
        all rows as they are; `would_conclude`, how far a model that learns from them would take the outcome to have
        moved where nothing but its own decision moved it; `ticks` of the sequence.

        Raises:
            MonitoringError: a column is missing or wrong, ticks were measured before, or a side has no row yet.
        """
        monitor = self._monitor
        ticks, sums = monitor.by_tick(chunk)
        if self._last is not None and len(ticks) and ticks[0] <= self._last:
            raise MonitoringError(f"{monitor.name}: tick {ticks[0]} was measured before; measure chunks once")
        self._last = ticks[-1] if len(ticks) else self._last
        self._sums = np.concatenate([self._sums, sums])
        found = self._strongest()
        self._forget()
        if found is None:
            raise MonitoringError(
                f"{monitor.name}: up to {window.end} no outcome of both touched and untouched rows is known yet; "
                "leave a share untouched"
            )
        outcome, forecast = (float(each) for each in self._sums[:, 4:].sum(axis=0))
        plain, interval = outcome / forecast, found.interval
        return Measurement(
            monitor=monitor.name,
            metric="effect on the outcome",
            window=window,
            estimate=Estimate(found.value, interval, found.ticks, forecast),
            reference=0.0,
            alarm=interval.low > monitor.least or interval.high < -monitor.least,
            detail={
                "touched": found.first,
                "untouched": found.second,
                "uncorrected": plain,
                "would_conclude": plain / found.second - 1.0,
                "ticks": float(found.ticks),
            },
        )

    def _strongest(self) -> Contrast | None:
        """Of the sequences that live, the one whose interval lies farthest from no effect."""
        best, farthest = None, -np.inf
        for start in self._starts():
            touched, untouched = self._sums[start:, :2], self._sums[start:, 2:4]
            level, burn_in = self._monitor.level, self._monitor.burn_in
            found = contrast(touched, untouched, relative=True, level=level, burn_in=burn_in)
            if found is not None:
                far = max(found.interval.low, -found.interval.high)
                if best is None or far > farthest:
                    best, farthest = found, far
        return best

    def _starts(self) -> range:
        """Where the sequences that live begin; the oldest first."""
        first = -self._dropped % self._monitor.restart
        return range(first, max(len(self._sums) - self._monitor.burn_in + 1, first + 1), self._monitor.restart)

    def _forget(self) -> None:
        extra = len(self._sums) - self._monitor.live * self._monitor.restart
        if extra > 0:
            self._sums = self._sums[extra:]
            self._dropped += extra
