import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.slices import busiest, holding, of_keys

counts = st.lists(st.integers(0, 100), min_size=1, max_size=30).filter(any)


def training(values):
    return pl.DataFrame({"key": range(len(values)), "truth": values}, schema={"key": pl.Int32, "truth": pl.Int64})


@given(counts, st.floats(0.01, 1))
def test_the_busy_keys_are_the_fewest_that_hold_the_share(values, share):
    keys = holding(training(values), share)
    held = [values[key] for key in keys]
    assert sum(held) >= share * sum(values) * (1 - 1e-12)
    assert sum(held[:-1]) < share * sum(values) * (1 + 1e-12)
    assert held == sorted(values, reverse=True)[: len(held)]


@given(counts, st.integers(1, 40))
def test_the_busiest_keys_come_first_and_equal_ones_by_key(values, count):
    expected = sorted(range(len(values)), key=lambda key: (-values[key], key))[:count]
    assert list(busiest(training(values), count)) == expected


def test_rows_of_a_key_are_added_up():
    frame = pl.DataFrame({"key": ["a", "b", "b"], "truth": [3, 2, 2]})
    assert busiest(frame, 1) == ("b",)
    assert holding(frame, 0.5) == ("b",)


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_a_training_window_in_which_nothing_happened_is_refused(values):
    for choose in (lambda: holding(training(values), 0.95), lambda: busiest(training(values), 10)):
        with pytest.raises(EvaluationError, match="nothing happened"):
            choose()


@pytest.mark.parametrize("share", [0, -1, 1.5, float("nan")])
def test_a_share_that_is_none_is_refused(share):
    with pytest.raises(EvaluationError, match="share"):
        holding(training([1]), share)


def test_a_slice_of_keys_keeps_those_keys(frame):
    assert set(frame.filter(of_keys("two", (3, 5)).keep)["key"]) == {3, 5}
