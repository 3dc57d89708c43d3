import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.statistics.looks import boundary, looks
from afield.statistics.sequences import AsymptoticSequence, BettingSequence
from tests.statistics.series import autoregression, gamma_losses

units = st.lists(st.floats(0, 1), min_size=1, max_size=60)
numbers = st.lists(st.floats(-100, 100), min_size=3, max_size=60)


@given(units, st.integers(0, 59))
def test_values_in_two_parts_give_what_all_at_once_give_unless_refuted_on_the_way(
    values: list[float], cut: int
) -> None:
    whole, parts = BettingSequence(), BettingSequence()
    at_once = whole.update(values)
    parts.update(values[:cut])
    in_parts = parts.update(values[cut:])
    assert in_parts.low >= at_once.low - 1e-9
    assert in_parts.high <= at_once.high + 1e-9


@given(units, units)
def test_a_betting_interval_never_widens_and_keeps_to_its_bounds(first: list[float], second: list[float]) -> None:
    sequence = BettingSequence(-1.0, 3.0)
    before = sequence.update(4 * np.array(first) - 1)
    after = sequence.update(4 * np.array(second) - 1)
    assert -1.0 <= before.low <= before.high <= 3.0
    assert after.high - after.low <= before.high - before.low + 1e-9


def test_a_betting_interval_is_narrow_where_values_hardly_vary() -> None:
    generator = np.random.default_rng(0)
    calm = BettingSequence().update(0.5 + generator.uniform(-0.01, 0.01, 500))
    wild = BettingSequence().update(generator.random(500))
    assert calm.high - calm.low < 0.5 * (wild.high - wild.low)


def test_a_ratio_of_sums_that_weigh_alike_is_a_mean() -> None:
    values = np.random.default_rng(8).random(50)
    for sequence in (BettingSequence, AsymptoticSequence):
        mean, ratio = sequence().update(values), sequence().update(7 * values, np.full(50, 7.0))
        assert (ratio.low, ratio.high) == pytest.approx((mean.low, mean.high))


def test_a_value_larger_than_what_it_is_of_is_refused() -> None:
    with pytest.raises(EvaluationError, match="value 1"):
        BettingSequence().update([1.0, 1.0], [1.0, 0.5])
    with pytest.raises(EvaluationError, match="2 values but 1"):
        BettingSequence().update([1.0, 1.0], [1.0])


def test_an_unfinished_batch_waits() -> None:
    sequence = BettingSequence(batch=10)
    empty = sequence.update(np.ones(9))
    assert (empty.low, empty.high) == (0.0, 1.0)
    assert sequence.update(np.ones(91)).low > 0.3


@pytest.mark.parametrize("value", [-0.1, 1.1, np.nan])
def test_a_value_outside_its_bounds_is_refused(value: float) -> None:
    with pytest.raises(EvaluationError, match="value 1"):
        BettingSequence().update([0.5, value])


def test_senseless_settings_are_refused() -> None:
    with pytest.raises(EvaluationError, match="bounds"):
        BettingSequence(1.0, 0.0)
    with pytest.raises(EvaluationError, match="burn-in"):
        AsymptoticSequence(burn_in=1)


def test_an_asymptotic_sequence_says_nothing_before_its_burn_in() -> None:
    sequence = AsymptoticSequence(burn_in=24)
    assert sequence.update(np.arange(23.0)).high == np.inf
    assert np.isfinite(sequence.update([5.0, 6.0]).high)


@given(numbers)
def test_running_sums_give_what_each_prefix_gives_alone(values: list[float]) -> None:
    path = looks(values)
    alone = looks(values[:-1])
    assert np.allclose(path.ratio[:-1], alone.ratio, atol=1e-9)
    scale = np.abs(values).max() + 1e-3
    assert np.allclose(path.deviation[1:-1], alone.deviation[1:], rtol=1e-3, atol=1e-4 * scale)


def test_the_spread_is_that_of_the_residuals() -> None:
    generator = np.random.default_rng(1)
    second = generator.gamma(4, 1, 400)
    first = 1.3 * second + generator.normal(0, 0.2, 400)
    path = looks(first, second)
    residual = first - path.ratio[-1] * second
    inflation = (1 + path.autocorrelation[-1]) / (1 - path.autocorrelation[-1])
    assert np.isclose(path.ratio[-1], first.mean() / second.mean())
    assert np.isclose(path.deviation[-1], residual.std(ddof=1) * np.sqrt(inflation) / second.mean())


@given(st.floats(0.01, 100))
def test_a_level_that_both_series_share_drops_out(level: float) -> None:
    generator = np.random.default_rng(2)
    first, second = generator.gamma(4, 1, 50), generator.gamma(4, 1, 50)
    assert np.allclose(looks(first * level, second * level).deviation, looks(first, second).deviation)


def test_dependence_and_heavy_tails_widen_the_interval() -> None:
    generator = np.random.default_rng(3)
    plain, dependent = generator.normal(size=200), autoregression(generator, 1, 200, 0.6)[0]
    heavy = generator.standard_t(3, 200)
    half = [looks(part / part.std()).half_width(0.05, 120)[-1] for part in (plain, dependent, heavy)]
    assert half[1] > 1.5 * half[0]
    assert half[2] > half[0]


def test_the_boundary_is_sharpest_around_its_scale() -> None:
    at = [float(boundary(100, 0.05, scale)) for scale in (5, 100, 5000)]
    assert at[1] < min(at[0], at[2])


def test_a_series_of_nothing_has_no_ratio() -> None:
    path = looks([1.0, 2.0], [0.0, 0.0])
    assert np.isnan(path.ratio).all()
    assert np.isinf(path.deviation).all()


def test_values_that_are_not_finite_or_not_paired_are_refused() -> None:
    with pytest.raises(EvaluationError, match="second series: value 1"):
        looks([1.0, 2.0], [1.0, np.nan])
    with pytest.raises(EvaluationError, match="2 and 1"):
        looks([1.0, 2.0], [1.0])


@pytest.mark.slow
@pytest.mark.parametrize("mean", [0.02, 0.3, 0.9])
def test_the_betting_sequence_covers_at_every_look(mean: float) -> None:
    generator = np.random.default_rng(4)
    runs, misses = 300, 0
    for _ in range(runs):
        sequence, values = BettingSequence(level=0.9), generator.beta(mean / 2, (1 - mean) / 2, 200)
        misses += any(mean not in sequence.update(part) for part in np.split(values, 100))
    assert 1 - misses / runs >= 0.9 - 3 * np.sqrt(0.09 / runs)


@pytest.mark.slow
def test_the_betting_sequence_covers_autocorrelated_values_in_batches() -> None:
    generator = np.random.default_rng(5)
    runs, misses = 300, 0
    for values in np.minimum(gamma_losses(autoregression(generator, runs, 1000, 0.6), 4.0) / 4, 1.0):
        sequence = BettingSequence(level=0.9, batch=24)
        misses += any(0.2499 not in sequence.update(part) for part in np.split(values, 40))
    assert 1 - misses / runs >= 0.9 - 3 * np.sqrt(0.09 / runs)


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "burn_in"), [(0.0, 24), (0.6, 24), (0.8, 96)])
def test_the_asymptotic_sequence_itself_covers_autocorrelated_values_from_its_burn_in(
    correlation: float, burn_in: int
) -> None:
    generator = np.random.default_rng(7)
    runs, misses = 1000, 0
    for values in gamma_losses(autoregression(generator, runs, 480, correlation), 4.0):
        sequence = AsymptoticSequence(level=0.9, burn_in=burn_in)
        found = [sequence.update(part) for part in np.split(values, 20)]
        assert all(np.isinf(interval.high) for interval in found[: (burn_in - 1) // 24])
        misses += any(1.0 not in interval for interval in found)
    assert 1 - misses / runs >= 0.9 - 3 * np.sqrt(0.09 / runs)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("correlation", "shape", "burn_in"),
    [(0.0, 4.0, 24), (0.3, 4.0, 24), (0.6, 4.0, 24), (0.5, 1.0, 48), (0.8, 4.0, 96)],
)
def test_the_intervals_of_its_looks_cover_at_each_of_them(correlation: float, shape: float, burn_in: int) -> None:
    generator = np.random.default_rng(6)
    runs, misses = 2000, 0
    for values in gamma_losses(autoregression(generator, runs, 500, correlation), shape):
        path = looks(values)
        outside = np.abs(path.ratio - 1.0) > path.half_width(0.05, 120)
        misses += bool(outside[burn_in - 1 :].any())
    assert 1 - misses / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)
