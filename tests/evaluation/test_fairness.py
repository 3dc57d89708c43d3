"""How unlike groups fare, held against Fairlearn itself on the rows."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from fairlearn.metrics import MetricFrame, false_positive_rate

from afield.errors import EvaluationError
from afield.evaluation.fairness import FairWithin, GroupMetric, disparity, verdict

DAY = timedelta(days=1)
ALARMS = GroupMetric(
    name="false alarms",
    says="of the rows without, those that were called",
    amount=(pl.col("truth") == 0) & (pl.col("forecast") > 0),
    of=pl.col("truth") == 0,
)


def rows(rates, count=4000, seed=1):
    random = np.random.default_rng(seed)
    group = random.choice(list(rates), count)
    truth = random.random(count) < 0.5
    called = np.where(truth, random.random(count) < 0.7, random.random(count) < np.vectorize(rates.get)(group))
    ticks = [datetime(2024, 3, 1) + timedelta(minutes=10 * place) for place in range(count)]
    return pl.DataFrame({"tick": ticks, "group": group, "truth": truth.astype(float), "forecast": called.astype(float)})


def within(**fields):
    return FairWithin(**{"attribute": "place", "metric": ALARMS} | fields)


def test_rates_difference_and_ratio_are_those_of_fairlearn_on_the_rows():
    some = rows({"north": 0.1, "south": 0.3, "west": 0.2})
    found = disparity(within(), some, DAY)
    frame = MetricFrame(
        metrics=false_positive_rate,
        y_true=some["truth"].to_numpy(),
        y_pred=some["forecast"].to_numpy(),
        sensitive_features=some["group"].to_list(),
    )
    assert {each.group: each.value.value for each in found.groups} == pytest.approx(frame.by_group.to_dict())
    assert found.difference.value == pytest.approx(frame.difference())
    assert found.ratio.value == pytest.approx(frame.ratio())
    assert [each.group for each in found.groups] == ["south", "west", "north"]
    assert found.difference.interval.low > 0.1
    assert all(each.value.value in each.value.interval for each in found.groups)


def test_a_group_of_few_is_shown_and_not_judged():
    some = pl.concat([rows({"north": 0.1, "south": 0.1}), rows({"tiny": 1.0}, count=20)])
    found = disparity(within(), some, DAY)
    assert {each.group: each.judged for each in found.groups} == {"tiny": False, "north": True, "south": True}
    assert found.difference.value < 0.1


def test_gates_are_judged_by_difference_and_by_ratio_and_nothing_asked_is_nothing_judged():
    some = rows({"north": 0.1, "south": 0.3})
    assert verdict(disparity(within(), some, DAY)) is None
    assert verdict(disparity(within(difference=0.5, ratio=0.1), some, DAY)).passed
    failed = verdict(disparity(within(difference=0.05), some, DAY))
    assert (failed.gate, failed.passed) == ("fairness: false alarms by place", False)
    assert "at most 0.05 is allowed" in failed.reason
    assert not verdict(disparity(within(ratio=0.9), some, DAY)).passed


def test_rates_below_zero_have_a_difference_and_no_ratio():
    bias = GroupMetric(name="bias", says="", amount=pl.col("forecast") - pl.col("truth"), of=pl.col("truth"))
    found = disparity(within(metric=bias), rows({"north": 0.0, "south": 0.9}), DAY)
    assert found.ratio is None
    assert found.difference.value > 0.3


def test_where_nobody_has_any_the_groups_are_alike():
    found = disparity(within(ratio=0.8), rows({"north": 0.0, "south": 0.0}), DAY)
    assert (found.difference.value, found.ratio) == (0.0, None)
    assert verdict(found).passed


def test_a_group_in_which_nobody_has_it_is_not_thereby_certain():
    found = disparity(within(), rows({"north": 0.0, "south": 0.3}), DAY)
    none = next(each for each in found.groups if each.group == "north").value
    assert (none.value, none.interval.low) == (0.0, 0.0)
    assert none.interval.high == pytest.approx(1 - 0.025 ** (1 / none.count))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda some: some.with_columns(pl.lit("all").alias("group")), "1 of the groups can be judged"),
        (lambda some: some.with_columns(pl.lit(None, pl.String).alias("group")), "no row has a group"),
        (lambda some: some.clear(), "no row has a group"),
        (lambda some: some.head(30), "0 of the groups can be judged"),
        (lambda some: some.with_columns(pl.lit(1.0).alias("truth")), "0 of the groups can be judged"),
        (lambda some: some.drop("forecast"), "cannot be measured"),
        (lambda some: some.with_columns(pl.lit(None, pl.Float64).alias("truth")), "give no number"),
    ],
)
def test_groups_that_cannot_be_held_against_each_other_are_told(change, message):
    with pytest.raises(EvaluationError, match=message):
        disparity(within(), change(rows({"north": 0.1, "south": 0.3})), DAY)
