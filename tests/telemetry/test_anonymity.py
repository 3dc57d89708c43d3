"""Small groups: nobody is told apart from fewer than the minimum, and totals stay what they are."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from afield.errors import TelemetryError
from afield.telemetry.anonymity import folded
from afield.telemetry.privacy import MinimumGroup

BY = ("slice", "place", "time")
ROW = st.tuples(
    st.sampled_from(["a", "b", None]), st.sampled_from([0.5, 1.5, float("nan"), None]), st.integers(0, 2),
    st.sampled_from(["p", "q", "r", "s", None]), st.integers(0, 9),
)  # fmt: skip
SCHEMA = {"slice": pl.String, "place": pl.Float64, "time": pl.Int64, "person": pl.String, "value": pl.Int64}


def frame(rows: list[tuple[object, ...]]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def sizes(rows: pl.DataFrame) -> list[int]:
    return rows.group_by(BY).len()["len"].to_list()


@given(st.lists(ROW, max_size=60), st.integers(2, 8))
def test_every_group_that_is_shown_has_the_minimum_also_the_folded_one(rows: list[tuple[object, ...]], k: int) -> None:
    found = folded(frame(rows), MinimumGroup(BY, k))
    assert min(sizes(found.rows), default=k) >= k


@given(st.lists(ROW, max_size=60), st.integers(2, 4))
def test_members_are_persons_where_rows_of_one_may_be_many(rows: list[tuple[object, ...]], k: int) -> None:
    given_rows = frame(rows).with_row_index("row")
    found = folded(given_rows, MinimumGroup(BY, k, person="person")).rows
    assert "person" not in found.columns
    held = found.join(given_rows.select("row", "person"), on="row")
    counts = held.group_by(BY).agg(pl.col("person").drop_nulls().n_unique())["person"].to_list()
    assert min(counts, default=k) >= k


@given(st.lists(ROW, max_size=60), st.integers(2, 8))
def test_no_row_is_lost_and_nothing_else_changes_unless_all_together_are_too_few(
    rows: list[tuple[object, ...]], k: int
) -> None:
    given_rows = frame(rows).with_row_index("row")
    found = folded(given_rows, MinimumGroup(BY, k))
    if given_rows.height < k:
        assert found.rows.is_empty()
        return
    kept = found.rows.sort("row")
    assert_frame_equal(kept.select("row", "person", "value"), given_rows.select("row", "person", "value"))
    told = kept.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in BY))
    assert_frame_equal(told, told.select("row").join(given_rows, on="row"), check_row_order=False)


@given(st.lists(ROW, max_size=60), st.integers(2, 8))
def test_of_the_groups_that_are_large_enough_at_most_one_is_folded(rows: list[tuple[object, ...]], k: int) -> None:
    large = sum(size >= k for size in sizes(frame(rows)))
    found = folded(frame(rows), MinimumGroup(BY, k))
    assert large - 1 <= found.groups <= large
    assert found.groups + found.folded == len(sizes(frame(rows)))


def test_a_group_that_would_be_found_by_subtraction_takes_the_next_one_along() -> None:
    rows = pl.DataFrame({"place": ["a"] * 5 + ["b"] * 3 + ["c"], "value": range(9)})
    found = folded(rows, MinimumGroup(("place",), 3))
    assert (found.groups, found.folded) == (1, 2)
    assert found.rows["place"].to_list() == ["a"] * 5 + [None] * 4


def test_what_cannot_hide_anybody_is_refused() -> None:
    for by, size, person in (((), 5, ""), (("place",), 1, ""), (("place",), 5, "place")):
        with pytest.raises(TelemetryError, match="minimum group"):
            MinimumGroup(by, size, person)
    with pytest.raises(TelemetryError, match="names place; the rows have: value"):
        folded(pl.DataFrame({"value": [1]}), MinimumGroup(("place",), 2))
