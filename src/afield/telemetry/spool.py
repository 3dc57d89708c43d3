"""A spool: appended records that outlive the process which accepted them."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

from afield.errors import TelemetryError
from afield.telemetry.claims import Claim, claim
from afield.telemetry.policy import Durability
from afield.telemetry.segments import RECORD, Segment, Tally, account, frame, mend, name_of, segments, tally_frame
from afield.telemetry.writing import SegmentFile

SYNC_EVERY = 0.1
NOTE_EVERY = 60.0
_BUFFER = 64 * 1024
_PATIENCE = 2.0


class Spool:
    """The records of one writer, in segments of a folder that several writers share.

    In mode "fast" a record is buffered and written within 100 ms; in "durable" it is handed to the operating system
    before `append` returns, so that it survives the process, and synced to the disk within 100 ms; in "synced"
    it is on the disk before `append` returns.

    Attributes:
        writer: the name it writes under.
        problem: why records are refused or not synced at the moment, or "".
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
        self.problem = ""
        self.writer = taken.writer
        self._folder, self._claim, self._mode = folder, taken, mode
        self._segment_bytes, self._max_bytes, self._seal_after = segment_bytes, max_bytes, seal_after
        self._number = self._last_number()
        for segment in self._own():
            if not segment.sealed:
                mend(segment)
        self._open: SegmentFile | None = None
        self._opened = 0.0
        self._held = self._weigh()
        self._buffer = bytearray()
        self._tally = Tally()
        self._retired: list[SegmentFile] = []
        self._notes: Callable[[], bytes] | None = None
        self._noted, self._noted_at = b"", time.monotonic()
        self._dirty = self._closed = False
        self._broken = self._refused = ""
        # Bytes that may come without a further look: none once anything is not as it was.
        self._room = 0
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"spool-{self.writer}", daemon=True)
        self._thread.start()

    def append(self, record: bytes, count: int = 1) -> None:
        """Accept a record that stands for `count` events; it is kept as the mode promises once this returns.

        Raises:
            TelemetryError: it was not accepted. The message begins with the reason and a colon: "over budget",
                "disk full", "write failed" or "closed".
        """
        self._take(frame(RECORD, count, record))

    def append_all(self, records: Iterable[tuple[bytes, int]]) -> None:
        """Accept records, each with the events that it stands for, in one write: all of them or none.

        Raises:
            TelemetryError: as of `append`.
        """
        self._take(b"".join([frame(RECORD, count, record) for record, count in records]))

    def tally(self, sampled_out: int = 0, dropped: int = 0, reason: str = "") -> None:
        """Count events that were offered and not accepted; written to the segment within 100 ms."""
        with self._lock:
            self._tally.add(Tally(sampled_out, {reason: dropped} if dropped else {}))

    def note(self, notes: Callable[[], bytes]) -> None:
        """Ask for a record that stands for no events, or b"", a minute after the last one and at the end."""
        with self._lock:
            self._notes = notes

    def seal(self) -> None:
        """Close the open segment, so that it can be delivered, and sync it to the disk.

        Raises:
            TelemetryError: it cannot be written.
        """
        with self._lock:
            self._retire()
        self._settle()

    def close(self) -> None:
        """Seal what is open, stop, and let the writer's name go; a second call does nothing.

        Raises:
            TelemetryError: the rest cannot be written; the next opening takes up what could.
        """
        if self._closed:
            return
        self._stopping.set()
        self._thread.join()
        try:
            self.seal()
        finally:
            with self._lock:
                self._closed, self._room = True, 0
            for file in (self._open, *self._retired):
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

    def _take(self, data: bytes) -> None:
        """Keep whole frames as the mode promises, or refuse them and say so; every answer waits for this."""
        size = len(data)
        with self._lock:
            try:
                if size > self._room:
                    self._admit(size)
                if self._mode == "fast":
                    if len(self._buffer) >= _BUFFER:
                        self._flush()
                    self._buffer += data
                elif self._room and self._open is not None:
                    self._open.write(data)
                    self._dirty = True
                else:
                    self._write(data)
                if self._mode == "synced":
                    self._sync(size)
            except TelemetryError as error:
                if self._open is not None:
                    self._broken = self._broken or self._open.broken
                self._refused = self.problem = str(error)
                self._room = 0
                raise
            self._room -= size

    def _admit(self, length: int) -> None:
        """Make room for a frame of this length, or refuse it."""
        if self._closed:
            raise TelemetryError(f"closed: the spool {self._folder} of {self.writer} was closed; open it again")
        if self._broken:
            raise TelemetryError(self._broken)
        pending = self._pending()
        if pending and pending + length > self._segment_bytes:
            self._retire()
            pending = 0
        if self._held + pending + length > self._max_bytes:
            self._held = self._weigh()
            if self._held + pending + length > self._max_bytes:
                raise TelemetryError(
                    f"over budget: {self._folder} holds {self._held + pending} undelivered bytes of {self.writer}, "
                    f"{self._max_bytes} are allowed; deliver them or raise max_bytes"
                )
        self._room = min(self._segment_bytes, self._max_bytes - self._held) - pending
        self._refused = ""

    def _pending(self) -> int:
        """Bytes of the open segment, with what is buffered for it."""
        return len(self._buffer) + (self._open.size if self._open is not None else 0)

    def _write(self, data: bytes | bytearray) -> None:
        """Write whole frames to the open segment, or to a new one where none is open."""
        if self._broken:
            raise TelemetryError(self._broken)
        if self._open is None:
            self._open = SegmentFile(self._folder / name_of(self.writer, self._number + 1))
            self._number += 1
            self._opened = time.monotonic()
        try:
            self._open.write(data)
        finally:
            self._broken = self._open.broken
        self._dirty = True

    def _flush(self) -> None:
        """Write what is buffered, then the tally."""
        if self._buffer:
            self._write(self._buffer)
            self._buffer = bytearray()
        if self._tally.sampled_out or self._tally.dropped:
            self._write(tally_frame(self._tally))
            self._tally, self._room = Tally(), 0

    def _retire(self) -> None:
        """Take the open segment out of use; its fsync and new name come later, off the path of an answer."""
        self._room = 0
        self._flush()
        self._write_note()
        if self._open is not None:
            self._retired.append(self._open)
            self._held += self._open.size
            self._open = None

    def _write_note(self) -> None:
        """Write the note that is due; at the end also where no segment is open."""
        ending = self._stopping.is_set()
        if self._notes is None or (self._open is None and not ending):
            return
        if not self._noted and (ending or time.monotonic() - self._noted_at >= NOTE_EVERY):
            self._noted, self._noted_at = self._notes(), time.monotonic()
        if self._noted:
            self._write(frame(RECORD, 0, self._noted))
            self._noted = b""

    def _settle(self) -> None:
        """Sync, rename and close the segments that are out of use."""
        with self._settling:
            while self._retired:
                try:
                    self._retired[0].seal()
                except TelemetryError:
                    self._breaks(self._retired[0])
                    raise
                del self._retired[0]

    def _breaks(self, file: SegmentFile) -> None:
        """Refuse what comes from now on, where what the file holds is no longer known."""
        with self._lock:
            self._broken, self._room = file.broken, 0

    def _sync(self, length: int) -> None:
        """Sync the record just written, or take it back: what is refused must not be delivered."""
        if self._open is not None:
            try:
                self._open.sync()
            except TelemetryError:
                self._open.cut(length)
                raise

    def _keep(self) -> None:
        """Every 100 ms: write the buffer and the tally, sync, and seal a segment that is old enough."""
        while not self._stopping.wait(SYNC_EVERY):
            try:
                self._keep_up()
                self.problem = self._broken or self._refused
            except TelemetryError as error:
                self.problem = str(error)

    def _keep_up(self) -> None:
        with self._lock:
            self._flush()
            if self._open is not None and time.monotonic() - self._opened >= self._seal_after:
                self._retire()
            file = self._open if self._dirty else None
            self._dirty = False
        if file is not None:
            # Without the lock: answers go on while the disk is slow. Only this thread and `seal` close files.
            with self._settling:
                try:
                    file.sync()
                except TelemetryError:
                    self._breaks(file)
                    raise
        self._settle()

    def _own(self) -> list[Segment]:
        return [segment for segment in segments(self._folder) if segment.writer == self.writer]

    def _last_number(self) -> int:
        """The highest number ever used. The account is read last: it is written before a segment goes."""
        present = max((segment.number for segment in self._own()), default=0)
        return max(present, account(self._folder, self.writer).through)

    def _weigh(self) -> int:
        """Bytes of this writer's segments but the open one."""
        total = 0
        for segment in self._own():
            if self._open is None or segment.number != self._number:
                with contextlib.suppress(FileNotFoundError):
                    total += segment.path.stat().st_size
        return total
