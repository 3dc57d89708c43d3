"""What is trained on: all of the newest rows, and a share of the older moments."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import UsageError
from afield.retraining.material import EVERYTHING, Material

START, HOUR = datetime(2024, 1, 1), timedelta(hours=1)
END = START + 1000 * HOUR
ROWS = pl.LazyFrame({"slot": [START + hour * HOUR for hour in range(1000) for _ in range(2)], "place": [0, 1] * 1000})


@given(st.integers(1, 2000), st.floats(0, 0.99), st.integers(0, 5))
def test_every_new_row_is_taken_and_older_moments_whole_or_not_at_all(hours: int, older: float, seed: int) -> None:
    taken = Material(hours * HOUR, older).of(ROWS, "slot", END, seed).collect()
    new = pl.col("slot") >= END - hours * HOUR
    assert taken.filter(new).equals(ROWS.filter(new).collect())
    assert set(taken.group_by("slot").len()["len"]) <= {2}
    assert taken.equals(Material(hours * HOUR, older).of(ROWS, "slot", END, seed).collect())


def test_of_the_older_moments_about_the_share_is_taken() -> None:
    taken = Material(100 * HOUR, 0.25).of(ROWS, "slot", END, 0).collect()
    assert 150 < taken.filter(pl.col("slot") < END - 100 * HOUR)["slot"].n_unique() < 300


def test_everything_is_everything() -> None:
    assert EVERYTHING.of(ROWS, "slot", END, 0).collect().equals(ROWS.collect())


def test_materials_are_named_as_a_reader_expects() -> None:
    found = [each.name for each in (EVERYTHING, Material(14 * 24 * HOUR), Material(7 * 24 * HOUR, 0.1))]
    assert found == ["everything", "the newest 14 days", "the newest 7 days and 10% of the older moments"]


@pytest.mark.parametrize(("newest", "older"), [(None, 0.5), (HOUR, 1.0), (HOUR, -0.1), (0 * HOUR, 0.0)])
def test_senseless_materials_are_refused(newest: timedelta | None, older: float) -> None:
    with pytest.raises(UsageError, match="Material"):
        Material(newest, older)
