"""How a device stands: what is in force, what was last heard, what waits to be sent, and what is wrong."""

from datetime import datetime

import msgspec

from afield.records.traffic import Counts


class Standing(msgspec.Struct, frozen=True):
    """How a device stands.

    Attributes:
        release: in force, or "".
        last_good: the one before it, or "".
        sequence: the highest accepted; older releases are refused without a signed statement.
        tick: of the feature rows, or None.
        contact: domain time at which the service was last reached, or None.
        clock: seconds by which the device's clock is behind, 0.0 where it fits.
        events: where recorded answers went.
        facts: where facts and outcomes went.
        problem: what is wrong, in words; "" when nothing is.
    """

    release: str
    last_good: str
    sequence: int
    tick: datetime | None
    contact: datetime | None
    clock: float
    events: Counts
    facts: Counts
    problem: str
