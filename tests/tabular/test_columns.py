"""Columns of a tabular application."""

import math
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import UsageError
from afield.tabular.columns import RESERVED, Columns, Row, identifier

AT = datetime(2026, 5, 4, 18, 30)


def says(_row: Row) -> float:
    return 0.25


def columns(**changed: object) -> Columns:
    fields: dict[str, object] = {
        "target": "late", "kind": "yes_or_no", "time": "sent", "rule": says,
        "numbers": ("weight",), "categories": {"carrier": ("van", "post")},
    }  # fmt: skip
    return Columns(**{**fields, **changed})  # type: ignore[arg-type]


def test_a_row_becomes_one_number_a_feature() -> None:
    named = dict(zip(columns().features, columns().values({"weight": 2.0, "carrier": "post"}, AT), strict=True))
    assert named == {
        "weight": 2.0, "carrier:van": 0.0, "carrier:post": 1.0, "carrier:other": 0.0,
        "hour_of_day": 18.5, "day_of_week": 0.0, "rule": 0.25,
    }  # fmt: skip


def test_an_unknown_value_counts_as_other_and_a_missing_one_as_missing() -> None:
    other = dict(zip(columns().features, columns().values({"carrier": "ship"}, AT), strict=True))
    assert (other["carrier:other"], other["carrier:van"]) == (1.0, 0.0)
    assert math.isnan(other["weight"])
    assert all(math.isnan(value) for value in columns().values({}, AT)[1:4])


@given(st.text(min_size=1, max_size=30))
def test_every_header_becomes_a_name_that_is_its_own_name(header: str) -> None:
    name = identifier(header)
    assert name.isidentifier()
    assert name not in RESERVED
    assert identifier(name) == name


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"numbers": ("Weight (kg)",)}, "write it as 'weight_kg'"),
        ({"numbers": ("late",)}, "must differ"),
        ({"numbers": (), "categories": {}}, "at least one"),
    ],
)
def test_names_that_nobody_could_tell_apart_are_refused(changed: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said.replace("(", r"\(")):
        columns(**changed)
