import json
from datetime import datetime, timedelta

import msgspec
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.evaluate import Evaluation, evaluate
from afield.evaluation.metrics import measure
from afield.evaluation.slices import Slice, of_keys

RIVALS = ("last_week", "mean")
BANDS = tuple(
    Slice(name, pl.col("tick").dt.hour().is_between(start, end, closed="left"))
    for name, (start, end) in {"night": (0, 6), "day": (6, 24)}.items()
)


@pytest.fixture(scope="module")
def whole(frame):
    capacity = frame.with_columns(capacity=pl.when(pl.col("key") > 0).then(pl.lit(3.0)))
    slices = (*BANDS, of_keys("few", (1, 2)))
    return evaluate(capacity, baselines=RIVALS, slices=slices, dispersion=0.0, top=3, measured={"bytes": 1e6})


def test_the_json_has_the_agreed_shape(whole, frame):
    found = json.loads(msgspec.json.encode(whole))
    assert found["rows"] == frame.height
    assert found["rows_without_history"] == 0
    for metrics in (found["model"], *(found["baselines"][name] for name in RIVALS)):
        assert {"rmse", "mae", "wape", "poisson_deviance", "bias"} <= set(metrics)
    assert list(found["baselines"]) == list(RIVALS)


def test_the_record_reads_back_from_its_json(whole):
    assert msgspec.json.decode(msgspec.json.encode(whole), type=Evaluation) == whole


def test_everything_is_measured_on_the_same_rows(whole, frame):
    assert whole.model.numbers() == pytest.approx(measure(frame).numbers())
    assert whole.baselines["mean"].numbers() == pytest.approx(measure(frame, "mean").numbers())
    assert (whole.start, whole.end) == (datetime(2023, 6, 24), datetime(2023, 7, 7, 23))


def test_months_and_bands_of_hours_each_add_up_to_the_whole(whole, frame):
    assert list(whole.by_month) == ["2023-06", "2023-07"]
    assert sum(part.rows for part in whole.by_month.values()) == frame.height
    assert sum(part.rows for name, part in whole.slices.items() if name != "few") == frame.height
    july = frame.filter(pl.col("tick") >= datetime(2023, 7, 1))
    assert whole.by_month["2023-07"].model.bias == pytest.approx(measure(july).bias)


def test_the_model_and_every_rival_are_judged_on_capacity_and_heat(whole, frame):
    assert set(whole.confusion) == set(whole.hot_keys) == {"model", *RIVALS}
    assert whole.confusion["model"].rows_without_capacity == frame.filter(pl.col("key") == 0).height
    assert whole.hot_keys["model"] > whole.hot_keys["mean"]
    assert [score.level for score in whole.quantiles] == [0.05, 0.5, 0.95]
    assert whole.measured == {"bytes": 1e6}


def test_scores_are_found_by_the_name_of_the_slice(whole, frame):
    assert whole.scores().rows == frame.height
    assert whole.scores("few").rows == frame.height // 6
    with pytest.raises(EvaluationError, match="no slice 'busy'"):
        whole.scores("busy")


def test_rows_without_history_are_scored_and_counted_apart(frame):
    gone = pl.col("tick") < datetime(2023, 6, 28)
    partly = frame.with_columns(history=~gone, last_week=pl.when(~gone).then("last_week"))
    found = evaluate(partly, baselines=RIVALS)
    assert found.rows == frame.height
    assert found.rows_without_history == frame.filter(gone).height
    assert found.scores().rows == frame.filter(~gone).height
    assert found.model.rmse == pytest.approx(measure(frame.filter(~gone)).rmse)
    assert found.without_history.rmse == pytest.approx(measure(frame.filter(gone)).rmse)


def test_where_no_row_has_history_the_model_is_scored_and_rivals_that_need_it_are_left_out(frame):
    none = frame.with_columns(history=pl.lit(value=False), last_week=pl.lit(None, pl.Float64))
    found = evaluate(none, baselines=RIVALS)
    assert found.rows == found.rows_without_history == found.scores().rows == frame.height
    assert list(found.baselines) == ["mean"]
    assert found.model.rmse == pytest.approx(measure(frame).rmse)


def test_a_rival_that_is_null_although_there_is_history_is_refused(frame):
    broken = frame.with_columns(last_week=pl.when(pl.col("key") > 0).then("last_week"))
    with pytest.raises(EvaluationError, match="'last_week': 336 of"):
        evaluate(broken, baselines=RIVALS)


def test_one_row_is_scored_without_intervals(frame):
    found = evaluate(frame.head(1), baselines=RIVALS)
    assert found.rows == 1
    assert found.comparisons == ()


def test_a_window_in_which_nothing_happened_has_no_relative_metrics(frame):
    found = evaluate(frame.with_columns(truth=pl.lit(0)), baselines=["mean"])
    assert found.model.bias is None
    assert found.hot_keys == {"model": None, "mean": None}
    assert json.loads(msgspec.json.encode(found))["model"]["wape"] is None


def test_an_empty_window_is_refused(frame):
    with pytest.raises(EvaluationError, match="no rows"):
        evaluate(frame.clear(), baselines=RIVALS)


def test_a_missing_rival_is_named(frame):
    with pytest.raises(EvaluationError, match="lags"):
        evaluate(frame, baselines=["lags"])


def test_a_tick_that_is_no_time_is_refused(frame):
    with pytest.raises(EvaluationError, match="'tick' holds String"):
        evaluate(frame.with_columns(tick=pl.lit("noon")))


@pytest.mark.parametrize("names", [("all",), ("night", "night")])
def test_two_slices_of_one_name_are_refused(frame, names):
    with pytest.raises(EvaluationError, match="same name"):
        evaluate(frame, slices=[of_keys(name, (1,)) for name in names])


def test_a_slice_without_rows_is_left_out(frame):
    assert evaluate(frame, slices=[Slice("none", pl.lit(value=False))]).slices == {}


def test_a_single_day_is_compared_by_shorter_blocks(make):
    day = make(days=1)
    assert evaluate(day, baselines=("last_week",)).comparisons == ()
    found = evaluate(day, baselines=("last_week",), block=timedelta(hours=3), resamples=200)
    assert {each.metric for each in found.comparisons} == {"rmse", "mae", "poisson_deviance"}
    assert all(each.difference.count == day.height for each in found.comparisons)


def test_the_length_of_a_block_changes_intervals_and_no_score(make):
    frame = make(days=6)
    by_day, by_hours = (
        evaluate(frame, baselines=("last_week",), block=block, resamples=200)
        for block in (timedelta(days=1), timedelta(hours=6))
    )
    assert by_day.model.numbers() == pytest.approx(by_hours.model.numbers())
    assert list(by_day.by_month) == list(by_hours.by_month) == ["2023-06"]
    one, other = (found.comparisons[0].ratio for found in (by_day, by_hours))
    assert one.value == pytest.approx(other.value)
    assert one.interval != other.interval
