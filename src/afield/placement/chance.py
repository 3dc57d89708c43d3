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
    """When a device is connected: stretches with and without, exponential, from `start` on."""

    def __init__(self, link: Link, start: float, end: float, chance: Random) -> None:
        """Draw the stretches without a connection between `start` and `end`."""
        share = link.offline_share
        self._starts: list[float] = []
        self._ends: list[float] = []
        if share >= 1:
            self._starts, self._ends = [start], [math.inf]
            return
        away, now = chance.random() < share, start
        online = link.offline_s * (1 - share) / share if share > 0 else math.inf
        while now < end and share > 0:
            length = chance.expovariate(1.0) * (link.offline_s if away else online)
            if away:
                self._starts.append(now)
                self._ends.append(now + length)
            now, away = now + length, not away

    def back(self, at: float) -> float:
        """The first moment from `at` on with a connection; infinite where there is none any more."""
        place = bisect_right(self._starts, at) - 1
        return at if place < 0 or at >= self._ends[place] else self._ends[place]

    def until(self, at: float) -> float:
        """When the connection that there is at `at` ends."""
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
