import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.costs import NEVER, Costs, cheapest, cheapest_actions, decision

COSTS = Costs(false_positive=3.0, false_negative=1.0)
rows = st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=2, max_size=30)


@given(rows)
def test_no_other_threshold_costs_less(pairs):
    truth, chance = np.array([y for y, _ in pairs]), np.array([p for _, p in pairs]) / 8
    found = COSTS.of(truth, chance >= cheapest(truth, chance, COSTS)).sum()
    assert all(found <= COSTS.of(truth, chance >= other).sum() for other in [*np.arange(9) / 8, NEVER])


def test_calibrated_probabilities_are_cheapest_near_the_threshold_that_costs_imply():
    generator = np.random.default_rng(1)
    chance = generator.random(20_000)
    truth = generator.random(20_000) < chance
    found = decision(truth, chance, COSTS, np.arange(20_000) // 200, threshold=0.75)
    assert cheapest(truth, chance, COSTS) == pytest.approx(0.75, abs=0.06)
    assert found.chosen_on == "held"
    assert found.cost == found.at_calibrated
    assert found.cost.interval.high < min(found.always.interval.low, found.never.interval.low)


def test_saying_nothing_is_cheapest_where_nothing_is_true():
    assert cheapest([0, 0], [0.9, 0.1], COSTS) == NEVER
    found = decision([0, 0], [0.9, 0.1], COSTS, [0, 1])
    assert (found.threshold, found.cost.value, found.chosen_on) == (NEVER, 0.0, "same")


def test_several_classes_take_the_action_of_least_expected_cost():
    costs = [[0.0, 5.0, 1.0], [5.0, 0.0, 1.0]]
    assert cheapest_actions([[0.95, 0.05], [0.6, 0.4], [0.1, 0.9]], costs).tolist() == [0, 2, 1]


@pytest.mark.parametrize(
    "costs",
    [
        {"false_positive": 0.0, "false_negative": 1.0},
        {"false_positive": np.nan, "false_negative": 1.0},
        {"false_positive": 1.0, "false_negative": 1.0, "true_positive": 2.0},
    ],
)
def test_costs_by_which_a_mistake_pays_are_refused(costs):
    with pytest.raises(EvaluationError):
        Costs(**costs)


def test_a_matrix_that_fits_no_classes_is_refused():
    with pytest.raises(EvaluationError, match="row for each class"):
        cheapest_actions([[0.5, 0.5]], [[1.0, 2.0]])
    with pytest.raises(EvaluationError, match="not finite"):
        cheapest_actions([[0.5, np.nan]], [[1.0], [2.0]])
