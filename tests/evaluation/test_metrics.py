import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.metrics import loss_sums, measure, metrics
from afield.statistics import losses

rows = st.lists(st.tuples(st.integers(0, 50), st.floats(1e-6, 100)), min_size=1, max_size=30)


def framed(pairs):
    return pl.DataFrame(pairs, schema={"truth": pl.Int64, "forecast": pl.Float64}, orient="row")


def close(found, expected):
    return all(
        (a is None and b is None) or math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9)
        for a, b in zip(found, expected, strict=True)
    )


@given(rows)
def test_every_metric_is_its_definition(pairs):
    truth, forecast = (np.array(column, dtype=np.float64) for column in zip(*pairs, strict=True))
    found = measure(framed(pairs))
    assert math.isclose(found.rmse, np.sqrt(np.mean((forecast - truth) ** 2)), abs_tol=1e-12)
    assert math.isclose(found.mae, np.mean(np.abs(forecast - truth)), abs_tol=1e-12)
    assert math.isclose(found.poisson_deviance, losses.poisson_deviance(forecast, truth).mean(), abs_tol=1e-9)
    assert math.isclose(found.excess, np.mean((forecast - truth) ** 2) - truth.mean(), abs_tol=1e-9)
    if truth.sum():
        assert math.isclose(found.wape, np.abs(forecast - truth).sum() / truth.sum())
        assert math.isclose(found.bias, forecast.sum() / truth.sum() - 1, abs_tol=1e-9)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=30))
def test_a_perfect_forecast_has_no_loss(truth):
    found = measure(framed([(value, float(value)) for value in truth]))
    assert (found.rmse, found.mae, found.wape, found.bias) == (0, 0, 0, 0)
    assert found.poisson_deviance == pytest.approx(0, abs=1e-12)


@given(rows)
def test_deviance_is_never_negative(pairs):
    assert measure(framed(pairs)).poisson_deviance >= 0


@given(rows, st.randoms())
def test_the_order_of_the_rows_makes_no_difference(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    found, expected = measure(framed(shuffled)), measure(framed(pairs))
    assert close(found.numbers().values(), expected.numbers().values())


@given(rows, st.integers(2, 9))
def test_rmse_mae_and_deviance_scale_with_the_unit_and_wape_and_bias_do_not(pairs, factor):
    small = measure(framed(pairs))
    large = measure(framed([(truth * factor, forecast * factor) for truth, forecast in pairs]))
    assert close(
        (large.rmse, large.mae, large.poisson_deviance, large.wape, large.bias),
        (small.rmse * factor, small.mae * factor, small.poisson_deviance * factor, small.wape, small.bias),
    )


@given(rows, st.integers(1, 5))
def test_sums_of_blocks_give_the_metrics_of_the_whole(pairs, blocks):
    frame = framed(pairs).with_row_index("row")
    parts = frame.group_by(pl.col("row") % blocks).agg(loss_sums(["forecast"]))
    assert close(metrics(parts, "forecast").numbers().values(), measure(frame).numbers().values())


def test_forecasts_of_the_true_rate_have_no_excess_over_the_poisson_floor(make):
    found = measure(make(days=60))
    assert found.excess == pytest.approx(0, abs=0.05 * found.rmse**2)


def test_without_orders_the_relative_metrics_are_undefined():
    found = measure(framed([(0, 0.5), (0, 0.0)]))
    assert found.wape is None
    assert found.bias is None
    assert found.mae == 0.25
    assert set(found.numbers()) == {"rmse", "mae", "poisson_deviance", "excess"}


def test_all_zeros_score_a_wape_of_one():
    assert measure(framed([(3, 0.0), (1, 0.0)])).wape == 1


def test_one_row_is_enough():
    assert measure(framed([(3, 1.0)])).rmse == 2


def test_no_rows_are_refused():
    with pytest.raises(EvaluationError, match="no rows"):
        measure(framed([]))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None])
@pytest.mark.parametrize("column", ["truth", "forecast"])
def test_a_value_that_is_no_number_is_named_with_its_row(column, value):
    frame = pl.DataFrame({"truth": [1.0, 2.0, 3.0], "forecast": [1.0, 2.0, 3.0], "key": [7, 8, 9]})
    frame = frame.with_columns(pl.when(pl.col("key") == 8).then(value).otherwise(pl.col(column)).alias(column))
    with pytest.raises(EvaluationError, match=rf"'{column}': 1 of 3 values .*'key': 8"):
        measure(frame)


def test_where_a_truth_is_below_zero_what_speaks_of_counts_is_undefined():
    found = measure(framed([(-1, 1.0), (3, 3.0)]))
    assert (found.mae, found.bias) == (1.0, 1.0)
    assert (found.wape, found.poisson_deviance, found.excess) == (None, None, None)


def test_a_missing_column_or_a_column_of_text_is_named():
    with pytest.raises(EvaluationError, match=r"\['forecast'\] are missing"):
        measure(pl.DataFrame({"truth": [1]}))
    with pytest.raises(EvaluationError, match="'forecast' holds String"):
        measure(pl.DataFrame({"truth": [1], "forecast": ["1"]}))


def test_metrics_are_given_by_name_and_every_loss_is_one_of_them():
    found = measure(framed([(1, 0.9), (0, 0.4)]))
    assert found.numbers(("squared_error", "mae")) == pytest.approx({"squared_error": 0.085, "mae": 0.25})
    assert found.numbers(("absolute_error",)) == pytest.approx({"absolute_error": 0.25})
    with pytest.raises(EvaluationError, match="no metric called brier"):
        found.numbers(("rmse", "brier"))
