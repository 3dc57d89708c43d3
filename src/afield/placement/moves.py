"""Moves: which considerations are moved alone, through which values."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from afield.placement.considering import DEVICE, Number, changed, impossible, number_of, numbers
from afield.records.considerations import DESIGNS, Considerations

BEYOND = 1.02
"""A tip is checked so far beyond its value, and holds from there."""
FACTORS = (1 / 30, 1 / 10, 1 / 3, 3.0, 10.0, 30.0)
SHARES = (0.0, 0.01, 0.03, 0.1, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0)

VARIED = (
    "requests.rate", "devices", "requests.latency_s", "facts.every_s", "model.sync_s", "model.every_s",
    "requests.input_bytes", "costs.wrong", "costs.late", "costs.absent", "costs.server_hour",
)  # fmt: skip
"""Considerations that are moved by factors."""
VARIED_AT_DEVICES = ("round_trip_s", "price_gb", "speed", "energy_day", "memory")
"""Of the devices and their ways, moved by factors, all devices alike."""
VARIED_SHARES = (f"{DEVICE}.offline_share", "telemetry.least", "answers.unsure", "cache.share")

Changes = Callable[[float], Mapping[str, float]]
"""A value → what is changed, by name."""


@dataclass(frozen=True, slots=True)
class Move:
    """One consideration, moved alone.

    Attributes:
        name: of it.
        now: its value; of the place where people ask, where each device has its own.
        values: to walk through, ascending; only such as can be weighed.
        most: the greatest that it can be.
        changes: how it is set.
    """

    name: str
    now: float
    values: Sequence[float]
    most: float
    changes: Changes

    def outwards(self, *, above: bool) -> list[float]:
        """The values beyond what is now, nearest first."""
        if above:
            return [value for value in self.values if value > self.now]
        return [value for value in reversed(self.values) if value < self.now]

    def beyond(self, value: float, *, above: bool) -> float:
        """A value just beyond another."""
        return min(self.most, value * BEYOND) if above else value / BEYOND


def moves(considered: Considerations) -> Iterator[Move]:
    """Each consideration that is moved."""
    known = numbers(considered)
    for name in VARIED:
        if known[name].value > 0:
            yield _by_factors(considered, name, known[name], {name: known[name].value})
    for name in VARIED_AT_DEVICES:
        held = {f"{place.name}.{name}": known[f"{place.name}.{name}"] for place in considered.places[:-1]}
        asked = held[f"{considered.asked_at}.{name}"]
        moved = asked if asked.value else max(held.values(), key=lambda each: each.value)
        if moved.value > 0:
            own = {each: told.value for each, told in held.items() if told.value}
            yield _by_factors(considered, f"{DEVICE}.{name}", moved, own)
    for name in VARIED_SHARES:
        now = number_of(considered, name)
        yield _weighable(considered, Move(name, now.value, SHARES, now.range.most, _setting(name)))


def _by_factors(considered: Considerations, name: str, moved: Number, held: Mapping[str, float]) -> Move:
    """What is held moves by the same factors."""
    now = moved.value
    values = [now * factor for factor in FACTORS]
    return _weighable(considered, Move(name, now, values, moved.range.most, _scaling(now, held)))


def _weighable(considered: Considerations, move: Move) -> Move:
    values = [value for value in move.values if not impossible(changed(considered, move.changes(value)), DESIGNS)]
    return Move(move.name, move.now, values, move.most, move.changes)


def _setting(name: str) -> Changes:
    return lambda value: {name: value}


def _scaling(now: float, held: Mapping[str, float]) -> Changes:
    return lambda value: {name: own * value / now for name, own in held.items()}
