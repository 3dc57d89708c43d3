"""Chance, reproducible: each purpose of each device draws from a stream of its own.

So that what a consideration changes is seen and not the luck of the draw, a stream gives the same numbers whatever the
considerations are; they only stretch them (common random numbers).
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from random import Random

from afield.records.places import Link

DAY = 86_400.0
HOUR = 3_600.0
Z95 = 1.6448536269514722
"""Where 95 of 100 draws of a normal distribution lie below."""


def stream(seed: int, device: int, purpose: str) -> Random:
    """The stream of one purpose of one device."""
    return Random(f"{seed}/{device}/{purpose}")  # noqa: S311 - a simulation, no secret


def round_trip(link: Link, chance: Random) -> float:
    """Seconds there and back without a payload: log-normal by its median and its 95th percentile."""
    drawn = chance.gauss(0.0, 1.0)
    if link.round_trip_s <= 0:
        return 0.0
    return link.round_trip_s * math.exp(drawn * math.log(link.round_trip_p95_s / link.round_trip_s) / Z95)


class Connection:
    """When a device is connected: stretches with and without, exponential, drawn as far as somebody asks."""

    def __init__(self, link: Link, start: float, end: float, chance: Random) -> None:
        """A connection that is cut between `start` and `end` alone; with a share of 1 it never comes back."""
        share = link.offline_share
        self._starts: list[float] = [start] if share >= 1 else []
        self._ends: list[float] = [math.inf] if share >= 1 else []
        self._drawn = start if 0 < share < 1 else math.inf
        self._known = -math.inf if 0 < share < 1 else math.inf
        self._end, self._chance = end, chance
        self._lengths = (link.offline_s * (1 - share) / share if share > 0 else math.inf, link.offline_s)
        self._away = share < 1 and chance.random() < share

    def _draw(self, at: float) -> None:
        """Draw the stretches up to `at`, and to the beginning of the first one without a connection after it."""
        while self._known <= at:
            if self._drawn >= self._end:
                self._known = math.inf
                return
            length = self._chance.expovariate(1.0) * self._lengths[self._away]
            if self._away:
                self._known = self._drawn
                self._starts.append(self._drawn)
                self._ends.append(self._drawn + length)
            self._drawn, self._away = self._drawn + length, not self._away

    def back(self, at: float) -> float:
        """The first moment from `at` on with a connection; infinite where there is none any more."""
        if self._known <= at:
            self._draw(at)
        place = bisect_right(self._starts, at) - 1
        return at if place < 0 or at >= self._ends[place] else self._ends[place]

    def until(self, at: float) -> float:
        """When the connection that there is at `at` ends."""
        if self._known <= at:
            self._draw(at)
        place = bisect_right(self._starts, at)
        return self._starts[place] if place < len(self._starts) else math.inf

    def through(self, at: float, seconds: float) -> float:
        """When something that takes so many seconds of connection is done, begun at `at` and resumed after cuts."""
        now = self.back(at)
        while now < math.inf:
            cut = self.until(now)
            if now + seconds <= cut:
                return now + seconds
            seconds -= cut - now
            now = self.back(cut)
        return math.inf


class Daily:
    """The shape of a day: moments at which events fall whose rate follows it."""

    def __init__(self, weights: Sequence[float]) -> None:
        """Follow `weights` of 24 hours; only their ratios matter."""
        total = sum(weights)
        self.levels = tuple(24 * weight / total for weight in weights)
        self._ends = [HOUR * sum(self.levels[: hour + 1]) for hour in range(24)]

    def moments(self, rate: float, start: float, end: float, chance: Random) -> Callable[[], float]:
        """A function that gives the next moment of a Poisson process of mean `rate` a second; `end` where over."""
        passed = self._expected(start)
        last = self._expected(end)

        def following() -> float:
            nonlocal passed
            passed += chance.expovariate(1.0) / rate
            return self._moment(passed) if passed < last else math.inf

        return following

    def level(self, at: float) -> float:
        """How much more than on average is asked at `at`."""
        return self.levels[int(at % DAY // HOUR) % 24]

    def _expected(self, at: float) -> float:
        """Seconds of an even day that hold as much as there is up to `at`."""
        days, rest = divmod(at, DAY)
        hour = min(23, int(rest // HOUR))
        before = self._ends[hour - 1] if hour else 0.0
        return days * DAY + before + self.levels[hour] * (rest - hour * HOUR)

    def _moment(self, expected: float) -> float:
        days, rest = divmod(expected, DAY)
        hour = min(23, bisect_right(self._ends, rest))
        before = self._ends[hour - 1] if hour else 0.0
        inside = (rest - before) / self.levels[hour] if self.levels[hour] else 0.0
        return days * DAY + hour * HOUR + min(HOUR, inside)
