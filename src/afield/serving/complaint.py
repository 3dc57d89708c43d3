"""A complaint: what is wrong, said in the log once where it begins, and once where it is over."""

import logging
import threading
import time
from collections.abc import Callable, Iterable

CALM = 10.0


class Complaint:
    """Says each thing that is wrong once, until all has been well for a while; any thread may tell it."""

    def __init__(self, log: logging.Logger, *, calm: float = CALM, clock: Callable[[], float] = time.monotonic) -> None:
        """Say it in `log`; over is what did not come again for `calm` seconds of `clock`."""
        self._log, self._calm, self._clock = log, calm, clock
        self._said: set[str] = set()
        self._last = 0.0
        self._lock = threading.Lock()

    def hear(self, problems: Iterable[str]) -> None:
        """Say of what is wrong now whatever was not said yet, or that nothing is any more; "" is no problem."""
        found = set(filter(None, problems))
        with self._lock:
            new = sorted(found - self._said)
            self._said |= found
            over = not found and bool(self._said) and self._clock() - self._last >= self._calm
            if found:
                self._last = self._clock()
            elif over:
                self._said.clear()
        for problem in new:
            self._log.warning("%s", problem)
        if over:
            self._log.warning("all is well again")
