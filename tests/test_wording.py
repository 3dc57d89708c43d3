"""Numbers and names in a reader's form."""

import math

import pytest

from afield import wording
from afield.records.words import Words


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (math.inf, "–"),
        (0, "0"),
        (-0.51234, "−0.5123"),
        (3.45, "3.450"),
        (0.004, "0.0040"),
        (0.00001234, "1.2e−05"),
        (12345.6, "12,346"),
        (-2.0, "−2"),
    ],
)
def test_a_number_is_short_and_its_minus_is_a_minus(value: float | None, text: str) -> None:
    assert wording.number(value) == text


def test_a_difference_shows_its_sign() -> None:
    assert [wording.signed(value) for value in (3, 0, -3, None)] == ["+3", "0", "−3", "–"]


def test_shares_are_told_in_percent_and_bias_with_its_sign() -> None:
    assert wording.metric("wape", 0.612) == "61.2\N{NO-BREAK SPACE}%"
    assert wording.metric("bias", 0.004) == "+0.4\N{NO-BREAK SPACE}%"
    assert wording.metric("rmse", 0.612) == "0.6120"


def test_a_duration_is_told_in_minutes_from_two_on() -> None:
    assert [wording.seconds(value) for value in (0.4211, 12.31, 125.9, None)] == ["0.42 s", "12.3 s", "2 min 5 s", "–"]


def test_an_unknown_metric_keeps_its_name() -> None:
    assert wording.metric_name("hot_zones_hit", Words()) == "hot zones hit"


def test_the_applications_own_word_for_a_metric_goes_before_the_usual_one() -> None:
    own = Words(metrics={"squared_error": ("Brier score", "how far a probability lies from what came true, squared")})
    assert wording.metric_name("squared_error", own) == "Brier score"
    assert wording.metric_line("squared_error", own).startswith("how far a probability")
    assert wording.metric_name("rmse", own) == "RMSE"


def test_texts_become_sentences() -> None:
    assert wording.sentences("retrain", "", "lag_1 moved!") == "Retrain. lag_1 moved!"
