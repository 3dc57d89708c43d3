import numpy as np
import polars as pl
import pytest

from afield.evaluation.compare import compare, daily_sums, of_slice
from afield.evaluation.metrics import measure, metrics
from afield.evaluation.slices import Slice, of_keys

RIVALS = ("last_week", "mean")


def test_sums_of_a_slice_give_the_metrics_of_its_rows(frame):
    slices = (Slice("night", pl.col("tick").dt.hour() < 6), of_keys("some", (1, 4, 11)))
    sums = daily_sums(frame, ["forecast", "mean"], slices)
    assert metrics(of_slice(sums), "mean").numbers() == pytest.approx(measure(frame, "mean").numbers())
    for each in slices:
        expected = measure(frame.filter(each.keep)).numbers()
        assert metrics(of_slice(sums, each.name), "forecast").numbers() == pytest.approx(expected)


def test_rows_of_which_a_slice_knows_nothing_are_not_in_it(frame):
    sums = daily_sums(frame, ["forecast"], [Slice("nothing", pl.lit(None, pl.Boolean))])
    assert of_slice(sums, "nothing").is_empty()


def test_difference_and_ratio_are_those_of_the_metrics(frame):
    found = compare(of_slice(daily_sums(frame, ["forecast", *RIVALS])), RIVALS)
    assert [(each.second, each.metric) for each in found] == [
        (rival, metric) for rival in RIVALS for metric in ("rmse", "mae", "poisson_deviance")
    ]
    for each in found:
        model, rival = (getattr(measure(frame, name), each.metric) for name in ("forecast", each.second))
        assert each.difference.value == pytest.approx(model - rival)
        assert each.ratio.value == pytest.approx(model / rival)
        assert each.difference.value in each.difference.interval
        assert each.ratio.value in each.ratio.interval
        assert each.ratio.count == frame.height


def test_a_worse_rival_is_told_apart_from_chance(frame):
    for each in compare(of_slice(daily_sums(frame, ["forecast", *RIVALS])), RIVALS):
        assert each.ratio.interval.high < 1
        assert each.difference.interval.high < 0


def test_a_forecast_compared_with_itself_does_not_differ(frame):
    twin = frame.with_columns(twin="forecast")
    for each in compare(of_slice(daily_sums(twin, ["forecast", "twin"])), ["twin"]):
        assert (each.difference.value, each.difference.interval.low, each.difference.interval.high) == (0, 0, 0)
        assert each.ratio.value == 1


def test_the_interval_is_wider_than_one_that_takes_rows_for_independent(make):
    frame = make(days=40)
    shock = np.random.default_rng(3).gamma(4, 0.25, 40)
    frame = frame.with_columns(
        truth=(pl.col("truth") * pl.Series(np.repeat(shock, frame.height // 40))).round().cast(pl.Int32)
    )
    (found,) = compare(of_slice(daily_sums(frame, ["forecast", "mean"])), ["mean"], metrics=["mae"])
    losses = (frame["forecast"] - frame["truth"]).abs() - (frame["mean"] - frame["truth"]).abs()
    independent = 2 * 1.96 * losses.std() / np.sqrt(frame.height)
    assert found.difference.interval.high - found.difference.interval.low > 1.5 * independent


def test_below_two_days_there_is_no_interval(frame):
    first = frame.filter(pl.col("tick").dt.date() == frame["tick"].dt.date().min())
    assert compare(of_slice(daily_sums(first, ["forecast", "mean"])), ["mean"]) == ()


def test_a_rival_without_error_has_no_ratio(frame):
    perfect = frame.with_columns(perfect=pl.col("truth").cast(pl.Float64))
    (found,) = compare(of_slice(daily_sums(perfect, ["forecast", "perfect"])), ["perfect"], metrics=["rmse"])
    assert found.ratio is None
    assert found.difference.interval.low > 0


def test_the_seed_decides_the_draws(frame):
    sums = of_slice(daily_sums(frame, ["forecast", "mean"]))
    assert compare(sums, ["mean"], seed=4) == compare(sums, ["mean"], seed=4)
    assert compare(sums, ["mean"], seed=4) != compare(sums, ["mean"], seed=5)
