"""Forecasts side by side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.sidebyside import SideBySide, answered
from afield.statistics.bootstrap import paired
from afield.statistics.losses import squared_error


def rows(seed: int = 0, count: int = 600) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    draw = np.random.default_rng(seed)
    rate = draw.gamma(2.0, 3.0, count)
    truth = draw.poisson(rate).astype(float)
    return truth, np.arange(count) // 30, {"good": rate, "bad": rate * 1.5, "same": rate.copy()}


def test_a_better_forecast_is_told_from_a_worse_one_and_an_equal_one_is_not() -> None:
    both = SideBySide(*rows())
    noise = both.noise(["good", "bad", "same"], "rmse")
    assert noise == {("good", "bad"): False, ("good", "same"): True, ("bad", "same"): False}


def test_the_pairs_are_those_of_the_bootstrap_over_rows() -> None:
    truth, blocks, forecasts = rows()
    there = SideBySide(truth, blocks, forecasts).paired("bad", "good", "rmse")
    losses = [squared_error(forecasts[name], truth) for name in ("bad", "good")]
    expected = paired(*losses, blocks, metric="rmse", names=("bad", "good"), root=True)
    assert there.difference.value == pytest.approx(expected.difference.value)
    assert there.ratio is not None
    assert expected.ratio is not None
    assert there.ratio.interval.low == pytest.approx(expected.ratio.interval.low)
    assert there.difference.count == len(truth)


@given(st.integers(0, 50))
def test_an_estimate_lies_in_its_interval(seed: int) -> None:
    found = SideBySide(*rows(seed, 300), resamples=200).estimate("good", "rmse")
    assert found.interval.low <= found.value <= found.interval.high


def test_rows_that_somebody_cannot_answer_are_left_out_for_all() -> None:
    there = answered([1.0, np.nan, 2.0, 3.0], {"a": np.array([1.0, 1.0, np.inf, 1.0]), "b": np.ones(4)})
    assert there.tolist() == [True, False, False, True]


def test_one_block_no_rows_a_missing_answer_and_an_unknown_metric_are_refused_in_words() -> None:
    truth, blocks, forecasts = rows()
    with pytest.raises(EvaluationError, match="one block of time"):
        SideBySide(truth, np.zeros_like(blocks), forecasts)
    with pytest.raises(EvaluationError, match="no rows to compare on"):
        SideBySide(truth[:0], blocks[:0], {})
    with pytest.raises(EvaluationError, match="a finite number is expected"):
        SideBySide(truth, blocks, {"broken": np.full(len(truth), np.nan)})
    with pytest.raises(EvaluationError, match="has no answer to any"):
        answered(truth, {"broken": np.full(len(truth), np.nan)})
    with pytest.raises(EvaluationError, match="no metric 'joy'"):
        SideBySide(truth, blocks, forecasts).estimate("good", "joy")
