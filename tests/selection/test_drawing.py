"""Who is asked about, and with what probability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import SelectionError
from afield.selection.drawing import draw, probabilities
from afield.selection.strategies import Reason, Selection

SHARES: dict[Reason, float] = {"random": 0.25, "uncertain": 0.5, "disagreeing": 0.25}
MIXED = Selection(budget=50, shares=SHARES)
scores = st.lists(st.floats(0, 1e6), min_size=1, max_size=60)


@given(scores, scores, st.integers(1, 80), st.data())
@settings(max_examples=60, deadline=None)
def test_every_row_has_a_chance_and_all_chances_are_the_budget(
    unsure: list[float], apart: list[float], count: int, data: st.DataObject
) -> None:
    size = min(len(unsure), len(apart))
    told = data.draw(st.lists(st.booleans(), min_size=size, max_size=size))
    given_ = {
        "uncertain": np.array(unsure[:size]),
        "disagreeing": np.array(apart[:size]),
        "reported": np.array(told, float),
    }
    chances = probabilities(MIXED, given_, size, count)
    assert (chances > 0).all()
    assert (chances <= 1 + 1e-12).all()
    assert chances.sum() <= min(count, size) + 1e-9
    assert chances.sum() == pytest.approx(min(count, size)) or np.array(told).any()


@given(scores, st.integers(1, 80), st.integers(0, 1000))
@settings(max_examples=60, deadline=None)
def test_a_draw_never_overruns_its_budget_and_names_each_row_once(unsure: list[float], count: int, seed: int) -> None:
    drawn = draw(MIXED, {"uncertain": np.array(unsure)}, len(unsure), count, str(seed))
    assert len(drawn.places) == len(set(drawn.places.tolist())) == min(count, len(unsure))
    assert len(drawn.inclusion) == len(drawn.reasons) == len(drawn.places)


def test_rows_are_drawn_as_often_as_their_probability_says() -> None:
    unsure = np.arange(30.0)
    chances = probabilities(MIXED, {"uncertain": unsure}, 30, 6)
    counts = np.zeros(30)
    for number in range(4000):
        counts[draw(MIXED, {"uncertain": unsure}, 30, 6, str(number)).places] += 1
    # Five standard errors: by chance one row in a million lies outside.
    assert (np.abs(counts / 4000 - chances) < 5 * np.sqrt(chances * (1 - chances) / 4000) + 1e-9).all()


def test_the_same_draw_is_drawn_again() -> None:
    first, again = (draw(MIXED, {"uncertain": np.arange(100.0)}, 100, 10, "day 1") for _ in range(2))
    assert first.places.tolist() == again.places.tolist()
    other = draw(MIXED, {"uncertain": np.arange(100.0)}, 100, 10, "day 2")
    assert first.places.tolist() != other.places.tolist()


def test_what_is_reported_goes_first_and_leaves_chance_its_share() -> None:
    told = np.array([1.0] * 3 + [0.0] * 97)
    drawn = draw(MIXED, {"reported": told}, 100, 10, "a")
    assert drawn.reasons[:3] == ("reported",) * 3
    assert drawn.inclusion[:3].tolist() == [1.0] * 3
    flood = np.array([1.0] * 90 + [0.0] * 10)
    chances = probabilities(MIXED, {"reported": flood}, 100, 10)
    assert chances[90:].sum() == pytest.approx(2.5)


def test_each_row_is_told_why_it_was_likely() -> None:
    unsure, apart = np.zeros(50), np.zeros(50)
    unsure[7], apart[9] = 1.0, 1.0
    drawn = draw(MIXED, {"uncertain": unsure, "disagreeing": apart}, 50, 8, "a")
    told = dict(zip(drawn.places.tolist(), drawn.reasons, strict=True))
    assert (told[7], told[9]) == ("uncertain", "disagreeing")
    assert {reason for place, reason in told.items() if place not in (7, 9)} == {"random"}


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw(MIXED, {}, 0, 5, "a").places.size == 0


@pytest.mark.parametrize("wrong", [np.ones(3), np.full(4, np.nan), np.full(4, -1.0)])
def test_scores_that_are_none_are_refused(wrong: np.ndarray) -> None:
    with pytest.raises(SelectionError, match="'uncertain'"):
        probabilities(MIXED, {"uncertain": wrong}, 4, 2)


def test_a_draw_of_nothing_is_refused() -> None:
    with pytest.raises(SelectionError, match="1 or more"):
        probabilities(MIXED, {}, 4, 0)
