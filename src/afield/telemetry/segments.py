"""Segments of a spool: checksummed frames in files named by writer and number, read up to a torn tail.

A frame is `length u32 · CRC-32 u32 · events u32 · sort u8 · body`, little-endian; the checksum covers events, sort
and body. A frame of sort 0 holds a record that stands for so many events; one of sort 1 holds a tally of events that
were offered and not accepted since the tally before. `WRITER.NUMBER.open` is being written or was left by a
crash; `WRITER.NUMBER.sealed` is whole and synced; `WRITER.settled` adds up the segments that are gone.
"""

import os
import re
import secrets
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import msgspec

from afield.errors import TelemetryError
from afield.store.durable import sync_folder, write_whole

RECORD = 0
TALLY = 1
_HEAD = struct.Struct("<IIIB")
_SUMMED = struct.Struct("<IB")
# The checksum up to the body of the commonest frame.
_ONE = zlib.crc32(_SUMMED.pack(1, RECORD))
_NAME = re.compile(r"([a-z0-9][a-z0-9_-]{0,63})\.(\d{10})\.(open|sealed)")


class Tally(msgspec.Struct):
    """Events offered and not accepted: left out by sampling, or dropped, by reason."""

    sampled_out: int = 0
    dropped: dict[str, int] = {}

    def add(self, other: "Tally") -> None:
        """Add the other's events to these."""
        self.sampled_out += other.sampled_out
        for reason, count in other.dropped.items():
            self.dropped[reason] = self.dropped.get(reason, 0) + count


class Settled(msgspec.Struct):
    """What became of a writer's segments up to number `through`, which are gone.

    Attributes:
        through: number of the last of them.
        delivered: events in them, all of them delivered.
        tally: the events that they counted as not accepted.
        identity: random; tells this writer from one of the same name whose account was lost with its numbers.
    """

    through: int = 0
    delivered: int = 0
    tally: Tally = msgspec.field(default_factory=Tally)
    identity: str = ""


class Position(NamedTuple):
    """The end of a record: where reading a writer's records goes on."""

    writer: str
    segment: int
    offset: int


class Frame(NamedTuple):
    """One whole frame and the offset at which it ends."""

    sort: int
    events: int
    body: bytes
    end: int


@dataclass(frozen=True, slots=True, order=True)
class Segment:
    """A segment file of one writer."""

    writer: str
    number: int
    path: Path
    sealed: bool


def name_of(writer: str, number: int) -> str:
    """The name of a writer's open segment."""
    return f"{writer}.{number:010d}.open"


def frame(sort: int, events: int, body: bytes) -> bytes:
    """A frame as it stands in a segment."""
    begun = _ONE if events == 1 and sort == RECORD else _begun(events, sort)
    return _HEAD.pack(len(body), zlib.crc32(body, begun), events, sort) + body


@lru_cache(maxsize=64)
def _begun(events: int, sort: int) -> int:
    """The checksum up to the body."""
    return zlib.crc32(_SUMMED.pack(events, sort))


def tally_of(body: bytes) -> Tally:
    """The tally in the body of its frame."""
    return msgspec.json.decode(body, type=Tally)


def tally_frame(tally: Tally) -> bytes:
    """A frame that holds a tally."""
    return frame(TALLY, 0, msgspec.json.encode(tally))


def frames(content: bytes, start: int = 0) -> Iterator[Frame]:
    """The whole frames from offset `start`, up to the first that is torn or changed."""
    while len(content) - start >= _HEAD.size:
        length, checksum, count, sort = _HEAD.unpack_from(content, start)
        end = start + _HEAD.size + length
        if end > len(content):
            return
        body = content[start + _HEAD.size : end]
        if zlib.crc32(body, zlib.crc32(_SUMMED.pack(count, sort))) != checksum:
            return
        yield Frame(sort, count, body, end)
        start = end


def segments(folder: Path) -> list[Segment]:
    """Every segment in a spool folder, by writer and number; none where there is no folder."""
    found: dict[tuple[str, int], Segment] = {}
    try:
        names = os.listdir(folder)  # noqa: PTH208 - the poll of every tail; a Path per name costs ten times as much
    except FileNotFoundError:
        return []
    for name in names:
        match = _NAME.fullmatch(name)
        if match:
            writer, number = match[1], int(match[2])
            found[writer, number] = Segment(writer, number, folder / name, match[3] == "sealed")
    return [found[key] for key in sorted(found)]


def content_of(segment: Segment, start: int = 0) -> bytes | None:
    """The bytes of a segment from `start` on, also if it was sealed meanwhile; None where it is gone."""
    for path in (segment.path, segment.path.with_suffix(".sealed")):
        try:
            with path.open("rb") as file:
                file.seek(start)
                return file.read()
        except FileNotFoundError:
            continue
    return None


def read(folder: Path, after: Mapping[str, Position] | None = None) -> Iterator[tuple[Position, bytes]]:
    """The records of every writer after the positions given, in each writer's order of writing.

    Tails sealed and open segments alike and stops before a torn tail; call again for what came since.

    Args:
        folder: the spool.
        after: writer → position of the last record that was taken; from the first where a writer is absent.

    Raises:
        TelemetryError: a sealed segment is damaged; every record before the damage was given.
    """
    for segment in segments(folder):
        last = (after or {}).get(segment.writer)
        if last is not None and last.segment > segment.number:
            continue
        start = last.offset if last is not None and last.segment == segment.number else 0
        content = content_of(segment, start)
        if content is None:
            continue
        end = 0
        for item in frames(content):
            end = item.end
            if item.sort == RECORD:
                yield Position(segment.writer, segment.number, start + end), item.body
        if segment.sealed and end < len(content):
            raise damage(segment, start + end)


def damage(segment: Segment, offset: int) -> TelemetryError:
    """The error that a sealed segment deserves whose frame at `offset` is not whole."""
    return TelemetryError(
        f"{segment.path} is damaged at byte {offset}: everything before it was read; "
        "move the file out of the spool, look at the disk, and count what follows as lost"
    )


def mend(segment: Segment) -> None:
    """Seal a segment that a crash left open: cut its torn tail off, sync it, rename it; remove it if empty.

    Only for who holds the writer's lock.
    """
    content = segment.path.read_bytes()
    whole = 0
    for item in frames(content):
        whole = item.end
    if whole == 0:
        segment.path.unlink()
        return
    with segment.path.open("r+b") as file:
        file.truncate(whole)
        os.fsync(file.fileno())
    segment.path.rename(segment.path.with_suffix(".sealed"))
    sync_folder(segment.path.parent)


def settled(folder: Path, writer: str) -> Settled:
    """What became of the writer's segments that are gone.

    Raises:
        TelemetryError: the file that says so is damaged.
    """
    path = folder / f"{writer}.settled"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Settled)
    except FileNotFoundError:
        return Settled()
    except msgspec.MsgspecError as error:
        raise TelemetryError(f"{path} is damaged ({error}); restore it: it numbers the next segments") from error


def account(folder: Path, writer: str) -> Settled:
    """As `settled`, for who holds the writer's name or drains: opened durably where there is none yet.

    Raises:
        TelemetryError: the file is damaged.
        StoreError: it cannot be written.
    """
    found = settled(folder, writer)
    if not found.identity:
        found.identity = secrets.token_hex(8)
        settle(folder, writer, found)
    return found


def settle(folder: Path, writer: str, account: Settled) -> None:
    """Keep the account of the writer's segments that are done with, durably; the segments may go after this.

    Raises:
        StoreError: it cannot be written.
    """
    write_whole(folder / f"{writer}.settled", (msgspec.json.encode(account),))
