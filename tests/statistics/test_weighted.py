import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from afield.errors import EvaluationError
from afield.statistics.weighted import weighted_mean

values = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=50)


@given(values)
def test_without_sampling_it_is_the_ordinary_mean_and_standard_error(rows: list[float]) -> None:
    estimate = weighted_mean(rows)
    half = 1.959963984540054 * stats.sem(rows)
    assert np.isclose(estimate.value, np.mean(rows), atol=1e-9)
    assert np.isclose(estimate.interval.high - estimate.value, half, rtol=1e-6, atol=1e-6)
    assert estimate.weight == estimate.count == len(rows)


@given(values, st.floats(0.01, 1.0))
def test_a_constant_inclusion_changes_nothing_but_the_weight(rows: list[float], inclusion: float) -> None:
    plain, sampled = weighted_mean(rows), weighted_mean(rows, np.full(len(rows), inclusion))
    assert np.isclose(plain.value, sampled.value, atol=1e-6)
    assert np.isclose(plain.interval.low, sampled.interval.low, atol=1e-6)
    assert np.isclose(sampled.weight, len(rows) / inclusion)


@given(values, st.floats(-100, 100))
def test_moving_every_value_moves_the_estimate_as_far(rows: list[float], shift: float) -> None:
    inclusion = np.linspace(0.2, 1.0, len(rows))
    before, after = weighted_mean(rows, inclusion), weighted_mean(np.array(rows) + shift, inclusion)
    assert np.isclose(after.value - before.value, shift, atol=1e-6)


def test_one_row_says_nothing_of_its_spread() -> None:
    estimate = weighted_mean([3.0])
    assert estimate.value == 3.0
    assert estimate.interval.low == -np.inf


@pytest.mark.parametrize(
    ("rows", "inclusion", "message"),
    [
        ([], None, "at least one row"),
        ([1.0, np.nan], None, "row 1"),
        ([1.0, 2.0], [1.0, 0.0], "inclusion of row 1"),
        ([1.0, 2.0], [1.0], "2 values but 1"),
    ],
)
def test_rows_without_a_mean_are_refused(rows: list[float], inclusion: list[float] | None, message: str) -> None:
    with pytest.raises(EvaluationError, match=message):
        weighted_mean(rows, inclusion)


@pytest.mark.slow
def test_the_interval_covers_the_mean_of_everything_offered_although_sampling_depends_on_it() -> None:
    generator = np.random.default_rng(2)
    covered, trials = 0, 4000
    for _ in range(trials):
        offered = generator.gamma(2.0, 1.0, 800)
        inclusion = np.clip(offered / 4, 0.1, 1.0)
        kept = generator.random(800) < inclusion
        covered += 2.0 in weighted_mean(offered[kept], inclusion[kept]).interval
    assert covered / trials >= 0.95 - 0.01 - 3 * np.sqrt(0.05 * 0.95 / trials)
