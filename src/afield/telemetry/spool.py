"""A spool: appended records that outlive the process which accepted them."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from afield.errors import TelemetryError
from afield.telemetry.claims import Claim, claim
from afield.telemetry.policy import Durability
from afield.telemetry.segments import RECORD, Tally, frame
from afield.telemetry.tail import Tail

SYNC_EVERY = 0.1
_PATIENCE = 2.0


class Spool:
    """The records of one writer, in segments of a folder that several writers share.

    In mode "fast" a record is buffered and written within 100 ms; in "durable" it is handed to the operating system
    before `append` returns, so that it survives the process, and synced to the disk within 100 ms; in "synced"
    it is on the disk before `append` returns.

    Attributes:
        writer: the name it writes under.
    """

    def __init__(
        self,
        folder: Path,
        *,
        writer: str | Claim,
        mode: Durability = "durable",
        segment_bytes: int = 4 * 2**20,
        max_bytes: int = 2**30,
        seal_after: float = 5.0,
    ) -> None:
        """Open the spool; what this writer left open is cut to its last whole record and sealed.

        Args:
            folder: made where it is absent.
            writer: a name of lower-case letters, digits, `_` and `-`, or a claim on one; each has one living writer.
            mode: fast, durable or synced.
            segment_bytes: a segment is closed when it would grow beyond this.
            max_bytes: what this writer's undelivered segments may take; records beyond are refused.
            seal_after: seconds after which a segment that holds anything is sealed, so that it is delivered.

        Raises:
            TelemetryError: the name is in use or not a name, or the folder cannot be written.
        """
        taken = claim(folder, writer, _PATIENCE) if isinstance(writer, str) else writer
        if taken is None:
            raise TelemetryError(f"a living process writes to {folder} as {writer!r}; give each writer its own name")
        self.writer = taken.writer
        self._folder, self._claim, self._seal_after = folder, taken, seal_after
        self._tail = Tail(folder, taken.writer, mode, segment_bytes, max_bytes)
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"spool-{self.writer}", daemon=True)
        self._thread.start()

    @property
    def problem(self) -> str:
        """Why records are refused or not synced at the moment, or ""."""
        return self._tail.problem

    def append(self, record: bytes, count: int = 1) -> None:
        """Accept a record that stands for `count` events; it is kept as the mode promises once this returns.

        Raises:
            TelemetryError: it was not accepted. The message begins with the reason and a colon: "over budget",
                "disk full", "write failed" or "closed".
        """
        data = frame(RECORD, count, record)
        with self._lock:
            self._tail.take(data)

    def append_all(self, records: Iterable[tuple[bytes, int]]) -> None:
        """Accept records, each with the events that it stands for, in one write: all of them or none.

        Raises:
            TelemetryError: as of `append`.
        """
        data = b"".join([frame(RECORD, count, record) for record, count in records])
        with self._lock:
            self._tail.take(data)

    def tally(self, sampled_out: int = 0, dropped: int = 0, reason: str = "") -> None:
        """Count events that were offered and not accepted; written to the segment within 100 ms."""
        with self._lock:
            self._tail.tally.add(Tally(sampled_out, {reason: dropped} if dropped else {}))

    def note(self, notes: Callable[[], bytes]) -> None:
        """Ask for a record that stands for no events, or b"", a minute after the last one and at the end."""
        with self._lock:
            self._tail.notes = notes

    def seal(self) -> None:
        """Close the open segment, so that it can be delivered, and sync it to the disk.

        Raises:
            TelemetryError: it cannot be written.
        """
        with self._lock:
            self._tail.retire()
        self._settle()

    def close(self) -> None:
        """Seal what is open, stop, and let the writer's name go; a second call does nothing.

        Raises:
            TelemetryError: the rest cannot be written; the next opening takes up what could.
        """
        if self._tail.closed:
            return
        self._stopping.set()
        self._thread.join()
        self._tail.ending = True
        try:
            self.seal()
        finally:
            with self._lock:
                self._tail.closed, self._tail.room = True, 0
            for file in (self._tail.open, *self._tail.retired):
                if file is not None:
                    file.close()
            self._claim.release()

    def __enter__(self) -> Self:
        """This spool."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the spool."""
        self.close()

    def _settle(self) -> None:
        """Sync, rename and close the segments that are out of use."""
        with self._settling:
            retired = self._tail.retired
            while retired:
                try:
                    retired[0].seal()
                except TelemetryError:
                    with self._lock:
                        self._tail.breaks(retired[0])
                    raise
                del retired[0]

    def _keep(self) -> None:
        """Every 100 ms: write the buffer and the tally, sync, and seal a segment that is old enough."""
        while not self._stopping.wait(SYNC_EVERY):
            try:
                self._keep_up()
                self._tail.problem = self._tail.broken or self._tail.refused
            except TelemetryError as error:
                self._tail.problem = str(error)

    def _keep_up(self) -> None:
        with self._lock:
            self._tail.flush()
            if self._tail.open is not None and time.monotonic() - self._tail.opened >= self._seal_after:
                self._tail.retire()
            file = self._tail.open if self._tail.dirty else None
            self._tail.dirty = False
        if file is not None:
            # Without the lock: answers go on while the disk is slow. Only this thread and `seal` close files.
            with self._settling:
                try:
                    file.sync()
                except TelemetryError:
                    with self._lock:
                        self._tail.breaks(file)
                    raise
        self._settle()
