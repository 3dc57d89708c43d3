"""From a recorded answer back to its grounds."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.audit.tracing import trace
from afield.control.office import Office
from afield.errors import UsageError
from afield.features.compute import compute
from afield.records.traffic import Event
from afield.serving.inference import Rows
from afield.telemetry.delivery import EVENTS, event_rows
from afield.workshop.golden import as_columns
from afield.workshop.production import Production
from tests.workshop.village import UNTIL, copied

TICK = UNTIL - timedelta(hours=2)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """A village in which a forecast of its busiest zone was recorded."""
    office = copied(tmp_path_factory.getbasetemp(), tmp_path_factory.mktemp("traced"))
    plan, zone = office.plan, office.busiest()
    history = Production(office.tables, plan.tables).read().tables
    spine = pl.DataFrame({"zone": [int(zone)], "slot": [TICK]}, schema_overrides={"zone": plan.key_type})
    spine = spine.rename(dict(zip(spine.columns, (plan.features.keys[0], plan.features.origin), strict=True)))
    digest = office.actions.state.champion
    columns = as_columns(compute(plan.features, spine, history), plan.features.names)
    said = office.operate.infer(Rows.of(columns), office.shelf.release(digest).parts)
    event = Event(
        id="q1", unit=zone, arm="champion", release=digest, tick=TICK, inclusion=1.0, assignment=1.0, policy="all",
        rows="r" * 64, output={name: float(values[0]) for name, values in said.items()}, at=TICK,
    )  # fmt: skip
    odd = replace_output(event)
    office.tables.append(EVENTS, event_rows([event, odd]))
    return office


def replace_output(event: Event) -> Event:
    """The same forecast as somebody bent it."""
    return Event(
        **{name: getattr(event, name) for name in event.__struct_fields__ if name not in ("id", "output", "applied")},
        id="q2", output={**event.output, "forecast": 99.0}, applied=("guard:clamp",),
    )  # fmt: skip


def test_an_answer_leads_to_release_code_data_windows_and_seed(served: Office) -> None:
    found, manifest = trace(served, "q1"), served.shelf.bundle(served.actions.state.champion).manifest
    assert (found.release, found.code, found.seed) == (served.actions.state.champion, manifest.code, manifest.seed)
    assert (found.data, found.windows) == (manifest.data, manifest.windows)
    assert found.rows == "r" * 64
    assert served.datasets.open(found.data).tables["orders"].select(pl.len()).collect().item() > 0


def test_the_answer_is_computed_again_from_the_rows_that_could_be_seen(served: Office) -> None:
    found = trace(served, "q1")
    assert found.agrees
    assert found.again["forecast"] == pytest.approx(found.output["forecast"], rel=1e-4)
    assert set(found.features) == set(served.plan.features.names)


def test_the_rows_are_those_of_the_key_in_the_lookback_known_before_the_tick(served: Office) -> None:
    found = trace(served, "q1", shown=10**6)
    orders = next(each for each in found.history if each.table == "orders")
    zone = int(served.busiest())
    assert {row["pickup_location"] for row in orders.rows} == {zone}
    assert all(TICK - served.plan.features.lookback <= row["at"] and row["known_at"] < TICK for row in orders.rows)
    every = served.tables.scan("orders").filter(pl.col("pickup_location") == zone, pl.col("known_at") < TICK)
    since = TICK - served.plan.features.lookback
    assert orders.about == every.filter(pl.col("at") >= since).select(pl.len()).collect().item() == len(orders.rows)
    assert orders.seen > orders.about


def test_an_answer_that_does_not_follow_from_the_rows_is_told_with_what_was_applied(served: Office) -> None:
    found = trace(served, "q2")
    assert found.agrees is False
    assert "99 was recorded; applied was guard:clamp" in found.remarks[0]


def test_an_answer_that_nobody_recorded_is_refused_with_the_newest(served: Office) -> None:
    with pytest.raises(UsageError, match="no answer 'q9' was recorded; the newest is 'q"):
        trace(served, "q9")
    with pytest.raises(UsageError, match="of challenger"):
        trace(served, "q1", "challenger")


def test_without_any_answer_that_is_said(served: Office, tmp_path: Path) -> None:
    empty = replace(served, home=replace(served.home, root=tmp_path))
    with pytest.raises(UsageError, match="no answer has been recorded here yet"):
        trace(empty, "q1")
    assert np.isfinite(trace(served, "q1").again["forecast"])
