"""The workers of a service on one machine: started, counted by load, replaced where they died, drained at the end."""

import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

from afield.errors import AfieldError, ServingError, UsageError
from afield.serving.access import access_of
from afield.serving.config import Config, read_config
from afield.serving.counters import clear
from afield.serving.launch import numeric, program
from afield.serving.scaling import Bounds, Busy, Scaling
from afield.serving.server import LET_GO, bound, run_worker
from afield.serving.service import Service

FAILED, WRONG_USAGE = 1, 2
ENDS = (signal.SIGTERM, signal.SIGINT)
HEARD = (*ENDS, signal.SIGCHLD)
LOOK_EVERY = 0.25
PROVEN = 2.0
"""Seconds after which a worker has shown that it can live."""
SLOWEST = 5.0
DRAIN = 15.0


def run(
    name: str,
    arguments: list[str],
    make: Callable[[Path], Service],
    check: Callable[[Config], object] = lambda _: None,
) -> int:
    """Be the program `name`: serve as the configuration file says that it is given; gives the exit code.

    Args:
        name: the module that was started.
        arguments: the words after its name: the configuration's file.
        make: makes the service in a worker's process.
        check: raises an AfieldError where something is missing that is to be told before anything is started.
    """
    if len(arguments) != 1:
        sys.stderr.write(f"usage: python -m {name} CONFIG.json\n")
        return WRONG_USAGE
    file = Path(arguments[0])
    try:
        config = read_config(file)
        if name != program(config):
            raise UsageError(f"{file}: its design is {config.design}; run: python -m {program(config)} {file}")
        access_of(config)
        check(config)
        serve(config, file, make)
    except AfieldError as error:
        sys.stderr.write(f"afield: {error}\n")
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    return 0


def serve(config: Config, file: Path, make: Callable[[Path], Service]) -> None:
    """Serve with as many workers as the load asks for until SIGTERM or SIGINT.

    Args:
        config: where to listen, and how many workers there may be.
        file: the configuration's file, handed to each worker.
        make: makes the service in a worker's process.

    Raises:
        ServingError: the address cannot be used, or the first workers gave up.
    """
    address = numeric(config.address)
    clear(Path(config.counts))
    try:
        listener = bound(address, config.port)
    except OSError as error:
        raise ServingError(f"cannot listen at {address}, port {config.port}: {error}; give another port") from error
    bounds = Bounds(config.workers, max(config.workers, config.most))
    crew = Crew(partial(_started, listener, file, make), Scaling(bounds), Busy().look, _tell)
    signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
    try:
        crew.run()
    finally:
        # Before the workers end: who comes now is refused, and does not wait for somebody who will never answer.
        listener.close()
        crew.stop()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)


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
            start: starts a worker with the signals of `HEARD` unblocked; gives its process id.
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
        """Keep the workers until SIGTERM or SIGINT; call it with the signals of `HEARD` blocked, and `stop` after it.

        Raises:
            ServingError: the first workers gave up by themselves; they said why.
        """
        self._fill()
        while True:
            told = signal.sigtimedwait(HEARD, LOOK_EVERY)
            if told is not None and told.si_signo in ENDS:
                return
            self._reap()
            self._adjust()
            self._fill()

    def stop(self) -> None:
        """Let all workers finish what they have begun and end them; by force those that take too long."""
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

    def _working(self) -> list[int]:
        return [process for process in self._began if process not in self._leaving]

    def _fill(self) -> None:
        """Start those that are missing; after one that died young not at once."""
        while len(self._working()) < self._scaling.count and time.monotonic() >= self._not_before:
            try:
                process = self._start()
            except OSError as error:
                self._not_before = time.monotonic() + SLOWEST
                self._tell(f"no worker can be started now: {error}; trying again in {SLOWEST:g} s")
                return
            self._began[process] = time.monotonic()

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
            self._tell(f"workers: {count}, for they have little to do")
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


def _how(status: int) -> str:
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return f"exit code {os.waitstatus_to_exitcode(status)}"


def _tell(message: str) -> None:
    sys.stderr.write(f"afield: {message}\n")
    sys.stderr.flush()


def _started(listener: socket.socket, file: Path, make: Callable[[Path], Service]) -> int:
    """A worker forked off: what this process has imported, it need not import again."""
    process = os.fork()
    if process:
        return process
    signal.signal(LET_GO, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
    code = 1
    try:
        run_worker(make(file), listener)
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        code = 0
    except Exception:  # the worker's last words
        traceback.print_exc()
    # Without the destructors of libraries that this process inherited: they look for threads that were not forked.
    sys.stderr.flush()
    os._exit(code)
