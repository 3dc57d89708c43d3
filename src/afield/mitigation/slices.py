"""Slices of the units, by the names under which people switch a mode or set an override for all in one."""

from collections.abc import Callable, Mapping

Slices = Mapping[str, Callable[[str], bool]]
"""Name of a slice → whether a unit is in it."""

SLICE = "slice:"
"""Begins the scope of a mode or an override that holds for a slice, so that no unit is taken for one."""


def inside(scope: str, unit: str, slices: Slices) -> bool:
    """Whether a scope is a slice that holds the unit; a slice that is not declared holds nobody.

    >>> inside("slice:north", "12", {"north": lambda unit: int(unit) < 20})
    True
    """
    if not scope.startswith(SLICE):
        return False
    holds = slices.get(scope.removeprefix(SLICE))
    return holds is not None and holds(unit)
