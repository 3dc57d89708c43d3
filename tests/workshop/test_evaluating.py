"""Scoring a release on any window: its slices, its rows, and lookback from the store."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.control.history import History
from afield.errors import DataError, ReleaseError, UsageError
from afield.records.facts import Window
from afield.store.tables import Tables
from afield.workshop.evaluating import read_slices, rows_to_score, with_lookback
from afield.workshop.plan import Build, Table
from afield.workshop.production import Production
from surge.building import build

START = datetime(2024, 2, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(START, START + DAY)
SLICES = {"busy": (1, 2), "top10": (1,)}

PLAN: Build = build({"slot": "60m"})


@dataclass
class Told:
    lines: list[str] = field(default_factory=list)

    def __call__(self, line: str) -> None:
        self.lines.append(line)


def facts(*, orders: list[datetime], zones: tuple[int, ...] = (1, 2, 3), name: str = "own") -> dict[str, pl.LazyFrame]:
    """Every table of surge: these orders, all in zone 1, and these zones, without places."""
    rows = {
        "orders": {
            "order_id": [f"{name}:{at:%m%dT%H%M}" for at in orders],
            "pickup_location": [1] * len(orders),
            "at": orders,
            "known_at": orders,
        },
        "zones": {"location_id": list(zones), "borough": [""] * len(zones), "zone": [""] * len(zones)},
        "coverage": {"start": [START], "end": [START + 2 * DAY]},
    }
    return {table: frame(table, declared, rows.get(table, {})) for table, declared in PLAN.tables.items()}


def frame(_name: str, declared: Table, columns: dict[str, list[object]]) -> pl.LazyFrame:
    length = len(next(iter(columns.values()), []))
    return pl.LazyFrame(
        {
            column: pl.Series(column, columns.get(column, [None] * length), dtype=kind)
            for column, kind in declared.schema.items()
        }
    )


@pytest.fixture
def store(tmp_path: Path) -> Tables:
    return Tables(tmp_path / "tables")


@pytest.fixture
def told() -> Told:
    return Told()


def times(history: dict[str, pl.LazyFrame]) -> list[datetime]:
    return history["orders"].collect()["at"].sort().to_list()


def test_orders_older_than_the_data_come_from_the_store(store: Tables, told: Told) -> None:
    own = facts(orders=[START + HOUR])
    older = [START - 8 * DAY, START - HOUR]
    store.append("orders", facts(orders=older, name="store")["orders"].collect())
    assert times(with_lookback(PLAN, own, store, WINDOW, told)) == [*older, START + HOUR]
    assert told.lines == [f"  2 rows of orders before {START} come from the store, for the lookback"]


def test_what_the_store_knows_of_the_data_themselves_does_not_count_twice(store: Tables, told: Told) -> None:
    own = facts(orders=[START + HOUR])
    store.append("orders", facts(orders=[START + HOUR, START + 2 * HOUR], name="store")["orders"].collect())
    assert times(with_lookback(PLAN, own, store, WINDOW, told)) == [START + HOUR]
    assert told.lines == []


def test_orders_that_two_builds_kept_count_once(store: Tables, told: Told) -> None:
    older = facts(orders=[START - HOUR], name="store")["orders"].collect()
    store.append("orders", older)
    store.append("orders", older)
    assert times(with_lookback(PLAN, facts(orders=[]), store, WINDOW, told)) == [START - HOUR]


@pytest.mark.parametrize("late_first", [False, True])
def test_which_copy_of_a_fact_counts_is_the_same_wherever_the_store_is_read(
    store: Tables, told: Told, late_first: bool
) -> None:
    early = facts(orders=[START - HOUR], name="store")["orders"].collect()
    late = early.with_columns(pl.col("known_at").dt.offset_by("5h"), pickup_location=pl.lit(9, pl.Int32))
    for copy in (late, early) if late_first else (early, late):
        store.append("orders", copy)
    history = History(store, {"orders": PLAN.tables["orders"]}, PLAN.features.lookback)
    history.load()
    found = [
        with_lookback(PLAN, facts(orders=[]), store, WINDOW, told),
        Production(store, PLAN.tables).read().tables,
        history.frames(START + DAY),
    ]
    assert [each["orders"].collect()["pickup_location"].to_list() for each in found] == [[1]] * 3


def test_nothing_older_than_the_lookback_is_brought(store: Tables, told: Told) -> None:
    too_old = START - PLAN.features.lookback - HOUR
    store.append("orders", facts(orders=[too_old, START - HOUR], name="store")["orders"].collect())
    assert times(with_lookback(PLAN, facts(orders=[]), store, WINDOW, told)) == [START - HOUR]


def test_an_empty_store_changes_nothing(store: Tables, told: Told) -> None:
    own = facts(orders=[START])
    assert with_lookback(PLAN, own, store, WINDOW, told) == own


def test_places_that_the_data_lack_come_from_the_store(store: Tables, told: Told) -> None:
    known = facts(orders=[], zones=(1, 2))["zones"].with_columns(lon=pl.lit(-73.9), lat=pl.lit(40.7))
    store.append("zones", known.collect())
    store.append("adjacency", pl.DataFrame({"zone_a": [1], "zone_b": [2]}, PLAN.tables["adjacency"].schema))
    made = with_lookback(PLAN, facts(orders=[START]), store, WINDOW, told)
    assert made["zones"].collect().sort("location_id")["lon"].to_list() == [-73.9, -73.9, None]
    assert made["adjacency"].collect().rows() == [(1, 2)]
    assert told.lines == ["  table adjacency is not in the data; that of the store is used"]


def test_of_what_two_builds_kept_the_newer_counts(store: Tables, told: Told) -> None:
    for lon in (-1.0, -2.0):
        store.append("zones", facts(orders=[])["zones"].with_columns(lon=pl.lit(lon)).collect())
    made = with_lookback(PLAN, facts(orders=[START]), store, WINDOW, told)
    assert made["zones"].collect()["lon"].unique().to_list() == [-2.0]


def test_a_row_for_every_zone_and_slot_of_the_window(told: Told) -> None:
    rows = rows_to_score(PLAN, facts(orders=[START]), WINDOW, SLICES, "all", told)
    assert (rows.height, told.lines) == (3 * 24, [])


def test_a_slice_keeps_its_keys_only(told: Told) -> None:
    rows = rows_to_score(PLAN, facts(orders=[START]), WINDOW, SLICES, "busy", told)
    assert set(rows["zone"]) == {1, 2}


def test_slots_that_the_data_do_not_cover_are_counted(told: Told) -> None:
    beyond = Window(START + DAY, START + 4 * DAY)
    rows = rows_to_score(PLAN, facts(orders=[START]), beyond, SLICES, "all", told)
    assert rows.height == 3 * 24
    assert "48 of the 72 slots" in told.lines[0]


@pytest.mark.parametrize(
    ("window", "zones", "error", "message"),
    [
        (WINDOW, "north", UsageError, "there is: all, busy, top10"),
        (Window(START + timedelta(minutes=5), START + DAY), "all", UsageError, "--from 2024-02-01 00:05:00"),
        (Window(START, START + timedelta(minutes=90)), "all", UsageError, "--to 2024-02-01 01:30:00"),
        (Window(START + 5 * DAY, START + 6 * DAY), "all", DataError, "the data cover 2024-02-01 00:00:00 to"),
    ],
)
def test_a_window_or_slice_that_does_not_fit_is_refused(
    window: Window, zones: str, error: type[Exception], message: str, told: Callable[[str], None]
) -> None:
    with pytest.raises(error, match=message):
        rows_to_score(PLAN, facts(orders=[START]), window, SLICES, zones, told)


def test_the_slices_of_a_release_are_read_from_its_table() -> None:
    stream = io.BytesIO()
    pl.DataFrame({"slice": ["busy", "top10", "busy"], "key": [7, 7, 9]}).write_ipc(stream)
    assert read_slices(stream.getvalue()) == {"busy": (7, 9), "top10": (7,)}


@pytest.mark.parametrize("arrow", [b"", b"not arrow"])
def test_a_table_of_slices_that_cannot_be_read_is_refused(arrow: bytes) -> None:
    with pytest.raises(ReleaseError, match="table of slices cannot be read"):
        read_slices(arrow)
