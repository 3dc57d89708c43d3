"""Association: a feature that knows the answer is told from one that helps, and doubles are found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.association import twins, unexplained

RANDOM = np.random.default_rng(5)
BLOCKS = np.arange(2000) // 50
TRUTH = RANDOM.poisson(np.repeat(RANDOM.gamma(2.0, 2.0, size=200), 10)).astype(float)
NOISE = RANDOM.normal(size=2000)


@pytest.mark.parametrize("leak", [TRUTH, np.exp(-TRUTH), (TRUTH - 3) ** 3, np.where(TRUTH > 0, TRUTH, np.nan)])
def test_a_perfect_leak_leaves_nothing_whatever_its_form(leak: np.ndarray) -> None:
    assert unexplained(leak, TRUTH, BLOCKS).value < 0.02


def test_a_feature_that_knows_by_being_missing_is_a_leak() -> None:
    happened = (RANDOM.random(2000) < 0.3).astype(float)
    assert unexplained(np.where(happened == 1, np.nan, NOISE), happened, BLOCKS).value < 0.01


def test_noise_leaves_everything() -> None:
    found = unexplained(NOISE, TRUTH, BLOCKS)
    assert found.value > 0.95
    assert found.value in found.interval


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 4.0])
def test_a_feature_without_values_or_with_one_tells_nothing(value: float) -> None:
    assert unexplained(np.full(2000, value), TRUTH, BLOCKS).value == pytest.approx(1.0, abs=0.02)


def test_a_group_of_people_is_told_by_its_proxy() -> None:
    group = RANDOM.integers(0, 3, 2000)
    classes = (group[:, None] == np.arange(3)).astype(float)
    assert unexplained(group * 10.0 + 0.1 * NOISE, classes, BLOCKS).value < 0.01
    assert unexplained(NOISE, classes, BLOCKS).value > 0.95


def test_a_target_of_one_value_is_refused() -> None:
    with pytest.raises(EvaluationError, match="the same in every row"):
        unexplained(NOISE, np.ones(2000), BLOCKS)
    with pytest.raises(EvaluationError, match="give two at least"):
        unexplained(NOISE[:2], [0.0, 1.0], [0, 0])


def test_doubles_are_found_by_values_and_by_ranks() -> None:
    rows = np.column_stack([NOISE, 2 * NOISE + 1, np.exp(4 * NOISE), RANDOM.normal(size=2000)])
    found = {(each.first, each.second): each for each in twins(rows, ("a", "b", "c", "d"), BLOCKS)}
    assert set(found) == {("a", "b"), ("a", "c"), ("b", "c")}
    assert not found["a", "b"].ranks
    assert found["a", "c"].ranks
    assert found["a", "b"].correlation.value == pytest.approx(1.0)


def test_columns_that_are_missing_in_other_rows_are_no_doubles() -> None:
    half = np.where(np.arange(2000) % 2, NOISE, np.nan)
    assert not twins(np.column_stack([NOISE, half]), ("a", "b"), BLOCKS)


def test_constants_and_empty_columns_are_no_doubles_of_each_other() -> None:
    rows = np.column_stack([np.ones(2000), np.ones(2000), np.full(2000, np.nan), np.full(2000, np.inf)])
    assert not twins(rows, tuple("abcd"), BLOCKS)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([0.0, 1.0, np.nan, np.inf, -np.inf, 1e300]), min_size=8, max_size=40))
def test_no_values_whatever_break_what_one_feature_tells(values: list[float]) -> None:
    blocks, target = np.arange(len(values)) // 2, np.arange(len(values)) % 3
    assert np.isfinite(unexplained(values, target, blocks).value)
