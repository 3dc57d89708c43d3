"""The tail of a spool: the open segment of one writer, what is buffered for it, and the room that it has left."""

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

from afield.errors import TelemetryError
from afield.telemetry.policy import Durability
from afield.telemetry.segments import RECORD, Segment, Tally, account, frame, mend, name_of, segments, tally_frame
from afield.telemetry.writing import SegmentFile

NOTE_EVERY = 60.0
_BUFFER = 64 * 1024


class Tail:
    """Where one writer's frames are appended; for one thread at a time, its spool holds the lock.

    Attributes:
        writer: the name it writes under.
        open: the segment that is written to, or None.
        opened: when that was made, on the monotonic clock.
        dirty: whether it holds what was not synced.
        retired: segments out of use that are to be sealed.
        tally: events not accepted that no segment counts yet.
        notes: gives the record that stands for no events.
        room: bytes that may come without a further look: none once anything is not as it was.
        broken: why nothing is accepted until the spool is opened again, or "".
        refused: why the last record was refused, or "".
        problem: why records are refused or not synced at the moment, or "".
        ending: whether this is the end, at which the note is due.
        closed: whether the spool was closed.
    """

    def __init__(self, folder: Path, writer: str, mode: Durability, segment_bytes: int, max_bytes: int) -> None:
        """Take up where the writer stopped: what it left open is cut to its last whole record and sealed.

        Raises:
            TelemetryError: the writer's account is damaged.
        """
        self.writer = writer
        self._folder, self._mode, self._segment_bytes, self._max_bytes = folder, mode, segment_bytes, max_bytes
        self._number = self._last_number()
        for segment in self._own():
            if not segment.sealed:
                mend(segment)
        self.open: SegmentFile | None = None
        self.opened = 0.0
        self._held = self._weigh()
        self._buffer = bytearray()
        self.tally = Tally()
        self.retired: list[SegmentFile] = []
        self.notes: Callable[[], bytes] | None = None
        self._noted, self._noted_at = b"", time.monotonic()
        self.dirty = self.ending = self.closed = False
        self.broken = self.refused = self.problem = ""
        self.room = 0

    def take(self, data: bytes) -> None:
        """Keep whole frames as the mode promises, or refuse them and say so; every answer waits for this."""
        size = len(data)
        try:
            if size > self.room:
                self._admit(size)
            if self._mode == "fast":
                if len(self._buffer) >= _BUFFER:
                    self.flush()
                self._buffer += data
            elif self.room and self.open is not None:
                self.open.write(data)
                self.dirty = True
            else:
                self._write(data)
            if self._mode == "synced":
                self._sync(size)
        except TelemetryError as error:
            if self.open is not None:
                self.broken = self.broken or self.open.broken
            self.refused = self.problem = str(error)
            self.room = 0
            raise
        self.room -= size

    def _admit(self, length: int) -> None:
        """Make room for a frame of this length, or refuse it."""
        if self.closed:
            raise TelemetryError(f"closed: the spool {self._folder} of {self.writer} was closed; open it again")
        if self.broken:
            raise TelemetryError(self.broken)
        pending = self._pending()
        if pending and pending + length > self._segment_bytes:
            self.retire()
            pending = 0
        if self._held + pending + length > self._max_bytes:
            self._held = self._weigh()
            if self._held + pending + length > self._max_bytes:
                raise TelemetryError(
                    f"over budget: {self._folder} holds {self._held + pending} undelivered bytes of {self.writer}, "
                    f"{self._max_bytes} are allowed; deliver them or raise max_bytes"
                )
        self.room = min(self._segment_bytes, self._max_bytes - self._held) - pending
        self.refused = ""

    def _pending(self) -> int:
        """Bytes of the open segment, with what is buffered for it."""
        return len(self._buffer) + (self.open.size if self.open is not None else 0)

    def _write(self, data: bytes | bytearray) -> None:
        """Write whole frames to the open segment, or to a new one where none is open."""
        if self.broken:
            raise TelemetryError(self.broken)
        if self.open is None:
            self.open = SegmentFile(self._folder / name_of(self.writer, self._number + 1))
            self._number += 1
            self.opened = time.monotonic()
        try:
            self.open.write(data)
        finally:
            self.broken = self.open.broken
        self.dirty = True

    def flush(self) -> None:
        """Write what is buffered, then the tally."""
        if self._buffer:
            self._write(self._buffer)
            self._buffer = bytearray()
        if self.tally.sampled_out or self.tally.dropped:
            self._write(tally_frame(self.tally))
            self.tally, self.room = Tally(), 0

    def retire(self) -> None:
        """Take the open segment out of use; its fsync and new name come later, off the path of an answer."""
        self.room = 0
        self.flush()
        self._write_note()
        if self.open is not None:
            self.retired.append(self.open)
            self._held += self.open.size
            self.open = None

    def _write_note(self) -> None:
        """Write the note that is due; at the end also where no segment is open."""
        ending = self.ending
        if self.notes is None or (self.open is None and not ending):
            return
        if not self._noted and (ending or time.monotonic() - self._noted_at >= NOTE_EVERY):
            self._noted, self._noted_at = self.notes(), time.monotonic()
        if self._noted:
            self._write(frame(RECORD, 0, self._noted))
            self._noted = b""

    def breaks(self, file: SegmentFile) -> None:
        """Refuse what comes from now on, where what the file holds is no longer known."""
        self.broken, self.room = file.broken, 0

    def _sync(self, length: int) -> None:
        """Sync the record just written, or take it back: what is refused must not be delivered."""
        if self.open is not None:
            try:
                self.open.sync()
            except TelemetryError:
                self.open.cut(length)
                raise

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
            if self.open is None or segment.number != self._number:
                with contextlib.suppress(FileNotFoundError):
                    total += segment.path.stat().st_size
        return total
