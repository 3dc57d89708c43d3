"""A circuit breaker: a release that fails again and again is left alone for a while, then tried with one request."""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["closed", "open", "half-open"]

FAILURES, REST = 5, 5.0


@dataclass(slots=True)
class _Trouble:
    """What is known of a release that failed: how often in a row, and until when it is left alone."""

    failures: int = 0
    until: float = 0.0
    probing: bool = False


class Breaker:
    """Keeps requests from releases that fail; of those that do not fail it holds nothing.

    After `failures` in a row it is open: nobody asks the release for `rest` seconds. Then it is half-open: the next
    request is a probe, and the others wait for its end. A probe that works closes it, one that fails opens it anew.
    An answer that took longer than `slow` seconds counts as a failure: whoever asked did not wait for it.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        rest: float = REST,
        *,
        slow: float = math.inf,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open after `failures` in a row, or answers slower than `slow` seconds, for `rest` seconds of `clock`."""
        if failures < 1 or not rest > 0 or not slow > 0:
            raise ValueError(
                f"Breaker: failures ({failures}) must be at least 1, rest ({rest}) and slow ({slow}) above zero"
            )
        self._failures, self._rest, self._slow, self._clock = failures, rest, slow, clock
        self._troubles: dict[str, _Trouble] = {}

    def admits(self, name: str) -> bool:
        """Whether the release `name` may be asked now; the one that gets a yes in a half-open state is the probe."""
        trouble = self._troubles.get(name)
        if trouble is None or trouble.failures < self._failures:
            return True
        now = self._clock()
        if now < trouble.until:
            return False
        # A probe that never came back is replaced after another rest.
        trouble.probing, trouble.until = True, now + self._rest
        return True

    def failed(self, name: str) -> None:
        """The release was asked, and failed."""
        trouble = self._troubles.setdefault(name, _Trouble())
        trouble.failures += 1
        trouble.probing, trouble.until = False, self._clock() + self._rest

    def answered(self, name: str, seconds: float) -> None:
        """The release was asked, and answered within so many seconds."""
        if seconds > self._slow:
            self.failed(name)
        elif self._troubles:
            self._troubles.pop(name, None)

    def states(self) -> dict[str, State]:
        """The state of each release that failed when it was last asked."""
        return {name: self._state(trouble) for name, trouble in tuple(self._troubles.items())}

    def _state(self, trouble: _Trouble) -> State:
        if trouble.failures < self._failures:
            return "closed"
        return "half-open" if trouble.probing or self._clock() >= trouble.until else "open"
