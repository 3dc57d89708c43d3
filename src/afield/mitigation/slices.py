"""Slices of the units, by the names under which people switch a mode or set an override for all in one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from afield.records.decision import SLICE
from afield.records.traffic import Mode

Slices = Mapping[str, Callable[[str], bool]]
"""Name of a slice → whether a unit is in it."""


@dataclass(frozen=True, slots=True)
class Sliced:
    """Slices of the things found in requests, where an application finds them there: a mode may hold for one.

    Attributes:
        holds: name of a slice → whether a thing is in it.
        bounded: a thing and the most that it may be shown as → the thing, as the conclusion is to see it.
    """

    holds: Mapping[str, Callable[[object], bool]]
    bounded: Callable[[object, Mode], object]


def inside(scope: str, unit: str, slices: Slices) -> bool:
    """Whether a scope is a slice that holds the unit; a slice that is not declared holds nobody.

    >>> inside("slice:north", "12", {"north": lambda unit: int(unit) < 20})
    True
    """
    if not scope.startswith(SLICE):
        return False
    holds = slices.get(scope.removeprefix(SLICE))
    return holds is not None and holds(unit)
