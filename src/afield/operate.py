"""The operate loop, in order: the only place where serving, telemetry, monitoring and rollout meet."""

from collections.abc import Iterable
from datetime import datetime

from afield.control.room import Room


def operate(room: Room, ticks: Iterable[datetime]) -> None:
    """Turn the loop once for each tick; `ticks` ends when the service does."""
    for tick in ticks:
        rows = room.publish(tick)
        room.forecast(rows)
        if room.chunk_ends(tick):
            chunk = room.deliver(tick)
            room.collect(chunk)
            room.measure(chunk)
            room.climb(tick)
            room.retrain(tick)
