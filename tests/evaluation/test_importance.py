"""Importance: what is worth nothing gets nothing, what is worth something gets what the algebra says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.importance import mean_size, raised, shapley, shuffled, spread_of_fits

RANDOM = np.random.default_rng(3)
ROWS = RANDOM.normal(size=(400, 3))
BLOCKS = np.arange(400) // 20
WEIGHTS = np.array([2.0, -1.0, 0.0])


def linear(rows: np.ndarray) -> np.ndarray:
    return rows @ WEIGHTS


def squared(forecast: np.ndarray, truth: np.ndarray) -> np.ndarray:
    return (forecast - truth) ** 2


def test_shuffling_a_column_that_the_model_does_not_read_costs_nothing() -> None:
    truth = linear(ROWS)
    assert shuffled(linear, ROWS, truth, [2], squared).max() < 1e-20
    assert shuffled(linear, ROWS, truth, [0], squared).mean() == pytest.approx(2 * 2.0**2, rel=0.25)


def test_columns_are_shuffled_together() -> None:
    twins = np.column_stack([ROWS[:, 0], ROWS[:, 0]])

    def difference(rows: np.ndarray) -> np.ndarray:
        return rows[:, 0] - rows[:, 1]

    truth = np.zeros(len(ROWS))
    assert shuffled(difference, twins, truth, [0, 1], squared).max() == 0.0
    assert shuffled(difference, twins, truth, [0], squared).mean() > 0.5


def test_one_row_cannot_be_shuffled() -> None:
    with pytest.raises(EvaluationError, match="1 rows cannot be shuffled"):
        shuffled(linear, ROWS[:1], np.zeros(1), [0], squared)


def test_contributions_of_a_linear_model_are_its_weights_times_the_distance_to_the_background() -> None:
    background = np.array([[1.0, 2.0, 3.0]])
    found = shapley(linear, ROWS[:20], background, draws=2)
    np.testing.assert_allclose(found, WEIGHTS * (ROWS[:20] - background), atol=1e-12)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 5))
def test_contributions_add_up_to_the_distance_between_outputs(seed: int, columns: int) -> None:
    random = np.random.default_rng(seed)
    rows, background = random.normal(size=(6, columns)), random.normal(size=(1, columns))

    def wild(values: np.ndarray) -> np.ndarray:
        return np.asarray(np.sin(values).prod(axis=1) + (values[:, 0] > 0))

    found = shapley(wild, rows, background, draws=1, seed=seed)
    np.testing.assert_allclose(found.sum(axis=1), wild(rows) - wild(background), atol=1e-9)


def test_an_interaction_is_shared_by_those_who_take_part() -> None:
    both = np.array([[1.0, 1.0, 1.0]])
    found = shapley(lambda rows: np.asarray(rows[:, 0] * rows[:, 1]), both, np.zeros((1, 3)), draws=4)
    np.testing.assert_allclose(found, [[0.5, 0.5, 0.0]])


def test_nothing_to_explain_is_refused() -> None:
    with pytest.raises(EvaluationError, match="give some of each"):
        shapley(linear, ROWS[:0], ROWS)


def test_shares_add_up_to_one_and_lie_in_their_intervals() -> None:
    sizes, shares = mean_size(ROWS * WEIGHTS, BLOCKS)
    assert sum(each.value for each in shares) == pytest.approx(1.0)
    assert all(each.value in each.interval for each in shares)
    assert sizes[2].value == 0.0


def test_the_share_of_a_model_that_says_the_same_of_everybody_is_zero() -> None:
    assert [each.value for each in mean_size(np.zeros((40, 2)), np.arange(40) // 4)[1]] == [0.0, 0.0]


def test_what_helped_raises_the_loss_when_it_is_gone() -> None:
    whole = RANDOM.gamma(2.0, size=400)
    found = raised(whole * 1.5, whole, BLOCKS, metric="squared_error", name="weather")
    assert found.first == "without weather"
    assert found.difference.interval.low > 0
    assert found.ratio is not None
    assert found.ratio.value == pytest.approx(1.5)


def test_chance_in_fitting_widens_the_interval() -> None:
    whole = RANDOM.gamma(2.0, size=400)
    narrow = raised(whole * 1.01, whole, BLOCKS, metric="squared_error", name="x")
    wide = raised(whole * 1.01, whole, BLOCKS, metric="squared_error", name="x", spread=0.1)
    assert narrow.difference.interval.low > 0 > wide.difference.interval.low
    assert wide.ratio is not None
    assert wide.ratio.interval.low < 1 - 0.15 / whole.mean() < wide.ratio.interval.high


def test_the_spread_of_fits_is_that_of_a_difference_of_means() -> None:
    losses = 5.0 + np.arange(500)[:, None] + np.random.default_rng(0).normal(scale=0.2, size=(500, 2))
    assert spread_of_fits(losses) == pytest.approx(0.2, rel=0.1)
    assert spread_of_fits([[1.0], [2.0]]) == 0.0


@pytest.mark.slow
def test_a_group_that_is_worth_nothing_is_rarely_said_to_pay() -> None:
    said, runs = 0, 300
    for seed in range(runs):
        random = np.random.default_rng(seed)
        days = np.repeat(random.normal(size=28), 50)
        whole = 5 + days + random.normal(size=1400)
        # Two fits with and without that differ by the draw of the fit alone, and by days that went well or badly.
        chance = random.normal(scale=0.05, size=(12, 2))
        worse = whole + chance[1].mean() - chance[0].mean() + np.repeat(random.normal(scale=0.1, size=28), 50)
        found = raised(
            worse, whole, np.arange(1400) // 50, metric="x", name="x", spread=spread_of_fits(chance), seed=seed
        )
        said += found.difference.interval.low > 0
    assert said / runs <= 0.05
