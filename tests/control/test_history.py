"""The facts of the last weeks in memory."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from afield.control.history import History, as_frame
from afield.records.traffic import Fact
from afield.store.tables import Tables
from afield.workshop.plan import Table

MOMENT = pl.Datetime("us")
SPECS = {
    "orders": Table(
        {"order_id": pl.String, "zone": pl.Int32, "pickup_time": MOMENT, "at": MOMENT, "known_at": MOMENT},
        key=("order_id",),
        time="at",
        kind="order",
        identity="order_id",
    ),
    "weather": Table({"at": MOMENT, "known_at": MOMENT, "rain": pl.Float64}, key=("at",), time="at", kind="weather"),
    "matches": Table(
        {"match_id": pl.String, "starts_at": MOMENT, "known_at": MOMENT},
        key=("match_id",),
        time="starts_at",
        kind="match",
        identity="match_id",
    ),
    "zones": Table({"zone": pl.Int32}, key=("zone",)),
}
WEEK = timedelta(days=7)
NOON = datetime(2024, 3, 1, 12)


def order(number: int, at: datetime = NOON, **others: object) -> Fact:
    return Fact(f"o{number}", "order", at, fields={"zone": 7, **others})


@pytest.fixture
def store(tmp_path: Path) -> Tables:
    return Tables(tmp_path / "tables")


@pytest.fixture
def history(store: Tables) -> History:
    return History(store, SPECS, WEEK)


def held(history: History, name: str, before: datetime = NOON) -> pl.DataFrame:
    frame = history.frames(before)[name].collect()
    return frame.sort(frame.columns)


def test_a_fact_sent_twice_counts_once(history: History) -> None:
    assert history.take([order(1), order(2), order(1)]) == 2
    assert history.take([order(2), order(3)]) == 1
    assert held(history, "orders")["order_id"].to_list() == ["o1", "o2", "o3"]


def test_a_fact_of_a_kind_joins_its_table_with_its_fields_and_times(history: History) -> None:
    known = NOON + timedelta(minutes=5)
    history.take([Fact("o1", "order", NOON, known, {"zone": 7, "pickup_time": "2024-03-01T12:03:00.250000"})])
    pickup = datetime(2024, 3, 1, 12, 3, 0, 250000)
    assert held(history, "orders").rows() == [("o1", 7, pickup, NOON, known)]


def test_the_newest_fact_is_remembered_when_it_has_left_memory(history: History) -> None:
    assert history.newest(NOON) is None
    history.take([order(1), order(2, NOON + 2 * WEEK)])
    assert history.newest(NOON + WEEK) == NOON
    assert held(history, "orders", NOON + 4 * WEEK).is_empty()
    assert history.newest(NOON + WEEK) == NOON


def test_a_field_that_was_not_sent_is_null_and_a_fact_is_known_when_it_happened(history: History) -> None:
    history.take([Fact("o1", "order", NOON)])
    assert held(history, "orders").rows() == [("o1", None, None, NOON, NOON)]


def test_a_later_report_of_the_same_hour_replaces_the_earlier(history: History) -> None:
    history.take([Fact("first", "weather", NOON, fields={"rain": 1.0})])
    history.take([Fact("second", "weather", NOON, NOON + timedelta(hours=1), {"rain": 2.5})])
    assert held(history, "weather")["rain"].to_list() == [2.5]


def test_a_report_that_the_tables_hold_already_counts_once(store: Tables, history: History) -> None:
    report = Fact("2024-03-01T12:00:00", "weather", NOON, fields={"rain": 1.0})
    store.append("weather", as_frame([report], SPECS["weather"]))
    history.load()
    history.take([report])
    assert held(history, "weather").height == 1


def test_old_rows_leave_memory_and_what_a_tick_may_look_at_stays(history: History) -> None:
    history.take(order(day, NOON + timedelta(days=day)) for day in range(30))
    kept = held(history, "orders", NOON + timedelta(days=30))["at"]
    assert kept.min() == NOON + timedelta(days=23)
    assert kept.len() == 7


def test_what_happened_within_the_lookback_is_never_forgotten(history: History) -> None:
    facts = [order(hour, NOON + timedelta(hours=hour)) for hour in range(600)]
    for hour in range(0, 600, 24):
        history.take(facts[hour : hour + 24])
        before = NOON + timedelta(hours=hour + 24)
        inside = held(history, "orders", before).filter(pl.col("at") >= before - WEEK)
        assert inside.height == min(hour + 24, 168)


def test_memory_starts_with_the_lookback_before_the_newest_fact(store: Tables, history: History) -> None:
    facts = [order(day, NOON + timedelta(days=day)) for day in range(30)]
    store.append("orders", as_frame(facts, SPECS["orders"]))
    history.load()
    assert held(history, "orders", NOON)["at"].min() == NOON + timedelta(days=22)


def test_a_schedule_far_ahead_does_not_push_out_what_is_soon(store: Tables, history: History) -> None:
    soon = Fact("soon", "match", NOON, NOON, {"starts_at": (NOON + timedelta(days=1)).isoformat()})
    far = Fact("far", "match", NOON, NOON, {"starts_at": (NOON + timedelta(days=90)).isoformat()})
    store.append("matches", as_frame([soon, far], SPECS["matches"]))
    history.load()
    assert held(history, "matches")["match_id"].to_list() == ["far", "soon"]


def test_a_table_that_the_store_lacks_is_empty_and_one_without_time_is_whole(store: Tables, history: History) -> None:
    store.append("zones", pl.DataFrame({"zone": pl.Series([3, 4], dtype=pl.Int32)}))
    history.load()
    assert held(history, "zones")["zone"].to_list() == [3, 4]
    assert held(history, "weather").is_empty()


batches = st.lists(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=6), min_size=1, max_size=5)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=batches)
def test_loading_from_the_tables_gives_what_memory_held(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[tuple[int, int]]]
) -> None:
    store = Tables(tmp_path_factory.mktemp("tables"))
    lived = History(store, SPECS, WEEK)
    for place, batch in enumerate(batches):
        # The first report of an order stands, and of an hour's weather the one that became known last.
        known = NOON + timedelta(minutes=place)
        facts = [Fact(f"o{number}", "order", NOON, known, {"zone": zone}) for number, zone in batch]
        facts += [
            Fact(
                f"w{number}-{place}", "weather", NOON + timedelta(hours=number), known, {"rain": float(number + place)}
            )
            for number, _ in batch
        ]
        lived.take(facts)
        for name, spec in SPECS.items():
            rows = as_frame((fact for fact in facts if fact.kind == spec.kind), spec) if spec.kind else None
            if rows is not None and rows.height:
                store.append(name, rows)
    loaded = History(store, SPECS, WEEK)
    loaded.load()
    one, other = _all(lived), _all(loaded)
    for name in ("orders", "weather"):
        assert_frame_equal(one[name], other[name], check_row_order=False)
    again = [Fact(f"o{number}", "order", NOON, fields={"zone": 9}) for batch in batches for number, _ in batch]
    assert loaded.take(again) == 0, "what was loaded is known already"


def _all(history: History) -> Mapping[str, pl.DataFrame]:
    return {name: frame.collect() for name, frame in history.frames(NOON).items()}
