"""The pace: how much a sender may send in a while, so that a flood from one leaves room for the others."""

import threading
import time
from collections.abc import Callable

RATE = 4 * 2**20
"""Bytes a second that a sender may send for ever."""
BURST = 4 * RATE
"""Bytes that one may send at once after a rest."""
LEAST = 2 * 2**10
"""Bytes as which a request counts at least: small ones cost as well."""
MOST = 4096
"""Senders that are remembered; beyond that the one that was silent longest counts as rested."""


class Pace:
    """A token bucket for each sender (ITU-T I.371, generic cell rate algorithm).

    In any stretch of t seconds a sender is let in with at most `BURST + RATE · t` bytes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Measure by `clock`, in seconds."""
        self._clock = clock
        self._free: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, sender: str, size: int) -> float:
        """Seconds until a body of `size` bytes would be let in; 0 where it is, and is counted then."""
        with self._lock:
            now = self._clock()
            # The moment at which the sender would be rested, if nothing more came.
            rested = max(now, self._free.pop(sender, now))
            due = rested + max(size, LEAST) / RATE
            early = max(0.0, due - now - BURST / RATE)
            self._free[sender] = rested if early else due
            if len(self._free) > MOST:
                del self._free[next(iter(self._free))]
            return early
