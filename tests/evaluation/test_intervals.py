import numpy as np
import polars as pl
import pytest

from afield.evaluation.compare import daily_sums, of_slice
from afield.evaluation.intervals import METRICS, estimates, gaps
from afield.evaluation.metrics import measure


@pytest.fixture(scope="module")
def sums(frame):
    return of_slice(daily_sums(frame, ["forecast", "mean"]))


def test_every_metric_has_its_value_inside_its_interval(sums, frame):
    found = estimates(sums, ["forecast", "mean"])
    expected = measure(frame).numbers(tuple(METRICS))
    assert {name: each.value for name, each in found["forecast"].items()} == pytest.approx(expected)
    assert all(each.value in each.interval and each.count == frame.height for each in found["mean"].values())


def test_a_metric_that_is_undefined_is_left_out(frame):
    nothing = of_slice(daily_sums(frame.with_columns(truth=pl.lit(0)), ["forecast"]))
    assert {"wape", "bias"}.isdisjoint(estimates(nothing, ["forecast"])["forecast"])


def test_one_day_gives_no_interval(frame):
    day = of_slice(daily_sums(frame.head(12 * 24), ["forecast"]))
    assert estimates(day, ["forecast"]) == {}
    assert gaps(day, day) == ()


def test_a_gap_between_learned_and_unseen_rows_is_found_where_there_is_one(make):
    known, new = make(days=28, seed=1), make(days=28, seed=2)
    worse = new.with_columns(forecast=pl.col("forecast") * 1.5)
    learned, fine, poor = (of_slice(daily_sums(each, ["forecast"])) for each in (known, new, worse))
    same = {each.metric: each for each in gaps(fine, learned)}
    apart = {each.metric: each for each in gaps(poor, learned)}
    assert 0.0 in same["rmse"].difference.interval
    assert 1.0 in same["rmse"].ratio.interval
    assert apart["rmse"].difference.interval.low > 0
    assert apart["bias"].difference.value == pytest.approx(0.5, abs=0.1)
    assert apart["bias"].ratio is None
    assert np.isfinite(apart["rmse"].ratio.interval.high)
