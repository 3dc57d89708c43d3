"""Near-duplicates of numbers and of texts: none is false, none is missed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.data.twins import near_numbers, near_texts
from afield.errors import DataError


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000), st.integers(1, 12))
def test_planted_pairs_of_numbers_are_all_found_and_no_other(seed: int, columns: int) -> None:
    generator = np.random.default_rng(seed)
    first = generator.normal(0, 1, (500, columns)) * generator.uniform(0.1, 100, columns)
    second = generator.normal(0, 1, (60, columns)) + 1000
    twins = generator.choice(500, 20, replace=False)
    second[:20] = first[twins] + generator.uniform(-0.99e-3, 0.99e-3, (20, columns)) * first.std(axis=0)
    found = near_numbers(first, second, 1e-3)
    assert found[:, 1].tolist() == list(range(20))
    assert np.abs((first[found[:, 0]] - second[:20]) / first.std(axis=0)).max() <= 1e-3


def test_infinity_and_nan_are_values_of_their_own() -> None:
    first = np.array([[np.nan, 1.0], [np.inf, 2.0]])
    assert near_numbers(first, np.array([[np.inf, 2.0], [np.nan, 2.0]]), 1e-3).tolist() == [[1, 0]]


def test_many_equal_rows_cost_no_more() -> None:
    assert len(near_numbers(np.zeros((20_000, 5)), np.zeros((20_000, 5)), 1e-3)) == 20_000


def test_nothing_has_no_twins() -> None:
    assert near_numbers(np.empty((0, 2)), np.zeros((3, 2)), 1e-3).shape == (0, 2)
    assert near_texts([], ["a"]) == []


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 10_000))
def test_a_text_with_one_letter_changed_is_found(seed: int) -> None:
    generator = np.random.default_rng(seed)
    texts = ["".join(generator.choice(list("abcdefghijklmnop "), 60)) for _ in range(40)]
    place = int(generator.integers(5, 50))
    changed = texts[7][:place] + "#" + texts[7][place + 1 :]
    assert near_texts(texts, [changed, "something else entirely"]) == [(7, 0)]


def test_short_texts_are_compared_whole() -> None:
    assert near_texts(["出口", "入口", "駅"], ["駅", "出 口"]) == [(2, 0)]


@pytest.mark.parametrize(
    "make",
    [
        lambda: near_texts(["a"], ["b"], 0.0),
        lambda: near_numbers(np.zeros((1, 1)), np.zeros((1, 2)), 1.0),
        lambda: near_numbers(np.zeros((1, 1)), np.zeros((1, 1)), 0.0),
    ],
)
def test_what_cannot_be_compared_is_refused(make: object) -> None:
    with pytest.raises(DataError):
        make()  # type: ignore[operator]
