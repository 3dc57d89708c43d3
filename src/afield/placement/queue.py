"""The cloud's queue: requests of the whole fleet before its workers, by discrete events.

A fleet is followed device by device only in a sample. The queue is everybody's: it is simulated for itself, at the full
rate of each hour, and a device that is followed meets a wait that was seen in it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from heapq import heapreplace
from random import Random

BUDGET = 9_000
LEAST, WARM = 300, 100
IDLE = 1e-3
"""Share of a worker's time below which nobody is taken to wait."""
CROWD = 4_000
"""Of more workers than this, so many are followed with their part of the requests: nobody waits there for long."""


@dataclass(frozen=True, slots=True)
class Load:
    """Requests at the workers.

    Attributes:
        rate: a second.
        workers: that serve them, one request each at a time, first come first served.
    """

    rate: float
    workers: int


def workers(rate: float, mean: float, busy: float, least: float) -> int:
    """How many workers keep to their planned share of time at this rate; `mean` seconds a request."""
    return max(1, math.ceil(least), math.ceil(rate * mean / busy - 1e-9))


def waits(load: Load, service: Callable[[Random], float], count: int, seed: int) -> tuple[float, ...]:
    """Seconds that `count` requests wait for a worker, arriving at random; the first ones are left out."""
    chance = Random(f"{seed}/queue")  # noqa: S311 - a simulation, no secret
    free = [0.0] * min(load.workers, CROWD)
    rate = load.rate * len(free) / load.workers
    now, seen = 0.0, []
    for number in range(count + WARM):
        now += chance.expovariate(1.0) / rate
        begun = max(now, free[0])
        heapreplace(free, begun + service(chance))
        if number >= WARM:
            seen.append(begun - now)
    return tuple(seen)


class Queue:
    """What requests wait in the cloud, hour by hour."""

    def __init__(self, loads: Sequence[Load], service: Callable[[Random], float], mean: float, seed: int) -> None:
        """Simulate the 24 `loads`; alike ones once.

        Args:
            loads: by hour.
            service: draws the seconds that a request keeps a worker.
            mean: of these seconds.
            seed: of the arrivals.
        """
        distinct = set(loads)
        count = max(LEAST, BUDGET // len(distinct))
        seen = {
            load: (0.0,) if load.rate * mean < IDLE * load.workers else waits(load, service, count, seed)
            for load in distinct
        }
        self._hours = tuple(seen[load] for load in loads)

    def wait(self, hour: int, chance: Random) -> float:
        """A wait that was seen in this hour of the day."""
        pool = self._hours[hour]
        return pool[int(chance.random() * len(pool))]
