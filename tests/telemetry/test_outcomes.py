"""Outcomes: late, repeated, corrected; joined to the events that they answer."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.errors import StoreError
from afield.records.facts import Window
from afield.records.traffic import Event, EventBatch, Outcome
from afield.store.tables import Tables
from afield.telemetry.delivery import event_rows
from afield.telemetry.expected import Expectation
from afield.telemetry.outcomes import joined, latest, outcome_rows, store_outcomes

T0 = datetime(2023, 7, 1)
SLOT = timedelta(minutes=15)
DAY = Window(T0, T0 + timedelta(days=1))


def batch(tick: datetime, arm: str = "champion") -> EventBatch:
    name = f"{tick.isoformat()}:{arm}"
    return EventBatch(name, ("74", "75"), arm, "r", tick, 0.5, 1.0, "p", "v", {"forecast": (1.0, 2.0)}, tick)


def outcome(
    name: str,
    value: float,
    key: str = "74",
    tick: datetime = T0,
    late: timedelta = SLOT,
    supersedes: str | None = None,
    source: str = "counted",
) -> Outcome:
    return Outcome(name, key, tick, tick + late, source, value, supersedes)


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def truths(found: pl.DataFrame) -> dict[tuple[str, str], float | None]:
    return {(arm, unit): truth for arm, unit, truth in found.select("arm", "unit", "truth").iter_rows()}


def test_an_outcome_answers_every_arm_of_its_unit_and_tick(tables: Tables) -> None:
    tables.append("predictions", event_rows([batch(T0), batch(T0, "baseline"), batch(T0 + SLOT)]))
    store_outcomes(tables, [outcome("a", 3.0), outcome("b", 0.0, key="75")])
    found = joined(tables, DAY)
    assert truths(found) == {
        ("baseline", "74"): 3.0,
        ("baseline", "75"): 0.0,
        ("champion", "74"): 3.0,
        ("champion", "75"): 0.0,
    }
    assert set(found["inclusion"]) == {0.5}
    assert found["known_at"].to_list() == [T0 + SLOT] * 4


def test_events_that_wait_for_their_outcome_come_on_request(tables: Tables) -> None:
    tables.append("predictions", event_rows([batch(T0)]))
    store_outcomes(tables, [outcome("a", 3.0)])
    assert truths(joined(tables, DAY, pending=True)) == {("champion", "74"): 3.0, ("champion", "75"): None}


def test_the_window_is_half_open(tables: Tables) -> None:
    ticks = [T0 - SLOT, T0, DAY.end - SLOT, DAY.end]
    tables.append("predictions", event_rows([batch(tick) for tick in ticks]))
    store_outcomes(tables, [outcome(str(tick), 1.0, tick=tick) for tick in ticks])
    assert joined(tables, DAY)["tick"].to_list() == [T0, DAY.end - SLOT]


def test_an_outcome_counts_from_the_moment_it_was_known(tables: Tables) -> None:
    tables.append("predictions", event_rows([batch(T0)]))
    store_outcomes(tables, [outcome("a", 3.0), outcome("b", 5.0, late=4 * SLOT, supersedes="a")])
    assert joined(tables, DAY, T0).height == 0
    assert joined(tables, DAY, T0 + SLOT)["truth"].to_list() == [3.0]
    assert joined(tables, DAY, T0 + 4 * SLOT)["truth"].to_list() == [5.0]
    assert joined(tables, DAY)["truth"].to_list() == [5.0]


def test_an_outcome_or_event_that_is_sent_again_counts_once(tables: Tables) -> None:
    for _ in range(3):
        tables.append("predictions", event_rows([batch(T0)]))
        store_outcomes(tables, [outcome("a", 3.0), outcome("a", 99.0, late=4 * SLOT)])
    found = joined(tables, DAY)
    assert found["truth"].to_list() == [3.0]


def test_an_outcome_named_by_id_stands_before_one_of_its_unit_and_tick(tables: Tables) -> None:
    answers = [
        Event(name, "74", "champion", "r", T0, 1.0, 1.0, "p", "v", {"forecast": 1.0}, T0) for name in ("e1", "e2")
    ]
    tables.append("predictions", event_rows(answers))
    store_outcomes(tables, [outcome("a", 3.0), outcome("b", 7.0, key="e1")])
    assert dict(joined(tables, DAY).select("id", "truth").iter_rows()) == {"e1": 7.0, "e2": 3.0}


def test_a_chain_of_corrections_ends_in_the_last() -> None:
    chain = [outcome("a", 1.0), outcome("b", 2.0, late=2 * SLOT, supersedes="a")]
    chain += [outcome("c", 3.0, late=3 * SLOT, supersedes="b")]
    for order in (chain, chain[::-1]):
        assert latest(outcome_rows(order))["value"].to_list() == [3.0]
        assert latest(outcome_rows(order), T0 + 2 * SLOT)["value"].to_list() == [2.0]


def test_of_two_sources_the_one_known_last_stands() -> None:
    rows = outcome_rows([outcome("a", 1.0, late=2 * SLOT, source="auditor"), outcome("b", 2.0)])
    assert latest(rows)["value"].to_list() == [1.0]


def test_the_truth_stands_before_a_proxy_however_late_the_proxy_comes() -> None:
    rows = outcome_rows([outcome("a", 1.0, late=2 * SLOT, source="clicks"), outcome("b", 2.0)])
    assert latest(rows, expected=Expectation(proxies=("clicks",)))["value"].to_list() == [2.0]


def test_an_outcome_says_by_whom_it_is_known(tables: Tables) -> None:
    tables.append("predictions", event_rows([batch(T0)]))
    store_outcomes(tables, [outcome("a", 3.0, source="clicks")])
    assert dict(joined(tables, DAY, pending=True).select("unit", "source").iter_rows()) == {"74": "clicks", "75": None}


def test_what_is_set_aside_is_not_joined(tables: Tables) -> None:
    tables.append("predictions", event_rows([batch(T0)]))
    store_outcomes(tables, [outcome("a", -3.0), outcome("b", 1.0, key="75", late=-SLOT)])
    assert joined(tables, DAY, expected=Expectation(low=0.0)).height == 0


def test_a_correction_may_be_about_another_key() -> None:
    rows = outcome_rows([outcome("a", 1.0), outcome("b", 2.0, key="75", late=2 * SLOT, supersedes="a")])
    assert latest(rows).select("key", "value").rows() == [("75", 2.0)]


def test_without_tables_nothing_is_joined(tables: Tables) -> None:
    assert joined(tables, DAY).height == 0
    tables.append("predictions", event_rows([batch(T0)]))
    assert joined(tables, DAY).height == 0
    assert joined(tables, DAY, pending=True).height == 2


def test_a_day_reads_as_many_rows_as_it_has_among_many(tables: Tables) -> None:
    for day in range(5):
        ticks = [T0 + timedelta(days=day) + number * SLOT for number in range(96)]
        tables.append("predictions", event_rows([batch(tick) for tick in ticks]))
        rows = [outcome(f"{tick}{unit}", 1.0, unit, tick) for tick in ticks for unit in ("74", "75")]
        store_outcomes(tables, rows, writer="supervisor", transaction=day)
    found = joined(tables, Window(T0 + timedelta(days=2), T0 + timedelta(days=3)))
    assert found.height == 192
    assert found["tick"].is_sorted()


def test_rows_of_another_shape_are_refused(tables: Tables) -> None:
    with pytest.raises(StoreError, match="outcomes have the columns id, key"):
        store_outcomes(tables, pl.DataFrame({"id": ["a"]}))
