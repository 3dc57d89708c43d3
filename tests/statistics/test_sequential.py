import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.statistics.sequential import exceeds, paired_test, required_ticks
from tests.statistics.series import paired_losses

LOWER = paired_losses(np.random.default_rng(1), 1, 200, effect=-0.3)


@given(st.integers(0, 10_000))
def test_swapping_the_series_swaps_the_verdict(seed: int) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.gamma(4, 1, 60), generator.gamma(4, 1.5, 60)
    swapped = {"better": "worse", "worse": "better", "undecided": "undecided"}
    there, back = paired_test(first, second), paired_test(second, first)
    assert back.verdict == swapped[there.verdict]
    assert back.decided == there.decided
    assert np.isclose(there.ratio.value * back.ratio.value, 1.0)


@given(st.integers(0, 10_000), st.floats(0.001, 1000))
def test_the_unit_of_the_loss_does_not_matter(seed: int, unit: float) -> None:
    generator = np.random.default_rng(seed)
    first, second = generator.gamma(4, 1, 60), generator.gamma(4, 1.2, 60)
    assert paired_test(first * unit, second * unit).verdict == paired_test(first, second).verdict


@given(st.integers(24, 199))
def test_a_verdict_once_fallen_stands_whatever_follows(cut: int) -> None:
    (first,), (second,) = LOWER
    early, late = paired_test(first[:cut], second[:cut]), paired_test(first, second)
    assert early.verdict in ("undecided", late.verdict)
    assert early.decided in (0, late.decided)


def test_a_much_lower_loss_is_better_and_a_much_higher_one_worse() -> None:
    (first,), (second,) = paired_losses(np.random.default_rng(2), 1, 48, effect=-0.5)
    result = paired_test(first, second)
    assert result.verdict == "better"
    assert 24 <= result.decided <= 48
    assert result.ratio.interval.high < 1
    assert result.difference.interval.high < 0
    assert paired_test(second, first).verdict == "worse"


def test_the_same_losses_never_differ() -> None:
    losses = np.random.default_rng(3).gamma(2, 1, 500)
    assert paired_test(losses, losses).verdict == "undecided"
    assert paired_test(losses * (1 + 1e-15), losses).verdict == "undecided"


def test_before_the_burn_in_nothing_is_said() -> None:
    result = paired_test(np.full(23, 10.0), np.full(23, 1.0))
    assert (result.verdict, result.ticks, result.decided) == ("undecided", 23, 0)
    assert paired_test([], []).verdict == "undecided"


def test_patience_holds_back_better_but_not_worse() -> None:
    (first,), (second,) = paired_losses(np.random.default_rng(4), 1, 60, effect=-0.6)
    assert paired_test(first, second, patience=48).decided >= 48
    assert paired_test(second, first, patience=48).decided < 48


@pytest.mark.parametrize(("first", "message"), [([1.0, -1.0], "loss 1 is negative"), ([1.0, np.nan], "value 1")])
def test_losses_that_are_none_are_refused(first: list[float], message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        paired_test(first, [1.0, 1.0])


@given(st.floats(0.02, 0.5), st.floats(0.05, 1.0), st.floats(0.0, 0.7))
def test_smaller_noisier_or_more_dependent_differences_need_more_ticks(
    difference: float, deviation: float, correlation: float
) -> None:
    ticks = required_ticks(difference, deviation, correlation)
    assert required_ticks(difference / 1.5, deviation, correlation) >= ticks
    assert required_ticks(difference, deviation * 1.5, correlation) >= ticks
    assert required_ticks(difference, deviation, correlation + 0.1) >= ticks
    assert required_ticks(difference, deviation, correlation, power=0.99) >= ticks
    assert required_ticks(difference, deviation, correlation, alpha=0.01) >= ticks


def test_nothing_is_planned_for_no_difference() -> None:
    with pytest.raises(EvaluationError, match="difference 0"):
        required_ticks(0.0, 0.2)


def test_a_rate_far_above_its_limit_is_proven_in_a_few_ticks() -> None:
    at, evidence = exceeds(np.full(24, 0.9), 0.0, low=-1.0, high=1.0, alpha=0.005)
    assert 1 <= at <= 12
    assert evidence >= 200


def test_values_below_the_limit_prove_nothing() -> None:
    assert exceeds(np.full(500, -0.1), 0.0, low=-1.0, high=1.0, alpha=0.05) == (0, 1.0)
    assert exceeds([], 0.0, low=-1.0, high=1.0, alpha=0.05) == (0, 1.0)


def test_a_value_outside_the_bounds_of_the_bet_is_refused() -> None:
    with pytest.raises(EvaluationError, match="outside"):
        exceeds([0.0, 2.0], 0.0, low=-1.0, high=1.0, alpha=0.05)


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "shape"), [(0.0, 1.0), (0.3, 4.0), (0.6, 4.0), (0.6, 2.0)])
def test_without_a_difference_either_verdict_is_as_rare_as_declared(correlation: float, shape: float) -> None:
    generator = np.random.default_rng(7)
    runs = 2000
    pairs = zip(*paired_losses(generator, runs, 500, correlation=correlation, shape=shape), strict=True)
    wrong = sum(paired_test(first, second).verdict != "undecided" for first, second in pairs)
    assert wrong / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "shape"), [(0.0, 4.0), (0.3, 4.0), (0.6, 4.0), (0.3, 1.0)])
def test_a_tenth_is_found_within_the_planned_ticks(correlation: float, shape: float) -> None:
    generator = np.random.default_rng(8)
    runs = 600
    first, second = paired_losses(generator, runs, 1200, correlation=correlation, shape=shape, cycle=0.0, effect=-0.1)
    residual = first - 0.9 * second
    neighbours = float((residual[:, 1:] * residual[:, :-1]).mean() / (residual**2).mean())
    planned = required_ticks(0.1, float(residual.std()), max(neighbours, 0.0), power=0.9)
    found = [paired_test(one[:planned], other[:planned]).verdict for one, other in zip(first, second, strict=True)]
    assert planned <= 1200
    assert found.count("better") / runs >= 0.9 - 2 * np.sqrt(0.09 / runs)


@pytest.mark.slow
def test_bets_on_a_rate_at_its_limit_are_won_as_rarely_as_declared() -> None:
    generator = np.random.default_rng(9)
    runs = 3000
    rates = generator.binomial(20, 0.02, (runs, 300)) / 20 - generator.binomial(200, 0.02, (runs, 300)) / 200
    proven = sum(exceeds(row, 0.0, low=-1.0, high=1.0, alpha=0.05)[0] > 0 for row in rates)
    assert proven / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
