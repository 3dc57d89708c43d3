"""What a process knows at one moment: feature rows, control state and releases, swapped as one reference."""

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from afield.errors import ContradictionError, UnknownKeyError
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.traffic import Query
from afield.serving.inference import Rows
from afield.serving.releases import Release

REACH = timedelta(days=1)
# A key beyond this many times the largest is on no map of the place, not only outside the rows.
FAR = 10


@dataclass(frozen=True, slots=True)
class Situation:
    """Immutable; a worker reads it once per request.

    Attributes:
        rows: the newest feature rows, or None before the first.
        control: who answers, in which stage and mode.
        releases: the loaded releases by digest.
        problem: what is wrong, in words; "" when nothing is.
        columns: the columns of `rows` as one block.
        places: key → its row.
        tick: the tick of `rows` in ISO 8601, "" without rows.
        largest: the largest of keys that are whole numbers, 0 where none is.
        terms: digest of what the control state says; its number and its clock are left out, so that processes with
            supervisors of their own agree about it.
    """

    rows: FeatureRows | None
    control: ControlState
    releases: Mapping[str, Release] = field(default_factory=dict)
    problem: str = ""
    columns: Rows = field(init=False)
    places: Mapping[str, int] = field(init=False)
    tick: str = field(init=False)
    largest: int = field(init=False)
    terms: str = field(init=False)

    def __post_init__(self) -> None:
        """Index the rows, away from the request path."""
        keys = self.rows.keys if self.rows else ()
        object.__setattr__(self, "columns", Rows.of(self.rows.columns if self.rows else {}))
        object.__setattr__(self, "places", {key: place for place, key in enumerate(keys)})
        object.__setattr__(self, "tick", self.rows.tick.isoformat() if self.rows else "")
        object.__setattr__(self, "largest", max((int(key) for key in keys if key.isdecimal()), default=0))
        said = msgspec.structs.replace(self.control, version=0, now=None)
        object.__setattr__(self, "terms", hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:16])

    def place(self, query: Query, now: datetime, step: timedelta) -> int | None:
        """The row that answers a query; None before the first snapshot.

        Raises:
            UnknownKeyError: the key has no row (before the first snapshot: the champion's kit is a container of keys,
                and it is not in it), or another key lies far outside.
            ContradictionError: the moment is far from the rows and from `now`.
        """
        if self.rows is None:
            champion = self.releases.get(self.control.champion)
            if champion and isinstance(champion.kit, Container) and query.key not in champion.kit:
                raise UnknownKeyError(f"nothing is known of {query.key[:80]!r}: the release was not trained on it")
            return None
        place = self.places.get(query.key)
        if place is None:
            there = f"it is not one of the {len(self.places)} keys"
            raise UnknownKeyError(f"nothing is known of {query.key[:80]!r}: {there}")
        for name, key in query.others.items():
            if key > FAR * self.largest:
                raise UnknownKeyError(f"{key} lies far outside the known keys, which end at {self.largest}", name)
        tick = self.rows.tick
        if query.at < tick - step:
            raise ContradictionError(f"{query.at} is over; the service stands at {tick}")
        if query.at > max(now, tick + step) + REACH:
            raise ContradictionError(f"{query.at} is too far ahead; the service stands at {tick}")
        return place
