"""How many workers a machine needs: a rule with hysteresis over how busy they are, and the reading of that."""

import math
import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

_Spent = tuple[float, float]
_NANOSECONDS = 1e9


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which counts, and when, the number of workers changes.

    Attributes:
        fewest, most: workers.
        crowded: mean busy share from which one more is started, once it has lasted for `soon` seconds.
        idle: mean busy share of one worker fewer below which one leaves, once it has lasted for `late` seconds.
    """

    fewest: int
    most: int
    crowded: float = 0.75
    idle: float = 0.5
    soon: float = 1.0
    late: float = 30.0


class Scaling:
    """Decides step by step.

    One is started where all are busy, one leaves where those that stay would be far from busy. As `idle` lies below
    `crowded`, a load that stays the same never lets the number go up and down.
    """

    def __init__(self, bounds: Bounds) -> None:
        """Begin with the fewest."""
        self._bounds = bounds
        self._count = bounds.fewest
        self._since: dict[int, float] = {}

    @property
    def count(self) -> int:
        """How many there are to be."""
        return self._count

    def step(self, now: float, busy: Collection[float]) -> int:
        """How many workers there are to be from now on.

        Args:
            now: seconds on a clock that never goes back.
            busy: of each worker, the share of its time in which it worked or waited for a processor, from 0 to 1.
        """
        bounds = self._bounds
        total = sum(min(1.0, max(0.0, share)) for share in busy)
        wanted = 0
        if busy and self._count < bounds.most and total / len(busy) >= bounds.crowded:
            wanted = 1
        elif busy and self._count > bounds.fewest and total / (self._count - 1) < bounds.idle:
            wanted = -1
        if wanted == 0 or wanted not in self._since:
            self._since = {wanted: now} if wanted else {}
        elif now - self._since[wanted] >= (bounds.soon if wanted > 0 else bounds.late):
            self._count += wanted
            self._since = {}
        return self._count


class Busy:
    """How busy processes were between two looks, as Linux tells it under /proc.

    A worker answers in one thread, some in a few more: it is as busy as the busiest of them. Time in which a thread
    could run and had to wait for a processor counts as well, else a machine that is crowded would look half idle; but
    no more of it than it worked, else a thread that only looks around now and then would seem busy there.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, proc: Path = Path("/proc")) -> None:
        """Read below `proc`; on a system without it nothing is ever busy, and the number of workers stays."""
        self._clock, self._proc = clock, proc
        self._seen: dict[int, tuple[float, dict[str, _Spent]]] = {}

    def look(self, processes: Collection[int]) -> Mapping[int, float]:
        """Process → its busy share since the last look at it; a process seen for the first time has none yet."""
        now = self._clock()
        shares: dict[int, float] = {}
        seen = {process: (now, self._threads(process)) for process in processes}
        for process, (_, threads) in seen.items():
            if process in self._seen:
                before, then = self._seen[process]
                busiest = max(
                    (_busy(spent, then.get(thread, (0.0, 0.0))) for thread, spent in threads.items()), default=0.0
                )
                shares[process] = min(1.0, busiest / (now - before)) if now > before else 0.0
        self._seen = seen
        return shares

    def _threads(self, process: int) -> dict[str, _Spent]:
        """Thread → seconds that it worked, and that it waited for a processor."""
        found = {}
        for file in self._proc.glob(f"{process}/task/*/schedstat"):
            try:
                worked, waited, _ = file.read_text().split()
            except (OSError, ValueError):
                continue
            found[file.parent.name] = int(worked) / _NANOSECONDS, int(waited) / _NANOSECONDS
        return found


def _busy(spent: _Spent, before: _Spent) -> float:
    worked, waited = spent[0] - before[0], spent[1] - before[1]
    return worked + min(worked, waited)


def processors(limits: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Processors that this process may use: those of the machine, or fewer where a container is given less."""
    count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = limits.read_text().split()
        return max(1, min(count, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError, ZeroDivisionError):
        return count
