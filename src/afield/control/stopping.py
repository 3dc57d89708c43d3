"""Being asked to stop: a SIGTERM that comes while a service starts is not lost."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType


@dataclass(slots=True)
class Leave:
    """The answer to SIGTERM before there is a service to stop: end in order, whatever has been started so far.

    Python drops what a signal's handler raises where it interrupts a weak reference's callback or a `__del__`;
    therefore it is remembered too, and `stop_by_signal` asks.
    """

    asked: bool = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        """Remember it, and end.

        Raises:
            SystemExit: always.
        """
        self.asked = True
        raise SystemExit(0)


def leave_by_signal() -> None:
    """End in order at SIGTERM, until `stop_by_signal` says how to stop."""
    signal.signal(signal.SIGTERM, Leave())


def stop_by_signal(stop: Callable[[], None]) -> None:
    """Call `stop` at SIGTERM and at Ctrl-C; at once if SIGTERM came before and was dropped."""
    before = signal.getsignal(signal.SIGTERM)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop())
    if isinstance(before, Leave) and before.asked:
        stop()
