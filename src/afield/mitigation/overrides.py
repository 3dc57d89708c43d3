"""Results set by hand, for one unit or all, until they expire."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from afield.records.applied import OVERRIDE
from afield.records.decision import Override

EVERYONE = "*"


def in_force(overrides: Iterable[Override], unit: str, at: datetime) -> tuple[Override, ...]:
    """Those that hold for `unit` at `at`: general ones first, so that the unit's own have the last word."""
    held = [one for one in overrides if at < one.expires and one.scope in (EVERYONE, unit)]
    return tuple(sorted(held, key=lambda one: one.scope != EVERYONE))


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
