"""What may be declared of selection, and how rows are scored."""

from datetime import timedelta

import numpy as np
import pytest

from afield.errors import SelectionError
from afield.selection.reasons import disagreeing, drifted, rare, reported, uncertain, wide
from afield.selection.strategies import Selection


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"budget": 0}, "buys nothing"),
        ({"budget": 9, "shares": {"uncertain": 1.0}}, "chance"),
        ({"budget": 9, "shares": {"random": 0.5}}, "together they are 1"),
        ({"budget": 9, "shares": {"random": 0.5, "moody": 0.5}}, "moody"),
        ({"budget": 9, "shares": {"random": 0.5, "reported": 0.5}}, "goes first by itself"),
        ({"budget": 9, "shares": {"random": 0.5, "rare": 0.5}}, "groups"),
        ({"budget": 9, "groups": ("script",)}, "groups"),
    ],
)
def test_what_cannot_be_kept_is_refused(fields: dict[str, object], said: str) -> None:
    with pytest.raises(SelectionError, match=said):
        Selection(**fields)  # type: ignore[arg-type]


def test_a_budget_a_day_is_spent_chunk_by_chunk() -> None:
    assert Selection(budget=40).count(timedelta(hours=6)) == 10
    assert Selection(budget=1).count(timedelta(hours=6)) == 1


def test_what_lies_at_one_half_is_most_uncertain() -> None:
    assert uncertain([0.5, 0.1, 0.9, 0.0]).round(9).tolist() == [1.0, 0.2, 0.2, 0.0]
    with pytest.raises(SelectionError, match="wide"):
        uncertain([1.5])


def test_a_wide_interval_is_uncertain() -> None:
    assert wide([0, 0], [1, 3]).tolist() == [0.5, 1.5]
    assert wide([1, 2], [1, 2]).tolist() == [0.0, 0.0]
    with pytest.raises(SelectionError, match="row 1"):
        wide([0, 3], [1, 1])


def test_two_models_that_agree_ask_for_nothing() -> None:
    assert disagreeing([1, 2], [1, 2]).tolist() == [0.0, 0.0]
    assert disagreeing([1, 2], [1, 4]).tolist() == [0.0, 2.0]


def test_what_lies_outside_the_reference_has_drifted_most() -> None:
    known = {"x": np.arange(100.0)}
    inside, edge, outside = drifted({"x": [50.0, 99.0, 500.0], "unknown": [0.0, 0.0, 0.0]}, known)
    assert inside == pytest.approx(0.0, abs=0.02)
    assert inside < edge < outside


def test_a_missing_value_says_nothing() -> None:
    assert drifted({"x": [np.nan]}, {"x": [1.0, 2.0]}).tolist() == [0.0]


def test_rare_groups_weigh_as_much_as_frequent_ones() -> None:
    scores = rare(["a", "a", "a", None])
    assert scores[:3].sum() == pytest.approx(scores[3])


def test_what_is_reported_scores_one() -> None:
    assert reported(["a", "b"], {"b"}).tolist() == [0.0, 1.0]
