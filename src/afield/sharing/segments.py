"""Sealed segments of spools on their way through an object store: put by who accepted, taken by who delivers.

A segment is the object `spools/SERVICE/SPOOL/WRITER.NUMBER.SHA256.segment`. It is put before the spool lets it go, and
taken into a spool here before the object is removed: interrupted anywhere, it is somewhere, and its writer and number
see to it that it counts once.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from afield.control.joining import NAME
from afield.store.durable import write_whole
from afield.store.objects import Listed, Objects
from afield.telemetry.segments import frames, settled
from afield.telemetry.settlement import hand_on

SPOOLS = ("facts", "telemetry")
FOLDER, ASIDE = "spools", "aside"
LARGEST = 2**28

_NAME = NAME.pattern
_KEY = re.compile(rf"{FOLDER}/({_NAME})/({'|'.join(SPOOLS)})/({_NAME})\.(\d{{10}})\.([0-9a-f]{{64}})\.segment")


class Sender:
    """Puts the sealed segments of one service's spools into the store, in the order in which they were written."""

    def __init__(self, objects: Objects, spools: Path, name: str) -> None:
        """Send what lies below `spools`, in `facts` and `telemetry`, as the service `name`."""
        self._objects, self._spools, self._name = objects, spools, name

    def step(self) -> int:
        """Send every sealed segment, and what writers that were killed left; how many events and facts went.

        Raises:
            StoreError: the store does not take them; they stay.
            TelemetryError: a segment is damaged on this disk: what stands before the damage went, the rest is aside.
        """
        return sum(hand_on(self._spools / spool, partial(self._put, spool)) for spool in SPOOLS)

    def _put(self, spool: str, writer: str, number: int, content: bytes) -> None:
        digest = hashlib.sha256(content).hexdigest()
        self._objects.put(f"{FOLDER}/{self._name}/{spool}/{writer}.{number:010d}.{digest}.segment", content)


@dataclass(frozen=True, slots=True)
class _Arrival:
    """A segment in the store, as its key says."""

    listed: Listed
    service: str
    spool: str
    writer: str
    number: int
    digest: str


class Collector:
    """Takes segments out of the store into spools, from which they are delivered like those of this host."""

    def __init__(self, objects: Objects, spools: Path, tell: Callable[[str], None]) -> None:
        """Take them into `spools/SERVICE/SPOOL`; `tell` is told what is set aside."""
        self._objects, self._spools, self._tell = objects, spools, tell

    def step(self) -> int:
        """Take what is there, each writer's segments in their order; how many were.

        Raises:
            StoreError: the store does not answer, or this disk takes no more; the rest stays in the store.
            TelemetryError: an account of what was delivered before is damaged; the same.
        """
        arrivals = [arrival for each in self._objects.listed(FOLDER) if (arrival := _arrival(each)) is not None]
        return sum(self._take(arrival) for arrival in arrivals)

    def _take(self, arrival: _Arrival) -> bool:
        folder, key = self._spools / arrival.service / arrival.spool, arrival.listed.key
        if arrival.number > settled(folder, arrival.writer).through:
            content = self._whole(arrival)
            if content is None:
                self._objects.move(key, f"{ASIDE}/{key}")
                self._tell(
                    f"{self._objects.url}/{key} is not what was sent: it was set aside as {ASIDE}/{key}, and nothing "
                    "of it counts; where its sender still has it, it comes again"
                )
                return False
            write_whole(folder / f"{arrival.writer}.{arrival.number:010d}.sealed", (content,))
        self._objects.remove(key)
        return True

    def _whole(self, arrival: _Arrival) -> bytes | None:
        """The segment, if it is what its key says; None where it was changed, cut short or is far too large."""
        if arrival.listed.size > LARGEST:
            return None
        found = self._objects.fetch(arrival.listed.key, count=LARGEST) if arrival.listed.size else None
        content = found.content if found is not None else b""
        end = 0
        for frame in frames(content):
            end = frame.end
        if not content or end < len(content) or hashlib.sha256(content).hexdigest() != arrival.digest:
            return None
        return content


def _arrival(listed: Listed) -> _Arrival | None:
    """What a key says; None where it is not a segment's: what somebody else put there is let alone."""
    found = _KEY.fullmatch(listed.key)
    return _Arrival(listed, found[1], found[2], found[3], int(found[4]), found[5]) if found else None
