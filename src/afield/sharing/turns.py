"""A thread that takes a step every so often: what fails is told once, and tried again."""

import threading
from collections.abc import Callable

from afield.errors import AfieldError

LONGEST = 5.0
# Seconds to wait for a step under way; a store that does not answer may hold it for longer than anybody stops.
PATIENCE = 10.0


class Turns:
    """One thread's work beside a service.

    Attributes:
        problem: why the last step did not come to its end, or what it saw; "" where all is well.
    """

    def __init__(self, name: str, step: Callable[[], object], every: float, tell: Callable[[str], None]) -> None:
        """Take `step` every `every` seconds once `start` was called.

        Args:
            name: of the thread.
            step: does some work; gives text where something is wrong, and raises AfieldError where it did not come to
                its end.
            every: seconds between two steps; after failures more and more, up to five.
            tell: is told each other problem once, and when all is well again.
        """
        self._step, self._every, self._tell = step, every, tell
        self._failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.problem = ""

    def take(self) -> bool:
        """Take one step in this thread; whether it came to its end."""
        try:
            said, self._failures = self._step(), 0
            problem = said if isinstance(said, str) else ""
        except (AfieldError, OSError) as error:
            problem, self._failures = str(error), self._failures + 1
        if problem != self.problem:
            self._tell(f"{self._thread.name}: {problem or 'all is well again'}")
        self.problem = problem
        return self._failures == 0

    def start(self) -> None:
        """Take steps in a thread of their own from now on."""
        self._thread.start()

    def stop(self) -> bool:
        """Take no more steps; whether the one that was under way came to its end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(PATIENCE)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.wait(max(self._every, min(self._every * 2.0**self._failures, LONGEST))):
            self.take()
