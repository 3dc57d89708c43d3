"""Results set by hand, for one unit, a slice or all, until they expire."""

from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from afield.mitigation.guards import Guard
from afield.mitigation.slices import Slices, inside
from afield.records.applied import OVERRIDE
from afield.records.decision import Override

EVERYONE = "*"


def in_force(
    overrides: Iterable[Override], unit: str, at: datetime, slices: Slices | None = None
) -> tuple[Override, ...]:
    """Those that hold for `unit` at `at`: for all, its slices', its own, and urgent ones, which have the last word."""
    known = slices or {}
    held = [one for one in overrides if at < one.expires and _holds(one.scope, unit, known)]
    return tuple(sorted(held, key=lambda one: (one.urgent, (one.scope == unit) - (one.scope == EVERYONE))))


def overridden(values: Mapping[str, float], overrides: Iterable[Override]) -> tuple[dict[str, float], tuple[str, ...]]:
    """`values` with the overridden ones replaced, and the names of the overrides that did so.

    An override of an output that `values` does not hold changes nothing here.
    """
    result = dict(values)
    names = []
    for one in overrides:
        if one.output in result:
            result[one.output] = one.value
            names.append(OVERRIDE + one.name)
    return result, tuple(names)


def contradicted(guards: Iterable[Guard], output: str, value: float) -> tuple[str, ...]:
    """The guards that would never let `value` stand as `output`, whatever was answered before; by name."""
    return tuple(
        guard.name
        for guard in guards
        if guard.output == output and guard(outputs := {output: np.array([value])}, _nothing) is not outputs
    )


def _holds(scope: str, unit: str, slices: Slices) -> bool:
    return scope in (EVERYONE, unit) or inside(scope, unit, slices)


def _nothing(_: str) -> NDArray[np.float64]:
    """Nothing was answered before."""
    return np.array([np.nan])
