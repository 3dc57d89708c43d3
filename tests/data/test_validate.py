"""Tables held to their contracts."""

import math
from datetime import datetime, timedelta

import dataframely as dy
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.data.contract import Contract, Reference
from afield.data.sources import QUARANTINE
from afield.data.validate import check, hold

NOON = datetime(2024, 3, 1, 12)


class Order(dy.Schema):
    id = dy.String(primary_key=True)
    zone = dy.Int32()
    wait = dy.Float64(nullable=True, min=0.0, max=90.0)
    at = dy.Datetime()

    @dy.rule()
    def nobody_waits_in_nine(cls) -> pl.Expr:
        return (pl.col("zone") != 9) | (pl.col("wait") == 0.0)


CONTRACT = Contract(
    "orders", Order, references=(Reference("zone", "zones", "zone"),), time="at", monotone=True, filled=True
)
TYPES = dict(CONTRACT.types)
ZONES = pl.LazyFrame({"zone": [1, 2, 9]}, schema={"zone": pl.Int32})


def orders(**columns: list[object]) -> pl.LazyFrame:
    good = {"id": ["a", "b"], "zone": [1, 2], "wait": [None, 3.0], "at": [NOON, NOON + timedelta(hours=1)]}
    return pl.LazyFrame({**good, **columns}, schema=TYPES)


def broken(**columns: list[object]) -> list[tuple[str, str, int, int | None]]:
    found = check(CONTRACT, {"orders": orders(**columns), "zones": ZONES})
    return [(each.rule, each.field, each.count, each.row) for each in found]


def test_a_table_that_keeps_its_promises_has_no_findings() -> None:
    assert broken() == []


def test_a_null_where_none_is_allowed_is_counted_and_placed() -> None:
    assert broken(id=["a", None]) == [("nullability", "id", 1, 2)]


@pytest.mark.parametrize(
    ("wait", "rule"), [(-1.0, "min"), (90.5, "max"), (math.nan, "nan"), (math.inf, "max"), (-math.inf, "min")]
)
def test_a_value_out_of_range_or_not_finite_is_found(wait: float, rule: str) -> None:
    assert (rule, "wait", 1, 2) in broken(wait=[1.0, wait])


def test_a_repeated_key_is_found_at_its_second_row_and_the_first_is_believed() -> None:
    assert broken(id=["a", "a"]) == [("primary_key", "id", 1, 2)]
    held = hold(CONTRACT, {"orders": orders(id=["a", "a"]), "zones": ZONES})
    assert held.kept["zone"].to_list() == [1]


def test_a_reference_into_nothing_is_found() -> None:
    assert broken(zone=[1, 7]) == [("reference", "zone", 1, 2)]


def test_a_conditional_rule_names_the_fields_it_is_about() -> None:
    assert broken(zone=[1, 9]) == [("nobody_waits_in_nine", "zone, wait", 1, 2)]


def test_an_empty_table_that_must_be_filled_is_refused() -> None:
    assert broken(id=[], zone=[], wait=[], at=[]) == [("filled", "", 0, None)]


def test_a_table_of_which_no_row_keeps_the_contract_is_refused_with_the_first_reason() -> None:
    held = hold(CONTRACT, {"orders": orders(zone=[7, 8]), "zones": ZONES})
    assert "all of its 2 rows break the contract, the first by zone: the value is not in zones" in (
        held.refused[0].message
    )


def test_a_wrong_type_and_a_missing_column_are_found_before_any_row_is_read() -> None:
    frame = pl.LazyFrame({"id": ["a"], "zone": [1.5], "at": [NOON]})
    found = [(each.rule, each.field) for each in check(CONTRACT, {"orders": frame, "zones": ZONES})]
    assert found == [("type", "zone"), ("type", "wait")]


def test_a_missing_table_is_found() -> None:
    assert [each.rule for each in check(CONTRACT, {})] == ["table"]


def test_time_that_runs_backwards_refuses_the_table() -> None:
    assert broken(at=[NOON, NOON - timedelta(1)]) == [("monotone", "at", 1, 2)]


def test_a_finding_says_where_and_how_often_and_what_to_do() -> None:
    (found,) = check(CONTRACT, {"orders": orders(zone=[1, 7]), "zones": ZONES})
    assert found.message == (
        "orders.zone: 1 of 2 rows are not in zones.zone, first in row 2; repair them, or set them aside in cleaning"
    )


def test_a_broken_row_is_set_aside_with_rule_reason_position_and_what_it_held() -> None:
    held = hold(CONTRACT, {"orders": orders(wait=[1.0, math.nan]), "zones": ZONES})
    assert held.broken.schema == QUARANTINE
    assert held.broken.drop("raw").rows() == [("orders", 2, "nan", "wait", "the value is not a number")]
    assert '"id":"b"' in held.broken["raw"][0]
    assert '"wait":"NaN"' in held.broken["raw"][0]


def test_the_position_is_that_of_the_source_where_it_is_known() -> None:
    positions = pl.LazyFrame({"source": ["f.csv", "g.csv"], "row": [4, 5]})
    held = hold(CONTRACT, {"orders": orders(zone=[1, 7]), "zones": ZONES}, positions)
    assert held.broken.select("source", "row").rows() == [("g.csv", 5)]


rows = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "c", None]),
        st.sampled_from([1, 2, 7, 9, None]),
        st.sampled_from([None, 0.0, 91.0, math.nan, math.inf]),
    ),
    max_size=12,
)


@given(rows)
def test_every_row_is_kept_or_set_aside_once_and_what_is_kept_keeps_the_contract(
    given_rows: list[tuple[str | None, int | None, float | None]],
) -> None:
    frame = pl.DataFrame([(*row, NOON) for row in given_rows], schema=TYPES, orient="row")
    held = hold(CONTRACT, {"orders": frame.lazy(), "zones": ZONES})
    assert held.kept.height + held.broken.height == frame.height
    assert held.broken["row"].is_unique().all()
    again = hold(CONTRACT, {"orders": held.kept.lazy(), "zones": ZONES})
    assert not again.findings
