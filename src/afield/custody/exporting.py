"""Recorded answers for others to read: without ids, and no group of them smaller than the policy's minimum."""

import polars as pl

from afield.application import Operate
from afield.errors import UsageError
from afield.records.facts import Window
from afield.store.tables import Tables
from afield.telemetry.anonymity import Folded, folded
from afield.telemetry.delivery import OUTPUT
from afield.telemetry.outcomes import joined

_WHO, _FIGURES = ("arm", "release", "mode"), ("inclusion", "assignment", "truth")


def exported(tables: Tables, operate: Operate, window: Window) -> Folded:
    """The answers that clients got in a window of ticks, with what came true where it is known.

    Columns are those of the minimum group, who answered, probabilities, outputs and `truth`: what else is recorded
    (ids, moments, versions of features) could tell rows apart.

    Raises:
        UsageError: the telemetry policy declares no minimum group.
        TelemetryError: it names a column that is not recorded.
        StoreError: a table cannot be read.
    """
    minimum = operate.telemetry.minimum_group
    if minimum is None:
        raise UsageError(
            f"the telemetry policy {operate.telemetry.name!r} declares no minimum group, so no rows are given away; "
            'declare one: Policy(minimum_group=MinimumGroup(by=("unit", "tick"), size=10))'
        )
    made = joined(tables, window, pending=True, expected=operate.outcomes).filter(pl.col("kind") == "answer")
    outputs = [name for name in made.columns if name.startswith(OUTPUT)]
    names = dict.fromkeys((*minimum.by, minimum.person, *_WHO, *_FIGURES, *outputs))
    return folded(made.select(name for name in names if name in made.columns), minimum)
