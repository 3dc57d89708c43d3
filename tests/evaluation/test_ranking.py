import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import ndcg_score

from afield.errors import EvaluationError
from afield.evaluation.ranking import confusion, hot_keys, per_tick, ranked

cells = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 4), st.integers(0, 4)), min_size=1)


def framed(rows):
    schema = {"tick": pl.Int64, "key": pl.Int64, "truth": pl.Int64, "forecast": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").unique(["tick", "key"], maintain_order=True)


def surges(truth, forecast, capacity):
    return pl.DataFrame({"truth": truth, "forecast": forecast, "capacity": capacity}, strict=False)


def test_rows_at_or_above_capacity_are_counted_four_ways():
    frame = surges([5, 6, 4, 4, 9], [5.0, 4.9, 5.1, 1.0, 9.5], [5.0, 5.0, 5.0, 5.0, None])
    found = confusion(frame)
    assert (found.true_positives, found.false_negatives, found.false_positives, found.true_negatives) == (1, 1, 1, 1)
    assert (found.precision, found.recall) == (0.5, 0.5)
    assert found.rows_without_capacity == 1


def test_precision_and_recall_are_undefined_where_nothing_was_said_or_true():
    found = confusion(surges([1], [1.0], [5.0]))
    assert found.precision is None
    assert found.recall is None


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 9)), min_size=1))
def test_a_perfect_forecast_is_never_wrong(rows):
    truth, capacity = zip(*rows, strict=True)
    found = confusion(surges(truth, [float(value) for value in truth], capacity))
    assert found.false_positives == found.false_negatives == 0
    assert found.true_positives + found.true_negatives == len(rows)


def test_a_missing_capacity_is_said():
    with pytest.raises(EvaluationError, match="missing"):
        confusion(surges([1], [1.0], [1.0]).drop("capacity"))
    with pytest.raises(EvaluationError, match="no row has a capacity"):
        confusion(pl.DataFrame({"truth": [1], "forecast": [1.0], "capacity": [None]}))


def test_a_capacity_that_every_row_would_reach_is_refused():
    with pytest.raises(EvaluationError, match="above zero"):
        confusion(surges([1], [1.0], [0.0]))


def test_the_hottest_keys_are_found_tick_by_tick():
    rows = [(0, 1, 9, 9.0), (0, 2, 5, 1.0), (0, 3, 1, 5.0), (1, 1, 0, 1.0), (1, 2, 4, 3.0), (1, 3, 2, 2.0)]
    assert hot_keys(framed(rows), top=2) == 0.75


@given(cells, st.integers(1, 5))
def test_a_forecast_that_orders_keys_as_the_truth_does_finds_all(rows, top):
    frame = framed(rows).with_columns(forecast=pl.col("truth") * 2.0 + 1)
    share = hot_keys(frame, top)
    assert share == (1.0 if frame["truth"].sum() else None)


@given(cells, st.integers(1, 5), st.randoms())
def test_the_order_of_the_rows_makes_no_difference(rows, top, random):
    frame = framed(rows)
    shuffled = frame[random.sample(range(frame.height), frame.height)]
    assert hot_keys(shuffled, top) == pytest.approx(hot_keys(frame, top))


@given(cells, st.integers(1, 5))
def test_the_share_lies_between_none_and_all(rows, top):
    share = hot_keys(framed(rows), top)
    assert share is None or 0 <= share <= 1


def test_no_hot_key_cannot_be_asked_for():
    with pytest.raises(EvaluationError, match="top 0"):
        hot_keys(framed([(0, 1, 1, 1.0)]), top=0)


def test_ndcg_is_that_of_scikit_learn_where_forecasts_differ(frame):
    found = per_tick(frame, 5).filter(pl.col("ndcg").is_not_null())
    by_tick = frame.filter(pl.col("tick").is_in(found["tick"].implode())).partition_by("tick", maintain_order=True)
    expected = [ndcg_score([part["truth"].to_numpy()], [part["forecast"].to_numpy()], k=5) for part in by_tick]
    assert found["ndcg"].to_list() == pytest.approx(expected)


def test_precision_counts_the_chosen_and_recall_the_relevant():
    rows = framed([(0, 0, 5, 9.0), (0, 1, 5, 8.0), (0, 2, 5, 7.0), (0, 3, 0, 8.5)])
    found = per_tick(rows, 2).row(0, named=True)
    assert found["precision"] == 0.5
    assert found["recall"] == pytest.approx(1 / 3)
    assert found["hit_rate"] == 0.5


def test_everybody_is_ranked_with_intervals_and_the_first_held_against_the_others(frame):
    found = ranked(frame, {"model": "forecast", "mean": "mean"}, 3)
    assert set(found.scores) == {"model", "mean"}
    assert found.scores["model"]["hit_rate"].value == pytest.approx(hot_keys(frame, 3))
    assert found.scores["model"]["ndcg"].value in found.scores["model"]["ndcg"].interval
    compared = {each.metric: each for each in found.comparisons}
    assert compared["hit_rate"].difference.interval.low > 0


def test_a_single_day_is_ranked_without_intervals(frame):
    assert ranked(frame.head(12 * 24), {"model": "forecast"}).scores == {}


def test_precision_and_recall_at_capacity_have_intervals_over_blocks(frame):
    capacity = frame.with_columns(capacity=pl.when(pl.col("key") > 0).then(pl.lit(3.0)))
    found = confusion(capacity, blocks=frame["tick"].dt.date(), resamples=200)
    assert found.precision in found.precise
    assert found.recall in found.recalled
    assert confusion(capacity.head(24), blocks=frame["tick"].dt.date().head(24)).precise is None
