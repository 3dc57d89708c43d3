"""The ride order: the one record that every source of surge gives and every quote asks about."""

from datetime import datetime

import msgspec


class Order(msgspec.Struct, frozen=True, omit_defaults=True):
    """A rider asks for a ride.

    Attributes:
        pickup_location: zone where the rider stands.
        target_location: zone where the rider wants to go; null where the source does not know it.
        order_time: when the rider asked, local clock; null where only the pickup is known.
        pickup_time: when the ride began, local clock; null until it did.
        user_id: who asked; null where the source does not know it, never invented.
    """

    pickup_location: int
    target_location: int | None = None
    order_time: datetime | None = None
    pickup_time: datetime | None = None
    user_id: str | None = None
