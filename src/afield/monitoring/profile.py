"""The loss to be expected at each tick: its level in the reference, by hour of the day and day of the week."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]

LEAST = 0.02  # share of the mean that the quietest hour is taken to have


@dataclass(frozen=True, slots=True)
class Profile:
    """A mean, times a factor for the hour of the day (shape `(24,)`), times one for the day of the week (`(7,)`)."""

    mean: float
    hours: Floats
    days: Floats

    def expected(self, ticks: Moments) -> Floats:
        """The expected loss of each tick."""
        hour, day = _clock(ticks)
        level: Floats = self.mean * self.hours[hour] * self.days[day]
        return level


def fit_profile(ticks: Moments, losses: Floats) -> Profile:
    """The profile of a reference: its expected losses add up to the losses seen.

    An hour or day that the reference does not hold has the factor 1.
    """
    hour, day = _clock(ticks)
    mean = float(losses.mean())
    hours = _factors(hour, losses, np.full(losses.size, mean), 24)
    days = _factors(day, losses, mean * hours[hour], 7)
    total = float((hours[hour] * days[day]).sum())
    return Profile(float(losses.sum()) / total, hours, days)


def _clock(ticks: Moments) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hour of the day and day of the week (0 is a Thursday, as the epoch was) of each tick."""
    hours = ticks.astype("datetime64[h]").astype(np.int64)
    return hours % 24, hours // 24 % 7


def _factors(group: NDArray[np.int64], losses: Floats, expected: Floats, size: int) -> Floats:
    """Loss seen over loss expected, per group."""
    seen = np.bincount(group, losses, size)
    due = np.bincount(group, expected, size)
    factors = np.divide(seen, due, out=np.ones(size), where=due > 0)
    return np.maximum(factors, LEAST)
