"""What becomes of each stored field: kept, dropped, a keyed hash, or only as coarse as it is needed."""

import hashlib
import math
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch, Fact

Value = str | int | float | bool | None

_START = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A number becomes the lower edge of its bucket; what lies below the first edge counts with the first bucket.

    Attributes:
        edges: lower edges, growing.
    """

    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse edges that do not grow."""
        if not self.edges or any(low >= high for low, high in zip(self.edges, self.edges[1:], strict=False)):
            raise TelemetryError(f"bucket edges {self.edges}: give at least one, each above the one before")

    def coarse(self, value: Value) -> Value:
        """The lower edge of the value's bucket; None of what is no number."""
        number = _number(value)
        return None if number is None else self.edges[max(0, bisect_right(self.edges, number) - 1)]


@dataclass(frozen=True, slots=True)
class Grid:
    """A coordinate becomes the middle of its cell.

    Attributes:
        size: of a cell, in the unit of the coordinate (0.01 degrees of latitude are about 1.1 km).
    """

    size: float

    def __post_init__(self) -> None:
        """Refuse a size that is none."""
        if not (math.isfinite(self.size) and self.size > 0):
            raise TelemetryError(f"a cell of size {self.size}: give a number above 0")

    def coarse(self, value: Value) -> Value:
        """The middle of the value's cell; None of what is no number."""
        number = _number(value)
        return None if number is None else (math.floor(number / self.size) + 0.5) * self.size


@dataclass(frozen=True, slots=True)
class Places:
    """A place becomes the larger one that it lies in.

    Attributes:
        within: place → larger place, both as text.
        other: of places that are not named.
    """

    within: Mapping[str, str]
    other: str = "elsewhere"

    def coarse(self, value: Value) -> Value:
        """The larger place."""
        return self.within.get(str(value), self.other)


@dataclass(frozen=True, slots=True)
class Moments:
    """A moment becomes the begin of the stretch of time that it lies in.

    Attributes:
        step: length of a stretch; stretches are counted from 1970.
    """

    step: timedelta

    def __post_init__(self) -> None:
        """Refuse a step that is none."""
        if self.step <= timedelta(0):
            raise TelemetryError(f"moments by {self.step}: give a length above 0")

    def begin(self, moment: datetime) -> datetime:
        """Of the stretch."""
        return moment - (moment.replace(tzinfo=None) - _START) % self.step

    def coarse(self, value: Value) -> Value:
        """The begin, as ISO 8601 text; None of what is no moment."""
        try:
            return self.begin(datetime.fromisoformat(str(value))).isoformat()
        except ValueError:
            return None


Coarse = Bucket | Grid | Places | Moments
Privacy = Literal["keep", "drop", "hash"] | Coarse
Fields = Mapping[str, Privacy]


@dataclass(frozen=True, slots=True)
class MinimumGroup:
    """How many must be alike in what could tell them apart, in everything that is shown of rows (k-anonymity).

    Rows are stored one by one, so nothing can be hidden as they are recorded: `telemetry.anonymity.folded` holds to
    it where they are shown to others. Source: Sweeney, "k-anonymity: a model for protecting privacy" (2002).

    Attributes:
        by: columns that together could point at somebody: a slice, a coarse place, a coarse time (quasi-identifiers).
        size: members that each shown combination of their values has at least, 2 or more.
        person: column that tells members apart; "" where each row is a member of its own.
    """

    by: tuple[str, ...]
    size: int
    person: str = ""

    def __post_init__(self) -> None:
        """Refuse a group that hides nobody."""
        if self.size < 2 or not self.by or self.person in self.by:
            raise TelemetryError(
                f"a minimum group of {self.size} by {', '.join(self.by) or 'nothing'}: give a size of 2 or more and at "
                "least one column, and leave the person out of them"
            )


def check_fields(policy: str, fields: Fields) -> None:
    """Refuse rules that cannot be kept.

    Raises:
        TelemetryError: the unit is dropped or made coarse (it makes ids unique), `at` is not kept or coarse in time,
            or an output, which is a number, is hashed or taken for a place or a moment.
    """
    for name, rule in fields.items():
        if name == "unit":
            fits, allowed = rule in ("keep", "hash"), "the unit is kept or hashed (it makes ids unique)"
        elif name == "at":
            fits, allowed = rule == "keep" or isinstance(rule, Moments), "`at` is kept, or given Moments"
        else:
            fits = rule in ("keep", "drop") or isinstance(rule, Bucket | Grid)
            allowed = "an output is a number: it is kept, dropped, or given a Bucket or Grid"
        if not fits:
            raise TelemetryError(f"policy {policy!r}: {name!r} cannot be given {rule!r}; {allowed}")


def keyed_hash(key: bytes, value: str) -> str:
    """A pseudonym of `value`, 32 hex digits, that only holders of `key` can recompute.

    Raises:
        TelemetryError: the key is too short to hide anything.
    """
    if len(key) < 16:
        raise TelemetryError("the key of hashed fields has under 16 bytes; give a random one of 32")
    return hashlib.blake2b(value.encode(), key=key[:64], digest_size=16).hexdigest()


def protect_fact(fact: Fact, fields: Collection[str] | Fields, key: bytes) -> Fact:
    """The fact with these of its fields as their rules say; fields that are only named become keyed hashes.

    What a rule cannot make coarse is not stored: it becomes None.

    Raises:
        TelemetryError: the key is too short to hide anything.
    """
    rules: Fields = fields if isinstance(fields, Mapping) else dict.fromkeys(fields, "hash")
    held = {
        name: _protected(rule, fact.fields[name], key)
        for name, rule in rules.items()
        if rule != "keep" and fact.fields.get(name) is not None
    }
    return msgspec.structs.replace(fact, fields={**fact.fields, **held}) if held else fact


def protect(fields: Fields, event: Event | EventBatch, key: bytes = b"") -> Event | EventBatch:
    """The event with its fields as their rules say; fields without a rule are kept.

    Raises:
        TelemetryError: a field is to be hashed and the key is too short.
    """
    if not fields:
        return event
    hashed, moments = fields.get("unit") == "hash", fields.get("at")
    at = moments.begin(event.at) if isinstance(moments, Moments) else event.at
    if isinstance(event, EventBatch):
        units = tuple(keyed_hash(key, unit) for unit in event.units) if hashed else event.units
        columns = {name: _column(fields.get(name), column) for name, column in event.output.items()}
        kept = {name: column for name, column in columns.items() if column is not None}
        return msgspec.structs.replace(event, units=units, output=kept, at=at)
    single = {name: _column(fields.get(name), (value,)) for name, value in event.output.items()}
    output = {name: column[0] for name, column in single.items() if column is not None}
    unit = keyed_hash(key, event.unit) if hashed else event.unit
    return msgspec.structs.replace(event, unit=unit, output=output, at=at)


def _column(rule: Privacy | None, values: Sequence[float]) -> tuple[float, ...] | None:
    """The values of an output under its rule; None where they are dropped."""
    if rule == "drop":
        return None
    if not isinstance(rule, Bucket | Grid):
        return tuple(values)
    return tuple(math.nan if (held := _number(rule.coarse(value))) is None else held for value in values)


def _protected(rule: Privacy, value: Value, key: bytes) -> Value:
    if rule == "drop":
        return None
    return keyed_hash(key, str(value)) if isinstance(rule, str) else rule.coarse(value)


def _number(value: Value) -> float | None:
    if isinstance(value, bool | str) or value is None or math.isnan(value):
        return None
    return float(value)
