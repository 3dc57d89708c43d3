"""Sketches of all traffic as they stand in a spool: bytes that whoever reads them opens with Apache DataSketches."""

from datetime import datetime

import msgspec


class Spread(msgspec.Struct, frozen=True):
    """The values of one output.

    Attributes:
        values: how many were numbers.
        missing: how many were not finite.
        quantiles: a serialized KLL sketch of the numbers.
        distinct: a serialized CPC sketch of the numbers.
    """

    values: int
    missing: int
    quantiles: bytes
    distinct: bytes


class Sketch(msgspec.Struct, frozen=True):
    """The traffic of one arm with one release in one hour of domain time, or the part of it that one process saw.

    Attributes:
        release: digest of the release that answered.
        arm: of its events.
        hour: at which it begins.
        events: how many there were.
        units: a serialized CPC sketch of the units, as the policy lets them be stored.
        outputs: the values of each output.
    """

    release: str
    arm: str
    hour: datetime
    events: int
    units: bytes
    outputs: dict[str, Spread]


class Sketched(msgspec.Struct, frozen=True):
    """Sketches as they stand in a spool, in a record that stands for no events."""

    sketches: tuple[Sketch, ...]
