"""A declared table of history, read from what was stored before its declaration changed."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.control.history import History, as_frame
from afield.errors import StoreError
from afield.records.traffic import Fact
from afield.store.tables import Tables
from afield.workshop.plan import Table
from afield.workshop.production import Production

NOON = datetime(2024, 3, 1, 12)
SALES = Table({"sale": pl.String, "loaves": pl.Int32, "note": pl.String}, key=("sale",))
STORED = pl.DataFrame({"sale": ["a", "b"], "loaves": [2, 3]}, schema={"sale": pl.String, "loaves": pl.Int64})


def test_a_column_that_the_stored_table_lacks_is_null_in_its_type() -> None:
    found = SALES.cast(STORED.lazy(), "sales").collect()
    assert found.schema == pl.Schema(SALES.schema)
    assert found.rows() == [("a", 2, None), ("b", 3, None)]


def test_a_column_too_many_is_left_out() -> None:
    more = STORED.with_columns(note=pl.lit("rye"), price=pl.lit(4.0))
    assert SALES.cast(more.lazy(), "sales").collect().rows() == [("a", 2, "rye"), ("b", 3, "rye")]


@pytest.mark.parametrize("loaves", [2.5, "2", True, NOON])
def test_a_column_of_another_type_is_refused_with_table_and_column(loaves: object) -> None:
    other = STORED.with_columns(loaves=pl.lit(loaves))
    with pytest.raises(StoreError, match=r"table sales, column 'loaves' holds .*, Int32 is declared; declare"):
        SALES.cast(other.lazy(), "sales")


def test_rows_without_their_key_are_refused() -> None:
    with pytest.raises(StoreError, match=r"table sales, column 'sale' holds nothing, String is declared"):
        SALES.cast(STORED.drop("sale").lazy(), "sales")


@pytest.mark.parametrize("kind", [pl.UInt8, pl.UInt64, pl.Enum(["2", "3"]), pl.Datetime("ms"), pl.Categorical()])
def test_what_is_stored_of_a_declared_type_is_read_back_in_it(tmp_path: Path, kind: pl.DataType) -> None:
    declared = Table({"value": kind}, key=("value",))
    values = [NOON] if kind == pl.Datetime("ms") else [2] if kind.is_integer() else ["2"]
    rows = pl.DataFrame({"value": values}, schema=dict(declared.schema))
    store = Tables(tmp_path)
    store.append("values", rows)
    assert declared.cast(store.scan("values"), "values").collect().equals(rows)


def test_a_home_from_before_a_column_was_declared_serves_and_trains(tmp_path: Path) -> None:
    times = {"at": pl.Datetime("us"), "known_at": pl.Datetime("us")}
    before = {"id": pl.String, **times, "right": pl.Int64}
    verdicts = Table({**before, "text": pl.String}, key=("id",), time="at", kind="verdict", identity="id")
    store = Tables(tmp_path)
    store.append("verdicts", pl.DataFrame([("old", NOON, NOON, 1)], before, orient="row"))
    fact = Fact("new", "verdict", NOON, fields={"right": 0, "text": "Exit"})
    history = History(store, {"verdicts": verdicts}, timedelta(days=1))
    history.load()
    history.take([fact])
    store.append("verdicts", as_frame([fact], verdicts))
    for frames in (history.frames(NOON), Production(store, {"verdicts": verdicts}).read().tables):
        assert frames["verdicts"].sort("id").select("id", "text").collect().rows() == [("new", "Exit"), ("old", None)]
