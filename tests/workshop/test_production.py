"""Production data as a source of a build."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.errors import DataError
from afield.store.tables import Tables
from afield.workshop.plan import Table
from afield.workshop.production import Production

MOMENT = pl.Datetime("us")
SPECS = {
    "orders": Table({"id": pl.String, "at": MOMENT, "known_at": MOMENT}, ("id",), "at", "order", "id"),
    "weather": Table({"at": MOMENT, "known_at": MOMENT, "rain": pl.Float64}, ("at",), "at", "weather"),
    "zones": Table({"zone": pl.Int32}, ("zone",)),
}
NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)


@pytest.fixture
def store(tmp_path: Path) -> Tables:
    return Tables(tmp_path)


def keep(store: Tables, name: str, *rows: tuple[object, ...]) -> None:
    store.append(name, pl.DataFrame(list(rows), schema=dict(SPECS[name].schema), orient="row"))


def test_an_order_that_was_sent_twice_is_read_once_as_it_first_came(store: Tables) -> None:
    keep(store, "orders", ("a", NOON, NOON), ("b", NOON, NOON))
    keep(store, "orders", ("a", NOON + HOUR, NOON + HOUR))
    extract = Production(store, SPECS).read()
    assert extract.tables["orders"].sort("id").collect()["at"].to_list() == [NOON, NOON]
    assert extract.rows_read == 2


def test_of_two_reports_of_an_hour_the_one_that_became_known_last_is_read(store: Tables) -> None:
    keep(store, "weather", (NOON, NOON, 1.0))
    keep(store, "weather", (NOON, NOON + HOUR, 3.0))
    keep(store, "weather", (NOON + HOUR, NOON + HOUR, 0.0))
    assert Production(store, SPECS).read().tables["weather"].sort("at").collect()["rain"].to_list() == [3.0, 0.0]


def test_a_table_that_nobody_filled_is_empty_in_its_schema(store: Tables) -> None:
    keep(store, "zones", (3,))
    orders = Production(store, SPECS).read().tables["orders"].collect()
    assert orders.is_empty()
    assert orders.schema == pl.Schema(SPECS["orders"].schema)


def test_nothing_collected_is_told(store: Tables) -> None:
    with pytest.raises(DataError, match="collected nothing"):
        Production(store, SPECS).read()


def test_the_fingerprint_changes_with_what_was_collected_and_only_then(store: Tables) -> None:
    keep(store, "zones", (3,))
    source = Production(store, SPECS)
    first = source.fingerprint()
    assert source.fingerprint() == first
    keep(store, "orders", ("a", NOON, NOON))
    assert source.fingerprint() != first
