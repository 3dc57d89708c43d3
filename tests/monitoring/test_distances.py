import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon as distance_of_scipy

from afield.monitoring.distances import STATISTICS, Effect, Statistic, distances, divergence

samples = st.lists(st.floats(-1e3, 1e3), min_size=2, max_size=60).map(np.array)


def distance(name: Statistic, reference: np.ndarray, chunk: np.ndarray, level: float) -> Effect:
    return distances(reference, chunk, (name,), level)[name]


@given(samples, samples)
def test_the_kolmogorov_smirnov_distance_is_that_of_scipy(first: np.ndarray, second: np.ndarray) -> None:
    assert np.isclose(
        distance("ks", first, second, 0.95)[0], stats.ks_2samp(first, second, method="asymp").statistic, atol=1e-9
    )


@given(samples, samples)
def test_the_wasserstein_distance_is_that_of_scipy_in_standard_deviations(
    first: np.ndarray, second: np.ndarray
) -> None:
    expected = stats.wasserstein_distance(first, second) / (first.std() or 1.0)
    assert np.isclose(distance("wasserstein", first, second, 0.95)[0], expected, rtol=1e-6, atol=1e-6)


def test_the_stability_index_is_that_of_its_formula() -> None:
    reference, chunk = np.arange(100.0), np.arange(50.0, 100.0)
    q = np.where(np.arange(10) < 5, 1e-4, 0.2)
    value, _ = distance("psi", reference, chunk, 0.95)
    assert np.isclose(value, ((q - 0.1) * np.log(q / 0.1)).sum(), rtol=0.05)


def test_the_jensen_shannon_distance_is_that_of_scipy() -> None:
    first, second = np.array([10, 0, 30, 60]), np.array([5, 5, 90, 0])
    assert np.isclose(divergence(first, second, 0.95)[0], distance_of_scipy(first, second, base=2))


@pytest.mark.parametrize("name", STATISTICS)
@given(sample=samples)
def test_a_sample_is_no_distance_from_itself(name: Statistic, sample: np.ndarray) -> None:
    value, interval = distance(name, sample, sample, 0.95)
    assert value == 0
    assert interval.low == 0


@pytest.mark.parametrize("name", STATISTICS)
def test_a_column_that_went_missing_is_far_away(name: Statistic) -> None:
    reference = np.random.default_rng(0).normal(size=2000)
    _, interval = distance(name, reference, np.full(500, np.nan), 0.99)
    assert interval.low > 0.5


@pytest.mark.parametrize("name", STATISTICS)
def test_columns_without_any_value_do_not_differ(name: Statistic) -> None:
    assert distance(name, np.full(50, np.nan), np.full(50, np.nan), 0.99)[0] == 0


@pytest.mark.parametrize("name", STATISTICS)
def test_small_chunks_of_the_same_distribution_show_nothing_for_certain(name: Statistic) -> None:
    generator = np.random.default_rng(1)
    reference = generator.normal(size=5000)
    sure = sum(distance(name, reference, generator.normal(size=60), 0.99)[1].low > 0.02 for _ in range(200))
    assert sure <= 6


@pytest.mark.parametrize("name", STATISTICS)
def test_a_shift_of_a_standard_deviation_is_certain_in_a_day(name: Statistic) -> None:
    generator = np.random.default_rng(2)
    _, interval = distance(name, generator.normal(size=5000), generator.normal(1.0, 1.0, 500), 0.99)
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
        "js": distance_of_scipy(np.full(10, 0.1), moved, base=2),
    }
    covered = dict.fromkeys(STATISTICS, 0)
    for _ in range(runs):
        reference, chunk = generator.normal(size=2000), generator.normal(0.5, 1.0, 400)
        for name in STATISTICS:
            covered[name] += truth[name] in distance(name, reference, chunk, 0.95)[1]
    assert min(covered.values()) / runs >= 0.95 - 0.02 - 3 * np.sqrt(0.05 * 0.95 / runs)
