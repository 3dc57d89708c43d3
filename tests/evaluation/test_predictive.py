import numpy as np
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.predictive import predictive, transform
from afield.statistics.counts import quantile


@pytest.fixture(scope="module")
def ranged(make):
    frame = make(days=42)
    low, high = (quantile(frame["forecast"].to_numpy(), 0.0, level) for level in (0.05, 0.95))
    return frame.with_columns(low=low, high=high)


def test_the_true_distribution_covers_at_least_its_level_and_exactly_by_the_transform(ranged):
    found = predictive(ranged, level=0.9, dispersion=0.0)
    assert found.coverage.value >= 0.9
    assert found.randomised.value == pytest.approx(0.9, abs=0.01)
    assert found.randomised.value in found.randomised.interval
    assert np.allclose(found.histogram, 0.1, atol=0.01)
    assert found.coverage.value + found.below.value + found.above.value == pytest.approx(1.0)


def test_intervals_too_narrow_are_seen_in_every_week(ranged):
    narrow = ranged.with_columns(low="forecast", high=pl.col("forecast") + 0.5)
    found = predictive(narrow, level=0.9)
    assert found.randomised is None
    assert found.kind == "columns"
    assert len(found.by_week) == 7  # the first begins in the middle of a week
    assert all(each.coverage.interval.high < 0.9 for each in found.by_week)


def test_a_wrong_spread_shows_in_the_transform(ranged):
    assert predictive(ranged, level=0.9, dispersion=1.0).randomised.interval.low > 0.91


def test_the_transform_is_the_same_for_the_same_seed_and_lies_in_the_unit_interval(frame):
    first, again = transform(frame, 0.1, seed=1), transform(frame, 0.1, seed=1)
    assert np.array_equal(first, again)
    assert first.min() >= 0
    assert first.max() <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"low": pl.col("high") + 1}, "'low' lies above 'high'"),
        ({"high": pl.lit(float("inf"))}, "'high'.*not finite"),
        ({"truth": pl.lit(float("nan"))}, "'truth'.*not finite"),
    ],
)
def test_ends_that_are_none_are_refused(ranged, change, message):
    with pytest.raises(EvaluationError, match=message):
        predictive(ranged.with_columns(**change))


def test_a_level_outside_and_a_spread_below_zero_are_refused(ranged):
    with pytest.raises(EvaluationError, match="level 1"):
        predictive(ranged, level=1.0)
    with pytest.raises(EvaluationError, match="dispersion"):
        predictive(ranged, dispersion=-0.1)
    with pytest.raises(EvaluationError, match="no whole number"):
        predictive(ranged.with_columns(truth=pl.lit(0.5)), dispersion=0.1)
