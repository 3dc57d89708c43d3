"""The operate loop, in order, tick by tick; what happens in each step stands in the control room."""

from collections.abc import Iterable
from datetime import datetime

from afield.control.room import Room


def operate(room: Room, ticks: Iterable[datetime]) -> None:
    """Turn the loop once for each tick; `ticks` ends when the service does."""
    for tick in ticks:
        rows = room.publish(tick)
        room.forecast(rows)
        room.offer(tick)
        chunks = room.chunks_due(tick)
        if chunks:
            room.deliver()
            for chunk in chunks:
                room.collect(chunk)
                room.measure(chunk)
                room.select(chunk)
            room.climb(tick)
            room.retrain(tick)
