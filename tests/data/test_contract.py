import polars as pl
import pytest

from afield.data.contract import Column, Contract, Reference, check

CONTRACT = Contract(
    table="orders",
    columns=(Column("id", pl.String), Column("zone", pl.Int32), Column("wait", pl.Float64, True, 0.0, 90.0)),
    key=("id",),
    references=(Reference("zone", "zones", "zone"),),
    filled=True,
)
ZONES = pl.LazyFrame({"zone": [1, 2]}, schema={"zone": pl.Int32})


def broken(**columns: list[object]) -> list[tuple[str, str, int, int | None]]:
    good: dict[str, list[object]] = {"id": ["a", "b"], "zone": [1, 2], "wait": [None, 3.0]}
    frame = pl.LazyFrame({**good, **columns}, schema={"id": pl.String, "zone": pl.Int32, "wait": pl.Float64})
    return [(f.rule, f.field, f.count, f.row) for f in check(CONTRACT, {"orders": frame, "zones": ZONES})]


def test_a_table_that_keeps_its_promises_has_no_findings() -> None:
    assert broken() == []


def test_a_null_where_none_is_allowed_is_counted_and_placed() -> None:
    assert broken(id=["a", None]) == [("null", "id", 1, 2)]


@pytest.mark.parametrize("wait", [-1.0, 90.5])
def test_a_value_out_of_range_is_found(wait: float) -> None:
    assert broken(wait=[1.0, wait]) == [("range", "wait", 1, 2)]


def test_a_repeated_key_is_found_at_its_second_row() -> None:
    assert broken(id=["a", "a"]) == [("key", "id", 1, 2)]


def test_a_reference_into_nothing_is_found() -> None:
    assert broken(zone=[1, 9]) == [("reference", "zone", 1, 2)]


def test_an_empty_table_that_must_be_filled_is_found() -> None:
    assert broken(id=[], zone=[], wait=[]) == [("filled", "", 0, None)]


def test_a_wrong_type_and_a_missing_column_are_found_before_any_row_is_read() -> None:
    frame = pl.LazyFrame({"id": ["a"], "zone": [1.5]})
    found = [(f.rule, f.field) for f in check(CONTRACT, {"orders": frame, "zones": ZONES})]
    assert found == [("type", "zone"), ("type", "wait")]


def test_a_missing_table_is_found() -> None:
    assert [f.rule for f in check(CONTRACT, {})] == ["table"]


def test_a_finding_says_where_and_how_often_and_what_to_do() -> None:
    frame = pl.LazyFrame({"id": ["a"], "zone": [9], "wait": [1.0]}, schema_overrides={"zone": pl.Int32})
    (found,) = check(CONTRACT, {"orders": frame, "zones": ZONES})
    assert found.message == (
        "orders.zone: 1 of 1 rows are not in zones.zone, first in row 1; correct them or set them aside in cleaning"
    )
