"""Emergencies in the city: nobody who flees is charged a surge."""

from datetime import datetime
from typing import Annotated

import msgspec

from afield.errors import ContradictionError
from afield.mitigation.emergencies import Emergency
from afield.mitigation.overrides import EVERYONE
from afield.records.decision import SLICE, Override
from afield.records.traffic import Fact
from surge.areas import AREAS

EVERYWHERE = "everywhere"
KIND = "emergency"


class EmergencyFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of an `emergency` fact: there is no surge in an area until its end.

    Attributes:
        area: an area of `surge.areas`, the id of a zone, or "everywhere".
        reason: what happens there, in one line.
        until: when it ends at the latest. It may be put off or brought forward by a later fact about the same area; a
            moment that is over ends it.
    """

    area: str
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    until: Annotated[datetime, msgspec.Meta(tz=False)]

    def __post_init__(self) -> None:
        """Refuse an area that is on no map of the city: nobody there would be spared."""
        if self.area not in (*AREAS, EVERYWHERE) and not (self.area.isascii() and self.area.isdecimal()):
            known = ", ".join((*AREAS, EVERYWHERE))
            raise ContradictionError(f"{self.area[:80]!r} is no area; there is: {known}, or the id of a zone", "area")


def spared(fact: Fact) -> Override:
    """The ordinary price in the area of an emergency until it ends, whatever else is set for a zone in it."""
    said = msgspec.convert(fact.fields, EmergencyFact)
    scope = EVERYONE if said.area == EVERYWHERE else SLICE + said.area if said.area in AREAS else said.area
    return Override(f"{KIND} {said.area}", scope, "multiplier", 1.0, said.reason, said.until, urgent=True)


EMERGENCY = Emergency(KIND, spared)
