"""Realised performance: the weighted loss of each chunk, and an alarm once it has provably risen."""

from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, moments, numbers
from afield.monitoring.profile import Profile, fit_profile
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window
from afield.statistics.evalues import of_ratios
from afield.statistics.looks import looks
from afield.statistics.losses import LOSSES, Loss

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
COVERAGE = 0.95  # of the interval of a single chunk


@dataclass(frozen=True, slots=True)
class Performance:
    """Watch the mean loss per tick against that of the reference, the release's test window.

    Rows of one tick share shocks, so losses are averaged per tick first. What is tested is the ratio of the
    losses seen to those expected at the same hours of the same days, so a daily cycle raises no alarm.

    A mean from the beginning would dilute a change that comes late. So a confidence sequence begins every
    `restart` ticks, the last `live` of them are kept, and the alarm is on while the lower end of any lies
    above `1 + threshold`. The error budget: while the loss has not risen by more than the threshold, each
    sequence errs with probability at most `(1 - level) / 2`, so false alarms come at most that often for
    each `restart` ticks (by default, with hourly ticks, twice a year; simulated: less). The reference counts as known:
    choose a threshold above its own error. What is tested is that nothing has changed, so the noise is the
    reference's too, autocorrelation and all: a change that is noisy itself does not hide behind its noise.

    Each chunk also gives its payoffs, a bet at each tick that the loss has risen by more than the threshold beyond what
    the tick before explains: with them, alarms of many monitors share one budget (`afield.monitoring.alarms`).

    Source: a sequence begun ever anew, Shekhar and Ramdas, "Reducing sequential change detection to
    sequential estimation" (2023); the sequences: `afield.statistics.looks`.

    Attributes:
        loss: squared_error, poisson_deviance or absolute_error.
        truth, forecast, tick: names of columns; rows whose truth is missing are counted and left out.
        inclusion: name of the column of inclusion probabilities, where events were sampled.
        threshold: relative rise over the reference that is worth an alarm.
        level: of each confidence sequence.
        burn_in: ticks before a sequence may alarm.
        restart: ticks between the beginnings of sequences: a day's.
        live: sequences kept; `live * restart` ticks is as far as the monitor looks back.
        name: of the monitor.
    """

    loss: Loss
    truth: str
    forecast: str
    tick: str
    inclusion: str | None = None
    threshold: float = 0.1
    level: float = 0.99
    burn_in: int = 24
    restart: int = 24
    live: int = 14
    name: str = "performance"

    def fit(self, reference: Frame) -> "FittedPerformance":
        """The monitor, knowing what loss to expect.

        Raises:
            MonitoringError: a column is missing or wrong, or fewer than `burn_in` ticks have a truth.
        """
        seen = self.by_tick(reference)
        if len(seen.ticks) < max(self.burn_in, 2) or not seen.losses.sum() > 0:
            raise MonitoringError(
                f"{self.name}: the reference holds {len(seen.ticks)} ticks with a truth and a loss; "
                f"give {self.burn_in} at least"
            )
        return FittedPerformance(self, fit_profile(seen.ticks, seen.losses), seen)

    def by_tick(self, frame: Frame) -> "Seen":
        """The weighted mean loss of each tick, in order of time.

        Raises:
            MonitoringError: a column is missing or wrong.
        """
        truth, forecast = numbers(frame, self.truth), numbers(frame, self.forecast)
        ticks, known = moments(frame, self.tick), np.isfinite(truth)
        if not np.isfinite(forecast[known]).all():
            raise MonitoringError(
                f"column {self.forecast!r}: a forecast is missing; leave such rows out and count them"
            )
        weight = np.ones(len(truth)) if self.inclusion is None else 1.0 / numbers(frame, self.inclusion)
        if not (np.isfinite(weight) & (weight >= 1.0)).all():
            raise MonitoringError(f"column {self.inclusion!r}: an inclusion probability lies outside (0, 1]")
        loss = LOSSES[self.loss](forecast[known], truth[known])
        distinct, position = np.unique(ticks[known], return_inverse=True)
        mass = np.bincount(position, weight[known], len(distinct))
        means = np.bincount(position, weight[known] * loss, len(distinct)) / mass
        return Seen(distinct, means, int(known.sum()), float(mass.sum()), float(weight.sum()))


@dataclass(frozen=True, slots=True)
class Seen:
    """Mean losses by tick; rows with a truth, their weight, and the weight of all rows."""

    ticks: Moments
    losses: Floats
    rows: int
    weight: float
    offered: float


class FittedPerformance:
    """A performance monitor with its reference and its running sequences."""

    def __init__(self, monitor: Performance, profile: Profile, reference: Seen) -> None:
        """Start without evidence; `Performance.fit` makes it."""
        self._monitor, self._profile = monitor, profile
        ratio = looks(reference.losses, profile.expected(reference.ticks))
        self._deviation = float(ratio.deviation[-1])
        self._weight = float(ratio.effective[-1] / ratio.count[-1])
        highest = float(ratio.autocorrelation[-1])
        self._correlation = max(highest - 2 * np.sqrt((1 - highest**2) / len(reference.ticks)), 0.0), highest
        self._ratio = 1.0
        self._ticks = np.empty(0, "datetime64[us]")
        self._losses = np.empty(0)
        self._dropped = 0

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """What this chunk says, and whether everything since the fit is alarming. Chunks come in order of time.

        The measurement's `detail`: `ratio` of seen to expected loss, in this chunk; of the sequence with the
        highest lower end `running_ratio`, `running_low`, `running_ticks` and `evidence_hours` (from its
        beginning to the end of the window); `missing`, the share of rows whose truth is not known.

        Raises:
            MonitoringError: a column is missing or wrong, no truth is known, or ticks were measured before.
        """
        seen = self._monitor.by_tick(chunk)
        if not len(seen.ticks):
            raise MonitoringError(f"{self._monitor.name}: no truth is known from {window.start} to {window.end} yet")
        if len(self._ticks) and seen.ticks[0] <= self._ticks[-1]:
            raise MonitoringError(
                f"{self._monitor.name}: tick {seen.ticks[0]} was measured before; measure chunks once"
            )
        self._ticks = np.concatenate([self._ticks, seen.ticks])
        self._losses = np.concatenate([self._losses, seen.losses])
        running = self._running(window)
        self._forget()
        expected = self._profile.expected(seen.ticks)
        payoffs = of_ratios(seen.losses / expected, self._ratio, 1.0 + self._monitor.threshold, self._correlation)
        self._ratio = float(seen.losses[-1] / expected[-1])
        value = float(seen.losses.mean())
        half = NormalDist().inv_cdf(0.5 + COVERAGE / 2) * value * self._deviation / np.sqrt(len(seen.ticks))
        missing = {"missing": 1.0 - seen.weight / seen.offered, "ratio": float(seen.losses.sum() / expected.sum())}
        return Measurement(
            monitor=self._monitor.name,
            metric=self._monitor.loss,
            window=window,
            estimate=Estimate(value, Interval(value - half, value + half, COVERAGE), seen.rows, seen.weight),
            reference=float(expected.mean()),
            alarm=running.get("running_low", 0.0) > 1.0 + self._monitor.threshold,
            detail=running | missing,
            payoffs=tuple(payoffs.tolist()),
        )

    def _running(self, window: Window) -> dict[str, float]:
        """The figures of the live sequence with the highest lower end; none before a burn-in is over."""
        best: dict[str, float] = {}
        expected, monitor = self._profile.expected(self._ticks), self._monitor
        for start in range(-self._dropped % monitor.restart, len(self._ticks) - monitor.burn_in + 1, monitor.restart):
            path = looks(self._losses[start:], expected[start:])
            quiet = replace(
                path, deviation=np.full_like(path.count, self._deviation), effective=path.count * self._weight
            )
            low = float(path.ratio[-1] - quiet.half_width(1.0 - monitor.level, 5 * monitor.burn_in)[-1])
            if low > best.get("running_low", -np.inf):
                age = np.datetime64(window.end, "us") - self._ticks[start]
                best = {
                    "running_ratio": float(path.ratio[-1]),
                    "running_low": low,
                    "running_ticks": float(path.count[-1]),
                    "evidence_hours": float(age / np.timedelta64(1, "h")),
                }
        return best

    def _forget(self) -> None:
        """Drop the ticks of sequences that have ended."""
        extra = len(self._ticks) - self._monitor.live * self._monitor.restart
        if extra > 0:
            self._ticks, self._losses = self._ticks[extra:], self._losses[extra:]
            self._dropped += extra
