"""The supervisor: one process beside the workers that ticks, follows the ledger, and lets nothing go unserved."""

import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from afield.clock import Clock
from afield.control.intake import Intake
from afield.control.room import Room
from afield.operate import operate

LIVE_PAUSE = 0.1
REPLAY_PAUSE = 0.002
FOLLOW_EVERY = 0.1


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
            began: domain time until the first watermark comes.
        """
        self._room = room
        self._intake = intake
        self._clock = clock
        self._step = step
        self._by_events = by_events
        self._heartbeat = heartbeat
        self._check = check
        self._began = began
        self._done: datetime | None = None
        self._followed = 0.0

    def run(self, stop: threading.Event) -> None:
        """Tick until `stop` is set; then deliver what was recorded."""
        operate(self._room, self._ticks(stop))
        self._intake.deliver()

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
                stop.wait(pause)
                continue
            self._done = due
            yield due

    def _follow(self) -> None:
        """Follow the ledger, often enough that a person's word is heard within a second."""
        if time.monotonic() - self._followed > FOLLOW_EVERY:
            self._followed = time.monotonic()
            self._room.follow(self._now() or self._began)

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
        return self._intake.watermark if self._by_events else self._clock.now()
