from datetime import date

import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.cuts import crossed, cut, words


def test_few_values_stay_as_they_are():
    made = cut(pl.Series("day", [3, 1, 3]))
    assert made.labels == ("= 1", "= 3")
    assert made.codes.to_list() == [1, 0, 1]


def test_many_numbers_are_cut_at_their_quintiles():
    made = cut(pl.Series("rain", [float(value) for value in range(100)]))
    assert made.labels[0] == "≤ 19.8"
    assert made.labels[-1] == "> 79.2"
    assert made.codes.value_counts()["count"].to_list() == [20] * 5


@pytest.mark.parametrize("values", [[1.0, None, float("nan")], [*map(float, range(50)), None, float("nan")]])
def test_null_and_not_a_number_are_a_value_of_their_own(values):
    made = cut(pl.Series("rain", values))
    assert made.labels[-1] == "missing"
    assert made.codes[-2:].to_list() == [len(made.labels) - 1] * 2


def test_an_infinite_number_lies_in_the_outermost_bin():
    made = cut(pl.Series("rain", [*map(float, range(50)), float("inf"), float("-inf")]))
    assert made.codes[-2:].to_list() == [len(made.labels) - 1, 0]


def test_nothing_but_missing_values_are_one_slice():
    assert cut(pl.Series("rain", [None, None], dtype=pl.Float64)).labels == ("missing",)


def test_texts_booleans_and_days_make_slices():
    assert cut(pl.Series("place", ["b", "a"])).labels == ("= a", "= b")
    assert cut(pl.Series("wet", [True, False])).labels == ("= False", "= True")
    assert cut(pl.Series("day", [date(2024, 1, 2)])).labels == ("= 2024-01-02",)


def test_a_list_makes_none():
    with pytest.raises(EvaluationError, match="'parts' holds List"):
        cut(pl.Series("parts", [[1], [2]]))


def test_the_words_of_a_pair_name_both_values():
    pair = list(crossed([cut(pl.Series("a", [1, 2])), cut(pl.Series("b", ["x", "y", "z"]))]))[-1]
    assert words(pair, 1 * 3 + 2) == "a = 2, b = z"
