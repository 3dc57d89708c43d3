from datetime import datetime, timedelta

import msgspec
import polars as pl
import pytest

from afield.errors import EvaluationError
from afield.evaluation.costs import Costs
from afield.evaluation.evaluate import Evaluation, evaluate
from afield.evaluation.questions import Questions

COSTS = Costs(false_positive=3.0, false_negative=1.0)


@pytest.fixture(scope="module")
def asked(make):
    frame = make(days=21).with_columns(hour=pl.col("tick").dt.hour(), low=pl.lit(0.0), high=pl.col("forecast") * 3 + 3)
    early = make(days=21, seed=5).with_columns(pl.col("tick") - timedelta(days=30))
    wanted = Questions(columns=("key", "hour"), rival="last_week", ends=("low", "high"), learned=early)
    return evaluate(frame, baselines=("last_week", "mean"), questions=wanted)


@pytest.fixture(scope="module")
def certain(make):
    chance = pl.col("forecast") / (1 + pl.col("forecast"))
    return make(days=14).with_columns(truth=(pl.col("truth") > 0).cast(pl.Int64), forecast=chance)


def test_every_number_of_everybody_has_its_interval(asked):
    assert set(asked.intervals) == {"model", "last_week", "mean"}
    assert asked.intervals["model"]["rmse"].value == pytest.approx(asked.model.rmse)
    assert all(each.value in each.interval for named in asked.intervals.values() for each in named.values())
    assert asked.by_month["2023-07"].intervals["mean"]["mae"].value == pytest.approx(
        asked.by_month["2023-07"].baselines["mean"].mae
    )


def test_learned_rows_stand_beside_unseen_ones(asked):
    assert asked.learned.end < asked.start
    assert {each.metric for each in asked.learned.gaps} == {"rmse", "mae", "wape", "poisson_deviance", "bias"}
    assert all(each.first == "unseen" for each in asked.learned.gaps)


def test_intervals_ranking_and_slices_are_answered(asked):
    assert asked.predictive.kind == "columns"
    assert asked.predictive.coverage.value > 0.9
    assert asked.ranking.scores["model"]["hit_rate"].value == pytest.approx(asked.hot_keys["model"])
    assert asked.discovery.against == "last_week"
    assert asked.discovery.tested + asked.discovery.screened == 2 * (12 + 24 + 12 * 24)


def test_the_answers_read_back_from_their_json(asked):
    assert msgspec.json.decode(msgspec.json.encode(asked), type=Evaluation) == asked


def test_a_single_day_has_numbers_and_no_intervals(frame):
    found = evaluate(
        frame.filter(pl.col("tick") < datetime(2023, 6, 25)), dispersion=0.0, questions=Questions(costs=COSTS)
    )
    assert (found.intervals, found.ranking, found.predictive, found.binary) == ({}, None, None, None)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Evaluation) == found


def test_a_threshold_is_chosen_on_other_rows_and_its_cost_told(certain):
    wanted = Questions(costs=COSTS, choosing=certain.head(1000), loss="squared_error")
    found = evaluate(certain, questions=wanted)
    assert found.decision.chosen_on == "held"
    assert found.binary.threshold == found.decision.threshold
    assert found.decision.cost.value < min(found.decision.always.value, found.decision.never.value)
    assert found.binary.areas.roc.value > 0.7


def test_costs_of_what_is_no_probability_are_refused(frame):
    with pytest.raises(EvaluationError, match="a truth is 0 or 1"):
        evaluate(frame, questions=Questions(costs=COSTS))


def test_one_class_alone_has_no_areas(certain):
    found = evaluate(certain.with_columns(truth=pl.lit(1)), questions=Questions(costs=COSTS))
    assert found.binary.areas is None
