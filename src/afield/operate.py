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


def turn(room: Room, tick: datetime) -> None:
    """Turn the loop once by hand: what is due is measured and selected; ladder and triggers are asked in any case."""
    room.follow(tick)
    room.forecast(room.publish(tick))
    room.offer(tick)
    room.deliver()
    for chunk in room.chunks_due(tick):
        room.collect(chunk)
        room.measure(chunk)
        room.select(chunk)
    room.climb(tick)
    room.retrain(tick)
