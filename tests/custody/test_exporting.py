"""Answers for others to read: no ids, nobody alone, totals as they are."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afield.application import Operate
from afield.custody.exporting import exported
from afield.errors import TelemetryError, UsageError
from afield.records.facts import Window
from afield.records.traffic import Event, Outcome
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from afield.telemetry.outcomes import store_outcomes
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import MinimumGroup
from afield.testing.toy import operate

T0 = datetime(2026, 3, 2)
DAY = Window(T0, T0 + timedelta(days=1))


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Twelve answers in the east and one in the west, each at a moment of its own; what came true is known of one."""
    tables = Tables(tmp_path)
    asked = [(f"a{number}", "east") for number in range(12)] + [("alone", "west")]
    tables.append(
        "predictions",
        event_rows(
            [
                Event(name, unit, "champion", "r", T0, 1.0, 1.0, "p", "v", {"forecast": 1.0}, T0 + timedelta(seconds=n))
                for n, (name, unit) in enumerate(asked)
            ]
        ),
    )
    store_outcomes(tables, [Outcome("o", "alone", T0, T0 + timedelta(hours=1), "counted", 7.0)])
    return tables


def declared(minimum: MinimumGroup | None) -> Operate:
    return replace(operate({}), telemetry=Policy(name="p", minimum_group=minimum))


def test_rows_leave_without_ids_and_moments_and_nobody_stands_alone(tables: Tables) -> None:
    found = exported(tables, declared(MinimumGroup(("unit", "tick"), 5)), DAY)
    assert set(found.rows.columns) == {
        *("unit", "tick", "arm", "release", "mode", "inclusion", "assignment", "truth", "output_forecast"),
    }
    assert (found.groups, found.folded) == (0, 2), "the one in the west would be the rest"
    assert found.rows["unit"].null_count() == found.rows.height == 13
    assert found.rows["truth"].drop_nulls().to_list() == [7.0]


def test_nothing_leaves_where_no_minimum_is_declared_or_it_cannot_be_held_to(tables: Tables) -> None:
    with pytest.raises(UsageError, match="declares no minimum group"):
        exported(tables, declared(None), DAY)
    with pytest.raises(TelemetryError, match="names suburb"):
        exported(tables, declared(MinimumGroup(("suburb",), 5)), DAY)
    assert exported(tables, declared(MinimumGroup(("unit",), 50)), DAY).rows.is_empty()
