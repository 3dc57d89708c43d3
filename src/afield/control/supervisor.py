"""The supervisor: one process beside the workers that ticks, follows the ledger, and lets nothing go unserved."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from afield.clock import Clock
from afield.control.intake import Intake
from afield.control.room import Room
from afield.errors import LeaseError, StoreError
from afield.operate import operate
from afield.serving.health import PROBLEM
from afield.store.durable import write_whole

LIVE_PAUSE = 0.1
REPLAY_PAUSE = 0.002
FOLLOW_EVERY = 0.1
RETRY = 1.0


class Supervisor:
    """Turns the operate loop while the data plane answers."""

    def __init__(
        self,
        room: Room,
        intake: Intake,
        clock: Clock,
        step: timedelta,
        *,
        by_events: bool,
        heartbeat: Path,
        check: Callable[[], None],
        began: datetime,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        """Supervise `room`.

        Args:
            room: one application under control.
            intake: brings facts and the watermark.
            clock: of the place; not asked where the clock follows the events.
            step: length of a tick.
            by_events: whether domain time is the events' watermark (a replay) instead of the wall clock's.
            heartbeat: file whose modification time says that this process lives.
            check: is called in between; restarts a data plane that died.
            began: domain time before the first watermark; an earlier watermark does not set the clock back.
            tell: is told what cannot be read or written, once for each way in which it fails.
        """
        self._room = room
        self._intake = intake
        self._clock = clock
        self._step = step
        self._by_events = by_events
        self._heartbeat = heartbeat
        self._check = check
        self._began = began
        self._tell = tell
        self._problem = ""
        self._tried = 0.0
        self._done: datetime | None = None
        self._followed = 0.0

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set; then deliver what was recorded.

        A store that does not answer (tables, ledger, snapshots) ends nothing: workers go on, what they accept stays in
        the spools, and it is tried again. The file `PROBLEM` beside the heartbeat says what is wrong meanwhile.

        Raises:
            LeaseError: another controller leads; what was recorded is left to it.
        """
        self._heartbeat.with_suffix(PROBLEM).unlink(missing_ok=True)
        while not stop.is_set():
            try:
                operate(self._room, self._ticks(stop))
            except LeaseError:
                raise
            except StoreError as error:
                self._note(str(error))
                self._room.resume()
                stop.wait(RETRY)
        try:
            self._intake.deliver()
        except StoreError as error:
            self._note(str(error))

    def _ticks(self, stop: threading.Event) -> Iterator[datetime]:
        """Each tick once its moment has come; in between, facts are taken in and the ledger is followed."""
        pause = REPLAY_PAUSE if self._by_events else LIVE_PAUSE
        while not stop.is_set():
            self._heartbeat.touch()
            self._intake.poll()
            due = self._due()
            if due is None:
                self._check()
                self._follow()
                self._catch_up()
                stop.wait(pause)
                continue
            self._done = due
            yield due

    def _follow(self) -> None:
        """Follow the ledger, often enough that a person's word is heard within a second."""
        if time.monotonic() - self._followed > FOLLOW_EVERY:
            self._followed = time.monotonic()
            self._room.follow(self._now() or self._began)

    def _catch_up(self) -> None:
        """Where something could not be delivered, try again; once it can be, all is well."""
        if not self._problem or time.monotonic() - self._tried < RETRY:
            return
        self._tried = time.monotonic()
        self._intake.deliver()
        self._note("")

    def _note(self, problem: str) -> None:
        """Let people and workers know what is wrong; "" for nothing any more."""
        if problem == self._problem:
            return
        self._problem = problem
        self._tell(f"{problem}; what was accepted is kept, and tried again" if problem else "all stores answer again")
        file = self._heartbeat.with_suffix(PROBLEM)
        with contextlib.suppress(OSError, StoreError):
            if problem:
                write_whole(file, (problem.encode(),))
            else:
                file.unlink(missing_ok=True)

    def _due(self) -> datetime | None:
        """The tick whose moment has come: on the wall clock the newest; after events, each in its turn."""
        now = self._now()
        if now is None:
            return None
        newest = now - (now - datetime.min) % self._step
        if self._done is None:
            return newest
        following = self._done + self._step
        if newest < following:
            return None
        return following if self._by_events else newest

    def _now(self) -> datetime | None:
        """Domain time; after events not before the first watermark, and never before where the service stood."""
        if not self._by_events:
            return self._clock.now()
        said = self._intake.watermark
        return None if said is None else max(said, self._began)
