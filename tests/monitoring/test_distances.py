import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from afield.monitoring.distances import DISTANCES, Statistic, ks, psi, wasserstein

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60).map(np.array)
NAMES: tuple[Statistic, ...] = ("psi", "ks", "wasserstein")


@given(samples, samples)
def test_the_kolmogorov_smirnov_distance_is_that_of_scipy(first: np.ndarray, second: np.ndarray) -> None:
    assert np.isclose(ks(first, second, 0.95)[0], stats.ks_2samp(first, second, method="asymp").statistic, atol=1e-9)


@given(samples, samples)
def test_the_wasserstein_distance_is_that_of_scipy_in_standard_deviations(
    first: np.ndarray, second: np.ndarray
) -> None:
    expected = stats.wasserstein_distance(first, second) / (first.std() or 1.0)
    assert np.isclose(wasserstein(first, second, 0.95)[0], expected, rtol=1e-6, atol=1e-6)


def test_the_stability_index_is_that_of_its_formula() -> None:
    reference, chunk = np.arange(100.0), np.arange(50.0, 100.0)
    q = np.where(np.arange(10) < 5, 1e-4, 0.2)
    value, _ = psi(reference, chunk, 0.95)
    assert np.isclose(value, ((q - 0.1) * np.log(q / 0.1)).sum(), rtol=0.05)


@pytest.mark.parametrize("name", NAMES)
@given(sample=samples)
def test_a_sample_is_no_distance_from_itself(name: Statistic, sample: np.ndarray) -> None:
    value, interval = DISTANCES[name](sample, sample, 0.95)
    assert value == 0
    assert interval.low == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_went_missing_is_far_away(name: Statistic) -> None:
    reference = np.random.default_rng(0).normal(size=2000)
    _, interval = DISTANCES[name](reference, np.full(500, np.nan), 0.99)
    assert interval.low > 0.5


@pytest.mark.parametrize("name", NAMES)
def test_columns_without_any_value_do_not_differ(name: Statistic) -> None:
    assert DISTANCES[name](np.full(50, np.nan), np.full(50, np.nan), 0.99)[0] == 0


@pytest.mark.parametrize("name", NAMES)
def test_small_chunks_of_the_same_distribution_show_nothing_for_certain(name: Statistic) -> None:
    generator = np.random.default_rng(1)
    reference = generator.normal(size=5000)
    sure = sum(DISTANCES[name](reference, generator.normal(size=60), 0.99)[1].low > 0.02 for _ in range(200))
    assert sure <= 6


@pytest.mark.parametrize("name", NAMES)
def test_a_shift_of_a_standard_deviation_is_certain_in_a_day(name: Statistic) -> None:
    generator = np.random.default_rng(2)
    _, interval = DISTANCES[name](generator.normal(size=5000), generator.normal(1.0, 1.0, 500), 0.99)
    assert interval.low > 0.2


@pytest.mark.slow
def test_intervals_cover_the_true_distance() -> None:
    generator = np.random.default_rng(3)
    runs = 1000
    deciles = stats.norm.ppf(np.arange(1, 10) / 10)
    moved = np.diff(np.concatenate([[0.0], stats.norm.cdf(deciles, 0.5, 1.0), [1.0]]))
    truth = {
        "psi": float(((moved - 0.1) * np.log(moved / 0.1)).sum()),
        "ks": 2 * stats.norm.cdf(0.25) - 1,
        "wasserstein": 0.5,
    }
    covered = dict.fromkeys(NAMES, 0)
    for _ in range(runs):
        reference, chunk = generator.normal(size=2000), generator.normal(0.5, 1.0, 400)
        for name in NAMES:
            covered[name] += truth[name] in DISTANCES[name](reference, chunk, 0.95)[1]
    assert min(covered.values()) / runs >= 0.95 - 0.02 - 3 * np.sqrt(0.05 * 0.95 / runs)
