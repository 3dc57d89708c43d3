"""Shares of an answer, held against models whose shares are known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.explanation import REST, explain

GROUPS = {"counts": ("a", "b"), "weather": ("c",)}
USUAL = {"a": 1.0, "b": 2.0, "c": 0.0, "d": 5.0}
READS = ("a", "b", "c", "d")
number = st.floats(-5, 5)


def linear(columns):
    return 2 * columns["a"] - columns["b"] + 3 * columns["c"] + 0.5 * columns["d"]


def interacting(columns):
    return np.exp(0.3 * columns["a"]) * (1 + columns["c"] ** 2) + columns["b"] * columns["d"]


@given(row=st.fixed_dictionaries(dict.fromkeys(READS, number)))
@settings(deadline=None, max_examples=40)
def test_the_shares_add_up_to_the_difference_from_the_usual(row):
    found = explain(row, USUAL, GROUPS, READS, interacting)
    assert found.usual + sum(each.value for each in found.contributions) == pytest.approx(found.answer, abs=1e-6)


@given(row=st.fixed_dictionaries(dict.fromkeys(READS, number)))
@settings(deadline=None, max_examples=40)
def test_of_a_sum_each_group_gets_its_own_terms(row):
    found = {each.group: each.value for each in explain(row, USUAL, GROUPS, READS, linear).contributions}
    assert found["counts"] == pytest.approx(2 * (row["a"] - 1) - (row["b"] - 2), abs=1e-9)
    assert found["weather"] == pytest.approx(3 * row["c"], abs=1e-9)
    assert found[REST] == pytest.approx(0.5 * (row["d"] - 5), abs=1e-9)


def test_two_groups_that_only_work_together_share_what_they_do():
    row = {"a": 1.0, "c": 1.0}
    usual = {"a": 0.0, "c": 0.0}
    found = explain(row, usual, {"one": ("a",), "two": ("c",)}, ("a", "c"), lambda all_: all_["a"] * all_["c"])
    assert [each.value for each in found.contributions] == [0.5, 0.5]


def test_the_largest_share_comes_first_and_is_told_in_the_applications_words():
    row = USUAL | {"a": 9.0, "c": 1.0}
    causes = {"counts": lambda now, then: f"{now['a']:.0f} orders, usually {then['a']:.0f}"}
    found = explain(row, USUAL, GROUPS, READS, linear, causes).contributions
    assert (found[0].group, found[0].words) == ("counts", "9 orders, usually 1")
    assert found[1].words == "c 1, usually 0"


def test_a_group_that_the_model_does_not_read_is_left_out():
    found = explain(USUAL, USUAL, GROUPS, ("a", "b", "d"), lambda all_: all_["a"] + all_["b"] + all_["d"])
    assert {each.group for each in found.contributions} == {"counts", REST}


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"groups": {"one": ("a",), "two": ("a", "b")}}, "the features a are in two groups"),
        ({"groups": {f"g{place}": (f"f{place}",) for place in range(13)}}, "13 groups of features: at most 12"),
        ({"row": {"a": 1.0}}, "the row lacks b, c, d"),
        ({"usual": {"a": 1.0}}, "the usual row lacks b, c, d"),
        ({"answer": lambda all_: all_["a"] * math.nan}, "the model gives no number"),
        ({"answer": lambda _: np.zeros(3)}, "the model gives no number"),
    ],
)
def test_what_cannot_be_explained_is_told(fields, message):
    whole = {"row": USUAL, "usual": USUAL, "groups": GROUPS, "reads": READS, "answer": linear}
    if "groups" in fields and len(fields["groups"]) == 13:
        names = [f"f{place}" for place in range(13)]
        whole |= {"row": dict.fromkeys(names, 1.0), "usual": dict.fromkeys(names, 0.0), "reads": names}
    with pytest.raises(EvaluationError, match=message):
        explain(**whole | fields)
