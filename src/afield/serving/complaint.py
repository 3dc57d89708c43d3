"""A complaint: what is wrong, said in the log once where it begins, and once where it is over."""

import logging
import time
from collections.abc import Callable, Iterable

CALM = 10.0


class Complaint:
    """Says each thing that is wrong once, until all has been well for a while."""

    def __init__(self, log: logging.Logger, *, calm: float = CALM, clock: Callable[[], float] = time.monotonic) -> None:
        """Say it in `log`; over is what did not come again for `calm` seconds of `clock`."""
        self._log, self._calm, self._clock = log, calm, clock
        self._said: set[str] = set()
        self._last = 0.0

    def hear(self, problems: Iterable[str]) -> None:
        """Say of what is wrong now whatever was not said yet, or that nothing is any more; "" is no problem."""
        found = set(filter(None, problems))
        if not found and not self._said:
            return
        for problem in sorted(found - self._said):
            self._log.warning("%s", problem)
        if found:
            self._said |= found
            self._last = self._clock()
        elif self._clock() - self._last >= self._calm:
            self._said.clear()
            self._log.warning("all is well again")
