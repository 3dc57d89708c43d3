"""What changed between two versions of a table."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.curation.differing import difference, shift

NOON = datetime(2024, 3, 1, 12)
GENERATOR = np.random.default_rng(7)


def frame(**columns: list[object]) -> pl.DataFrame:
    return pl.DataFrame({"id": ["a", "b", "c"], "n": [1, 2, 3], **columns})


def test_rows_are_told_apart_by_their_key() -> None:
    after = pl.DataFrame({"id": ["b", "c", "d"], "n": [2, 9, 4]})
    found = difference("t", ("id",), frame(), after)
    assert (found.added, found.removed, found.changed, found.same) == (1, 1, 1, 1)


def test_without_a_key_equal_rows_are_the_same_as_often_as_they_are_there() -> None:
    before, after = pl.DataFrame({"n": [1, 1, 2]}), pl.DataFrame({"n": [1, 3]})
    found = difference("t", (), before, after)
    assert (found.added, found.removed, found.same) == (1, 2, 1)


def test_columns_that_came_went_and_changed_their_type_are_named() -> None:
    before, after = frame(old=[1, 2, 3]), frame(new=["x"] * 3, n=[1.0, 2.0, 3.0])
    assert difference("t", ("id",), before, after).columns == {
        "old": "removed",
        "new": "added",
        "n": "Int64 to Float64",
    }


def test_a_distribution_that_moved_is_told_with_its_interval() -> None:
    before, after = pl.Series(GENERATOR.normal(0, 1, 2000)), pl.Series(GENERATOR.normal(1, 1, 2000))
    found = shift("x", before, after)
    assert found is not None
    assert found.interval.low > 0.25 > 0
    assert found.effect in found.interval


def test_what_did_not_move_has_an_interval_from_zero() -> None:
    for values in (GENERATOR.normal(0, 1, 4000), GENERATOR.choice(["a", "b", "c"], 4000)):
        found = shift("x", pl.Series(values[:2000]), pl.Series(values[2000:]))
        assert found is not None
        assert found.interval.low == 0.0


def test_values_are_compared_by_their_shares_null_among_them() -> None:
    found = shift("x", pl.Series(["a", "a", "b", None] * 100), pl.Series(["a", "b", "b", "b"] * 100))
    assert found is not None
    assert (found.statistic, found.effect) == ("variation", pytest.approx(0.5))
    assert (found.missing_before, found.missing_after) == (0.25, 0.0)


def test_times_and_missing_numbers_are_compared_too() -> None:
    times = pl.Series([NOON + timedelta(hours=n) for n in range(50)])
    moved = shift("at", times, times + timedelta(hours=25))
    assert moved is not None
    assert moved.effect == pytest.approx(0.5)
    nothing = shift("x", pl.Series([1.0] * 50), pl.Series([float("nan")] * 25 + [None] * 25))
    assert nothing is not None
    assert (nothing.effect, nothing.missing_after, nothing.after) == (1.0, 1.0, None)


def test_names_and_empty_columns_are_not_compared() -> None:
    names = pl.Series([str(n) for n in range(1000)])
    assert shift("id", names, names) is None
    assert shift("n", pl.Series([], dtype=pl.Int64), pl.Series([1])) is None


rows = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(["x", "y", None])), max_size=9, unique_by=lambda row: row[0]
)


@given(rows, rows)
def test_the_counts_of_rows_always_add_up(first: list[tuple[int, str]], second: list[tuple[int, str]]) -> None:
    schema = {"id": pl.Int64, "value": pl.String}
    before, after = (pl.DataFrame(each, schema=schema, orient="row") for each in (first, second))
    for key in ((), ("id",)):
        found = difference("t", key, before, after)
        assert found.removed + found.changed + found.same == before.height
        assert found.added + found.changed + found.same == after.height
