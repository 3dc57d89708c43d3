import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.mitigation.modes import CAUTIOUS, Grading, graded

shares = st.floats(0, 1)


@pytest.mark.parametrize(
    ("confidence", "mode"),
    [(0.75, "automate"), (0.7499, "prompt"), (0.4, "prompt"), (0.3999, "off"), (math.nan, "prompt")],
)
def test_at_the_ordinary_harm_the_bars_are_as_declared(confidence: float, mode: str) -> None:
    assert graded(confidence, 0.75, 0.4) == mode


@given(shares, shares, shares, st.floats(0, 1e6), st.floats(0, 1e6))
def test_more_harm_never_makes_an_answer_more_forceful_nor_does_less_confidence(
    low: float, high: float, prompt: float, harm: float, more: float
) -> None:
    low, high = sorted((low, high))
    rank = CAUTIOUS.index
    assert rank(graded(low, 0.9, 0.9 * prompt, harm)) <= rank(graded(high, 0.9, 0.9 * prompt, harm))
    assert rank(graded(high, 0.9, 0.9 * prompt, harm + more)) <= rank(graded(high, 0.9, 0.9 * prompt, harm))


def test_twice_the_harm_needs_half_the_doubt() -> None:
    assert graded(0.875, 0.75, 0.4, 2.0) == "automate"
    assert graded(0.874, 0.75, 0.4, 2.0) == "prompt"
    assert graded(0.7, 0.75, 0.4, 2.0) == "prompt"
    assert graded(0.69, 0.75, 0.4, 2.0) == "off"


@pytest.mark.parametrize(("in_force", "mode"), [("automate", "prompt"), ("prompt", "prompt"), ("off", "off")])
def test_a_grading_never_allows_more_than_the_mode_in_force(in_force: str, mode: str) -> None:
    grading = Grading(lambda values: values["sure"], 0.75, 0.4, lambda values: values["price"])
    assert grading({"sure": 0.8, "price": 2.0}, in_force) == mode


@pytest.mark.parametrize(("automate", "prompt"), [(0.4, 0.5), (1.1, 0.5), (0.5, -0.1), (math.nan, 0.1)])
def test_bars_that_make_no_sense_are_refused(automate: float, prompt: float) -> None:
    with pytest.raises(ValueError, match="must hold"):
        Grading(lambda _: 1.0, automate, prompt)
