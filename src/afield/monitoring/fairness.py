"""Fairness over time: how unlike a measure is between groups of people in production, weighted, at every look."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, categories, moments, numbers
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window
from afield.statistics.contrasts import Contrast, contrast

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]


@dataclass(frozen=True, slots=True)
class Fairness:
    """Watch a rate of each group of people against that of everybody else, as the release was judged by it.

    A rate is the sum of one column over that of another: of the riders who met no shortage, the share that was wrongly
    surged. What is watched is how far a group's rate lies from that of all others, against how far it lay in the
    reference. All groups share the error: each has a sequence of level `1 - (1 - level) / groups` (Bonferroni), begun
    anew every `restart` ticks as in `afield.monitoring.performance`.

    Source: the rates and their largest difference, Bird et al., "Fairlearn", Microsoft MSR-TR-2020-32; the sequence:
    `afield.statistics.contrasts`.

    Attributes:
        group: column of the group's name; rows where it is missing are counted and left out.
        amount, of: columns; the rate of a group is the sum of the one over that of the other.
        tick: column of moments.
        inclusion: column of inclusion probabilities, where events were sampled.
        threshold: how much farther than in the reference a group may lie from the others, in the unit of the rate.
        least: the sum of `of` that a group has in the reference to be watched.
        level: of all sequences together.
        burn_in: ticks before one may alarm.
        restart: ticks between the beginnings of sequences.
        live: sequences kept.
        name: of the monitor.
    """

    group: str
    amount: str
    of: str
    tick: str
    inclusion: str | None = None
    threshold: float = 0.05
    least: float = 200.0
    level: float = 0.99
    burn_in: int = 48
    restart: int = 168
    live: int = 8
    name: str = "fairness"

    def fit(self, reference: Frame) -> "FittedFairness":
        """The monitor, knowing how far each group lies from the others.

        Raises:
            MonitoringError: a column is missing or wrong, or fewer than two groups can be watched.
        """
        _, sums, _ = self.by_tick(reference)
        whole = {name: each.sum(axis=0) for name, each in sums.items()}
        watched = sorted(name for name, each in whole.items() if each[1] >= self.least and each[1] > 0)
        if len(watched) < 2:
            sizes = ", ".join(f"{name} {each[1]:,.0f}" for name, each in sorted(whole.items())) or "no group"
            raise MonitoringError(
                f"{self.name}: the reference holds {sizes} of {self.of!r}; two groups with {self.least:g} are needed"
            )
        every = np.sum([whole[name] for name in watched], axis=0)
        usual = {}
        for name in watched:
            rest = every - whole[name]
            usual[name] = float(whole[name][0] / whole[name][1] - rest[0] / rest[1])
        return FittedFairness(self, usual)

    def by_tick(self, frame: Frame) -> tuple[Moments, Mapping[str, Floats], float]:
        """The ticks; group → its weighted amount and base of each, shape `(n, 2)`; the share of rows without a group.

        Raises:
            MonitoringError: a column is missing or wrong.
        """
        names, ticks = categories(frame, self.group), moments(frame, self.tick)
        amount, base = numbers(frame, self.amount), numbers(frame, self.of)
        weight = np.ones(len(base)) if self.inclusion is None else 1.0 / numbers(frame, self.inclusion)
        if not (np.isfinite(weight) & (weight >= 1.0)).all():
            raise MonitoringError(f"column {self.inclusion!r}: an inclusion probability lies outside (0, 1]")
        known = np.isfinite(amount) & np.isfinite(base)
        if (base[known] < 0).any():
            raise MonitoringError(f"column {self.of!r}: a sum below 0 cannot be divided by")
        there = np.asarray(names != "", bool)
        distinct, place = np.unique(ticks[known & there], return_inverse=True)
        group = names[known & there]
        parts = np.column_stack([amount, base])[known & there] * weight[known & there, None]
        sums: dict[str, Floats] = {}
        for name in sorted(set(group.tolist())):
            here = (group == name).astype(np.float64)
            columns = [np.bincount(place, parts[:, column] * here, len(distinct)) for column in range(2)]
            sums[name] = np.column_stack(columns).astype(np.float64)
        return distinct, sums, 1.0 - float(there.mean()) if len(there) else 0.0


class FittedFairness:
    """A fairness monitor with its reference and what it saw."""

    def __init__(self, monitor: Fairness, usual: Mapping[str, float]) -> None:
        """Start without evidence; `Fairness.fit` makes it."""
        self._monitor, self._usual = monitor, usual
        self._sums: dict[str, Floats] = {name: np.empty((0, 2)) for name in usual}
        self._last: np.datetime64 | None = None
        self._dropped = 0

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The group that has moved farthest from where it lay among the others. Chunks come in order of time.

        The measurement's `detail`, of each group: `rate:GROUP`, and `away:GROUP`, its rate minus that of the others,
        since its sequence began; `unknown`, the share of rows whose group nobody knows.

        Raises:
            MonitoringError: a column is missing or wrong, ticks were measured before, or no group can be compared yet.
        """
        monitor = self._monitor
        ticks, sums, unknown = monitor.by_tick(chunk)
        if self._last is not None and len(ticks) and ticks[0] <= self._last:
            raise MonitoringError(f"{monitor.name}: tick {ticks[0]} was measured before; measure chunks once")
        self._last = ticks[-1] if len(ticks) else self._last
        for name, seen in self._sums.items():
            self._sums[name] = np.concatenate([seen, sums.get(name, np.zeros((len(ticks), 2)))])
        found = {name: each for name in self._usual if (each := self._strongest(name)) is not None}
        self._forget()
        if not found:
            raise MonitoringError(f"{monitor.name}: up to {window.end} no two groups have anything to compare")
        worst = max(found, key=lambda name: _moved(found[name], self._usual[name]))
        told, usual = found[worst], self._usual[worst]
        detail = {"unknown": unknown}
        for name, each in found.items():
            detail |= {f"rate:{name}": each.first, f"away:{name}": each.value}
        weight = float(sum(each[:, 1].sum() for each in self._sums.values()))
        return Measurement(
            monitor=monitor.name,
            metric=f"{monitor.group} {worst} against all others",
            window=window,
            estimate=Estimate(
                told.value, Interval(told.interval.low, told.interval.high, monitor.level), told.ticks, weight
            ),
            reference=usual,
            alarm=_moved(told, usual) > monitor.threshold,
            detail=detail,
        )

    def _strongest(self, name: str) -> Contrast | None:
        """Of the group's sequences that live, the one that lies surely farthest from the reference."""
        monitor = self._monitor
        level = 1.0 - (1.0 - monitor.level) / len(self._usual)
        own = self._sums[name]
        others = np.sum([each for other, each in self._sums.items() if other != name], axis=0)
        first = -self._dropped % monitor.restart
        found = [
            contrast(own[start:], others[start:], level=level, burn_in=monitor.burn_in)
            for start in range(first, max(len(own) - monitor.burn_in + 1, first + 1), monitor.restart)
        ]
        known = [each for each in found if each is not None]
        return max(known, key=lambda each: _moved(each, self._usual[name])) if known else None

    def _forget(self) -> None:
        size = len(next(iter(self._sums.values())))
        extra = size - self._monitor.live * self._monitor.restart
        if extra > 0:
            self._sums = {name: each[extra:] for name, each in self._sums.items()}
            self._dropped += extra


def _moved(found: Contrast, usual: float) -> float:
    """How far the group surely lies from where it lay, at least; below 0 where it may not have moved."""
    return max(found.interval.low - usual, usual - found.interval.high)
