import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from afield.errors import EvaluationError
from afield.statistics.counts import fit_dispersion, poisson_floor, quantile

means = st.floats(1e-3, 499)
dispersions = st.floats(1e-3, 3)
levels = st.floats(0.01, 0.99)


@given(means, dispersions, levels)
def test_a_quantile_is_the_smallest_count_that_reaches_the_level(mean: float, dispersion: float, level: float) -> None:
    found = float(quantile(mean, dispersion, level))
    size, chance = 1 / dispersion, 1 / (1 + dispersion * mean)
    assert stats.nbinom.cdf(found, size, chance) >= level - 1e-9
    assert found == 0 or stats.nbinom.cdf(found - 1, size, chance) < level + 1e-9


@given(means, levels)
def test_without_dispersion_it_is_the_poisson_quantile(mean: float, level: float) -> None:
    found = float(quantile(mean, 0.0, level))
    assert stats.poisson.cdf(found, mean) >= level - 1e-9
    assert found == 0 or stats.poisson.cdf(found - 1, mean) < level + 1e-9


@given(st.lists(st.floats(0, 499), min_size=17, max_size=40), dispersions, levels)
def test_many_rows_get_what_each_gets_alone(rows: list[float], dispersion: float, level: float) -> None:
    assert quantile(rows, dispersion, level).tolist() == [float(quantile(row, dispersion, level)) for row in rows]


@pytest.mark.parametrize("level", [0.025, 0.5, 0.9, 0.975])
@pytest.mark.parametrize("dispersion", [0.01, 0.1, 0.3])
def test_large_means_are_within_five_percent(dispersion: float, level: float) -> None:
    mean = np.linspace(501, 5000, 200)
    exact = stats.nbinom.ppf(level, 1 / dispersion, 1 / (1 + dispersion * mean))
    assert np.abs(quantile(mean, dispersion, level) / exact - 1).max() < 0.05


def test_shape_is_kept_nan_stays_nan_and_nothing_expected_gives_nothing() -> None:
    found = quantile([[np.nan, 0.0], [-1.0, 2.0]], 0.2, 0.5)
    assert found.shape == (2, 2)
    assert np.isnan(found[0, 0])
    assert found[0, 1] == found[1, 0] == 0
    assert np.isnan(quantile(np.full(20, np.nan), 0.2, 0.5)).all()


def test_a_level_next_to_one_ends() -> None:
    assert quantile(3.0, 0.2, 1 - 1e-16) < 1000
    assert quantile(np.full(20, 3.0), 0.2, 1 - 1e-16).max() < 1000


@pytest.mark.parametrize(("dispersion", "level"), [(0.1, 0.0), (0.1, 1.0), (-0.1, 0.5), (np.nan, 0.5)])
def test_levels_and_dispersions_without_meaning_are_refused(dispersion: float, level: float) -> None:
    with pytest.raises(EvaluationError, match="level"):
        quantile(1.0, dispersion, level)


@pytest.mark.parametrize("dispersion", [0.05, 0.3, 1.5])
def test_the_dispersion_that_made_the_counts_is_found(dispersion: float) -> None:
    generator = np.random.default_rng(4)
    mean = generator.gamma(0.5, 10, 40_000)
    truth = generator.poisson(mean * generator.gamma(1 / dispersion, dispersion, mean.size))
    assert np.isclose(fit_dispersion(mean, truth), dispersion, rtol=0.08)


def test_poisson_counts_have_next_to_no_dispersion() -> None:
    generator = np.random.default_rng(5)
    mean = generator.gamma(0.5, 10, 40_000)
    assert fit_dispersion(mean, generator.poisson(mean)) < 0.01


def test_one_order_where_none_was_thought_possible_does_not_decide_the_dispersion() -> None:
    generator = np.random.default_rng(6)
    mean = np.append(generator.gamma(0.5, 10, 5_000), 1e-12)
    assert fit_dispersion(mean, np.append(generator.poisson(mean[:-1]), 1)) < 0.02


@pytest.mark.parametrize("truth", [[1.0, -1.0], [1.0, np.nan]])
def test_counts_that_are_none_are_refused_with_their_row(truth: list[float]) -> None:
    with pytest.raises(EvaluationError, match="row 1"):
        fit_dispersion([1.0, 1.0], truth)


def test_the_poisson_floor_is_the_mean_rate() -> None:
    assert poisson_floor([1.0, 3.0]) == 2.0


@pytest.mark.slow
@pytest.mark.parametrize("level", [0.05, 0.5, 0.95])
def test_counts_fall_below_their_quantile_as_often_as_it_says(level: float) -> None:
    generator = np.random.default_rng(7)
    mean = generator.gamma(0.5, 20, 400_000)
    truth = generator.poisson(mean * generator.gamma(1 / 0.3, 0.3, mean.size))
    edge = quantile(mean, fit_dispersion(mean, truth), level)
    assert (truth <= edge).mean() >= level - 0.003
    assert (truth < edge).mean() <= level + 0.003
