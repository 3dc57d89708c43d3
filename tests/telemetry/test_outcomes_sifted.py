"""Outcomes that may not be believed are set aside with a reason, and never joined in silence."""

import math
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import TelemetryError
from afield.records.traffic import Outcome
from afield.telemetry.expected import Expectation
from afield.telemetry.outcomes import outcome_rows
from afield.telemetry.sifting import REASONS, sift

T0 = datetime(2023, 7, 1)
HOUR = timedelta(hours=1)


def outcome(name: str, value: float = 1.0, late: float = 1.0, supersedes: str | None = None, key: str = "a") -> Outcome:
    return Outcome(name, key, T0, T0 + late * HOUR, "counted", value, supersedes)


def reasons(aside: pl.DataFrame) -> dict[str, str]:
    return dict(aside.select("id", "reason").iter_rows())


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0, 11.0])
def test_an_impossible_value_is_set_aside(value: float) -> None:
    found = sift(outcome_rows([outcome("x", value)]), Expectation(low=0.0, high=10.0))
    assert (found.good.height, reasons(found.aside)) == (0, {"x": "impossible"})


def test_what_was_known_before_the_prediction_is_set_aside() -> None:
    found = sift(outcome_rows([outcome("x", late=-0.5)]))
    assert (found.good.height, reasons(found.aside)) == (0, {"x": "before"})


def test_what_is_sent_again_counts_once_and_what_contradicts_itself_is_told_apart() -> None:
    found = sift(outcome_rows([outcome("x"), outcome("x"), outcome("x", 5.0, late=2.0)]))
    assert found.good["value"].to_list() == [1.0]
    assert found.aside["reason"].to_list() == ["repeated", "contradiction"]


def test_a_second_answer_of_one_source_stands_only_where_it_says_what_it_corrects() -> None:
    second = sift(outcome_rows([outcome("x"), outcome("y", 5.0, late=2.0)]))
    assert (second.good["value"].to_list(), reasons(second.aside)) == ([1.0], {"y": "twice"})
    correction = sift(outcome_rows([outcome("x"), outcome("y", 5.0, late=2.0, supersedes="x")]))
    assert (correction.good["value"].to_list(), correction.aside.height, correction.corrected) == ([5.0], 0, 1)


def test_an_impossible_correction_corrects_nothing() -> None:
    found = sift(outcome_rows([outcome("x"), outcome("y", math.nan, late=2.0, supersedes="x")]))
    assert found.good["id"].to_list() == ["x"]


@given(
    rows=st.lists(
        st.tuples(
            st.sampled_from("xyz"),
            st.sampled_from([1.0, 2.0, -1.0, math.nan]),
            st.sampled_from([-1.0, 1.0, 2.0]),
            st.sampled_from([None, "x", "y"]),
            st.sampled_from("ab"),
        ),
        max_size=8,
    )
)
def test_every_outcome_stands_is_corrected_or_is_set_aside_for_one_reason(
    rows: list[tuple[str, float, float, str | None, str]],
) -> None:
    found = sift(outcome_rows([outcome(*row) for row in rows]), Expectation(low=0.0))
    assert found.good.height + found.aside.height + found.corrected == len(rows)
    assert set(found.aside["reason"].to_list()) <= set(REASONS)
    assert found.good.select("key", "event_time", "source").is_duplicated().sum() == 0


@pytest.mark.parametrize("wrong", [{"window": timedelta(0)}, {"low": 1.0, "high": 1.0}])
def test_an_expectation_that_nothing_meets_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TelemetryError):
        Expectation(**wrong)  # type: ignore[arg-type]
