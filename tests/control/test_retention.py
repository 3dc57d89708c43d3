"""Rows that grew older than they are kept go, once a day, and the ledger says how many."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from afield.clock import SimulatedClock
from afield.control.office import Office
from afield.control.retention import Retention
from afield.errors import UsageError
from afield.records.traffic import EventBatch, Outcome
from afield.store.ledger import Ledger
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from afield.telemetry.outcomes import store_outcomes
from afield.telemetry.sketches import Sketcher
from afield.telemetry.summaries import SKETCHES, sketch_rows
from afield.testing.toy import operate, toy
from afield.workshop.plan import Table

T0 = datetime(2026, 3, 2)
DAY = timedelta(days=1)


def office(root: Path, **kept: timedelta) -> Office:
    """As much of one as retention needs: a toy with a table of sales, and ten days of telemetry."""
    sales = Table(schema={}, key=("sale",), time="at", kind="sale", identity="sale")
    plan = SimpleNamespace(tables={"sales": sales}, features=SimpleNamespace(lookback=7 * DAY))
    made = SimpleNamespace(
        application=toy(),
        home=SimpleNamespace(store=root / "tables"),
        plan=plan,
        operate=replace(operate({}), retention=kept),
        clock=SimulatedClock(T0),
        ledger=Ledger(f"sqlite:///{root}/ledger.db"),
    )
    tables = Tables(root / "tables")
    for n in range(10):
        t = T0 + n * DAY
        batch = EventBatch(str(t), ("a", "b"), "champion", "r", t, 1.0, 1.0, "p", "v", {"forecast": (1.0, 2.0)}, t)
        tables.append("predictions", event_rows([batch]), writer="w", transaction=n + 1)
        store_outcomes(tables, [Outcome(str(t), "a", t, t, "counted", 1.0)])
    return cast(Office, made)


def test_what_is_too_old_is_deleted_and_noted_and_the_rest_stays(tmp_path: Path) -> None:
    opened = office(tmp_path, predictions=4 * DAY)
    assert Retention(opened).enforce(T0 + 9 * DAY) == 10
    tables = Tables(tmp_path / "tables")
    assert tables.scan("predictions").collect()["tick"].min() == T0 + 5 * DAY
    assert tables.scan("outcomes").collect().height == 10
    assert tables.transaction("predictions", "w") == 10
    (row,) = opened.ledger.entries("toy")
    assert (row.kind, row.subject, row.evidence) == ("expired", "predictions", {"rows": 10.0})


def test_it_is_looked_at_once_a_day(tmp_path: Path) -> None:
    retention = Retention(office(tmp_path, outcomes=4 * DAY))
    found = [retention.enforce(T0 + 9 * DAY + hours * DAY / 24) for hours in (0, 12, 24)]
    assert found == [5, 0, 1]


def test_a_table_that_is_not_there_yet_is_passed_over(tmp_path: Path) -> None:
    assert Retention(office(tmp_path, labels=DAY)).enforce(T0 + 99 * DAY) == 0


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ({"dreams": DAY}, "rows that grow old are in"),
        ({"predictions": timedelta(hours=1)}, "under a day"),
        ({"sales": 3 * DAY}, "features look back 7"),
    ],
)
def test_what_cannot_be_kept_so_is_refused(tmp_path: Path, kept: dict[str, timedelta], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Retention(office(tmp_path, **kept))


def test_sketches_of_hours_that_are_over_are_merged_though_nothing_is_to_be_deleted(tmp_path: Path) -> None:
    retention, tables = Retention(office(tmp_path)), Tables(tmp_path / "tables")
    for _ in range(5):
        sketcher = Sketcher()
        sketcher.see([EventBatch("b", ("a",), "champion", "r", T0, 1.0, 1.0, "p", "v", {"forecast": (1.0,)}, T0)])
        taken = sketcher.take()
        assert taken is not None
        tables.append(SKETCHES, sketch_rows([taken]))
    assert retention.enforce(T0 + 2 * DAY) == 0
    assert tables.scan(SKETCHES).collect()["events"].to_list() == [5, 5]
