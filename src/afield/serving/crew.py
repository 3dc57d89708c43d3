"""The workers of a service on one machine: started, counted by load, replaced where they died, drained at the end."""

import os
import signal
import time
from collections.abc import Callable, Collection, Mapping

from afield.errors import ServingError
from afield.serving.scaling import Scaling

ENDS = (signal.SIGTERM, signal.SIGINT)
LET_GO = signal.SIGUSR1
"""Tells a worker to let some of its connections go behind their next reply, so that a new worker has its share."""
LOOK_EVERY = 0.25
PROVEN = 2.0
"""Seconds after which a worker has shown that it can live."""
SLOWEST = 5.0
DRAIN = 15.0


class Crew:
    """Forked workers; lives in the process that owns the listening socket, which has no thread but this."""

    def __init__(
        self,
        start: Callable[[], int],
        scaling: Scaling,
        busy: Callable[[Collection[int]], Mapping[int, float]],
        tell: Callable[[str], None],
    ) -> None:
        """Keep as many workers as `scaling` says.

        Args:
            start: starts a worker with the signals of `ENDS`, SIGCHLD and `LET_GO` unblocked; gives its process id.
            scaling: says how many there are to be.
            busy: gives the busy share of each worker since the last call.
            tell: is told what happens to workers.
        """
        self._start, self._scaling, self._busy, self._tell = start, scaling, busy, tell
        self._began: dict[int, float] = {}
        self._leaving: set[int] = set()
        self._proven = False
        self._delay = self._not_before = 0.0

    def run(self) -> None:
        """Keep the workers until SIGTERM or SIGINT, then let them finish what they have begun.

        Raises:
            ServingError: the first workers gave up by themselves; they said why.
        """
        signals = (*ENDS, signal.SIGCHLD)
        signal.pthread_sigmask(signal.SIG_BLOCK, signals)
        try:
            self._fill()
            while True:
                told = signal.sigtimedwait(signals, LOOK_EVERY)
                if told is not None and told.si_signo in ENDS:
                    return
                self._reap()
                self._adjust()
                self._fill()
        finally:
            self._stop()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, signals)

    def _working(self) -> list[int]:
        return [process for process in self._began if process not in self._leaving]

    def _fill(self) -> None:
        """Start those that are missing; after one that died young not at once."""
        while len(self._working()) < self._scaling.count and time.monotonic() >= self._not_before:
            self._began[self._start()] = time.monotonic()

    def _adjust(self) -> None:
        """Follow the load: one more beside the others, or the youngest leaves."""
        working, before = self._working(), self._scaling.count
        count = self._scaling.step(time.monotonic(), list(self._busy(working).values()))
        if count > before:
            self._tell(f"workers: {count}, for {before} are busy")
            self._fill()
            for process in working:
                os.kill(process, LET_GO)
        elif count < before and working:
            self._tell(f"workers: {count} are enough")
            youngest = max(working, key=self._began.__getitem__)
            self._leaving.add(youngest)
            os.kill(youngest, signal.SIGTERM)

    def _reap(self) -> None:
        """Take down who ended; who was not told to is replaced.

        Raises:
            ServingError: it gave up by itself before any worker had shown that it can live.
        """
        now = time.monotonic()
        self._proven = self._proven or any(now - began > PROVEN for began in self._began.values())
        for process in list(self._began):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            lived = now - self._began.pop(process)
            if process in self._leaving:
                self._leaving.discard(process)
                continue
            if os.WIFEXITED(status) and not self._proven:
                raise ServingError("a worker gave up; it said why")
            self._delay = 0.0 if lived > PROVEN else min(SLOWEST, max(0.1, 2 * self._delay))
            self._not_before = now + self._delay
            self._tell(f"worker {process} ended ({_how(status)}); another takes its place")

    def _stop(self) -> None:
        """End all: in order, and by force those that take too long."""
        for number, patience in ((signal.SIGTERM, DRAIN), (signal.SIGKILL, DRAIN)):
            for process in self._began:
                os.kill(process, number)
            deadline = time.monotonic() + patience
            while self._began and time.monotonic() < deadline:
                for process in list(self._began):
                    if os.waitpid(process, os.WNOHANG)[0]:
                        del self._began[process]
                if self._began:
                    signal.sigtimedwait((signal.SIGCHLD,), 0.05)


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"
