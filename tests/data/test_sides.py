"""Rows on sides: by time, by group, by place and together."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.data.sides import by_group, by_place, by_windows, combined, divide, folds
from afield.data.split import by_time
from afield.errors import DataError
from afield.records.facts import Window

START = datetime(2024, 1, 1)
DAY = timedelta(days=1)
SPLIT = by_time(5 * DAY, 10 * DAY, gap=DAY)(Window(START, START + 40 * DAY))


def visits(days: int = 40, people: int = 30) -> pl.DataFrame:
    """Everybody once a day, near a place of their own."""
    days_ = pl.DataFrame({"at": [START + day * DAY for day in range(days)]})
    who = pl.DataFrame({"who": [f"p{n}" for n in range(people)]}).with_row_index("n")
    rows = days_.join(who, how="cross")
    return rows.with_columns(lon=(pl.col("n") % 6) * 0.1 + 0.05, lat=(pl.col("n") // 6) * 0.1 + 0.05)


def test_by_time_follows_the_windows_and_leaves_the_gaps_out() -> None:
    found = divide(visits(), by_windows("at", SPLIT))
    assert found.test["at"].min() == START + 30 * DAY
    assert found.left_out == 2 * 30
    assert sum(rows.height for rows in found.named().values()) + found.left_out == visits().height


def test_by_group_an_entity_never_crosses() -> None:
    found = divide(visits(), by_group(["who"]))
    people = [who for rows in found.named().values() for who in set(rows["who"])]
    assert len(people) == len(set(people)) == 30
    assert found.left_out == 0


def test_by_place_a_cell_never_crosses_and_what_has_no_place_is_left_out() -> None:
    rows = visits().with_columns(lon=pl.when(pl.col("n") == 3).then(None).otherwise(pl.col("lon")))
    found = divide(rows, by_place("lon", "lat", cell=0.1, seed=2))
    cells = [n for side in found.named().values() for n in set(side["n"])]
    assert len(cells) == len(set(cells)) == 29
    assert found.left_out == 40


def test_together_a_tested_row_is_new_in_time_and_in_entity() -> None:
    found = divide(visits(), combined(by_windows("at", SPLIT), by_group(["who"], seed=1)))
    assert not set(found.training["who"]) & set(found.test["who"])
    assert found.training["at"].max() < found.validation["at"].min() < found.test["at"].min()  # type: ignore[operator]
    assert found.left_out > 0


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rows = visits(3)
    shuffled = rows.sample(fraction=1.0, shuffle=True, seed=seed)
    rule = combined(by_group(["who"], seed=seed), by_place("lon", "lat", cell=0.2, seed=seed))
    sides = rows.with_columns(side=rule(rows)).sort("at", "who")
    assert sides.equals(shuffled.with_columns(side=rule(shuffled)).sort("at", "who"))


def test_a_division_is_the_same_on_every_machine() -> None:
    rows = pl.DataFrame({"who": [f"p{n}" for n in range(12)]})
    assert " ".join(side[:2] for side in by_group(["who"], seed=7)(rows)) == "tr tr tr tr te tr tr tr tr va tr te"


def test_shares_are_kept_about() -> None:
    rows = pl.DataFrame({"who": range(20_000)})
    counts = dict(by_group(["who"], validation=0.1, test=0.3)(rows).value_counts().iter_rows())
    assert counts["test"] == pytest.approx(6000, rel=0.05)
    assert counts["validation"] == pytest.approx(2000, rel=0.1)


def test_an_empty_side_is_refused_with_the_counts() -> None:
    with pytest.raises(DataError, match=r"leaves no row for .*test.*finer groups"):
        divide(pl.DataFrame({"who": ["a", "a"]}), by_group(["who"]))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: by_group(["who"], test=0.0), "leave a side empty"),
        (lambda: by_group(["who"], test=0.6, validation=0.4), "leave a side empty"),
        (lambda: by_place("lon", "lat", cell=0.0), "more than 0"),
        (lambda: combined(), "at least one"),
        (lambda: by_group(["shoe"])(visits(1)), "lack shoe"),
        (lambda: folds(visits(1, 3), ["who"], 9), "3 entities do not fill 9 folds"),
    ],
)
def test_a_rule_that_divides_nothing_is_refused(make: object, message: str) -> None:
    with pytest.raises(DataError, match=message):
        make()  # type: ignore[operator]


def test_the_rows_of_an_entity_share_a_fold() -> None:
    rows = visits(5)
    found = rows.with_columns(fold=folds(rows, ["who"], 4))
    assert set(found["fold"]) == {0, 1, 2, 3}
    assert found.group_by("who").agg(pl.col("fold").n_unique())["fold"].max() == 1
