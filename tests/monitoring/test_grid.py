import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from afield.errors import MonitoringError
from afield.monitoring.distances import FARTHEST, STATISTICS, distances
from afield.monitoring.grid import ERROR, Grid, apart, grid, grid_distances

LEVEL = 0.99
SHAPES = {
    "normal": lambda g, n: g.normal(290.0, 3.0, n),
    "exponential": lambda g, n: g.exponential(2.0, n),
    "lognormal": lambda g, n: g.lognormal(0.0, 1.5, n),
    "uniform": lambda g, n: g.uniform(-1.0, 1.0, n),
    "counts": lambda g, n: g.poisson(3.0, n).astype(float),
    "two heaps": lambda g, n: np.where(g.random(n) < 0.5, g.normal(0, 1e-3, n), g.normal(1e6, 1.0, n)),
    "half zeros": lambda g, n: np.where(g.random(n) < 0.5, 0.0, g.exponential(1.0, n)),
    "constant": lambda _, n: np.full(n, 0.1),
    "skewed": lambda g, n: g.lognormal(0.0, 4.0, n),
    "heavy tails": lambda g, n: g.standard_cauchy(n),
    "rounded": lambda g, n: g.normal(0.0, 1.0, n).round(1),
    "whole and far": lambda g, n: np.where(g.random(n) < 1e-3, 1e9, g.poisson(3.0, n)),
    "tiny": lambda g, n: g.normal(0.0, 1e-300, n),
    "late": lambda g, n: 1.7e9 + g.exponential(1e-3, n),
}
BEYOND = {
    "infinities": lambda g, n: np.where(g.random(n) < 0.01, np.inf, g.normal(0.0, 1.0, n)),
    "both infinities": lambda g, n: np.where(g.random(n) < 0.5, np.copysign(np.inf, g.normal(size=n)), 0.5),
    "the widest": lambda g, n: g.uniform(-1.0, 1.0, n) * 1.7e308,
}
moves = st.tuples(st.floats(-2, 2), st.floats(0.3, 3))


def samples(shape: str, seed: int, move: tuple[float, float], missing: float) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    reference, chunk = SHAPES[shape](generator, 20_000), SHAPES[shape](generator, 7_000) * move[1] + move[0]
    chunk[generator.random(chunk.size) < missing] = np.nan
    return reference, chunk


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=4, deadline=None)
@given(seed=st.integers(0, 1000), move=moves | st.just((0.0, 1.0)), missing=st.sampled_from([0.0, 0.2]))
def test_the_error_of_the_grid_is_within_its_bound(
    shape: str, seed: int, move: tuple[float, float], missing: float
) -> None:
    reference, chunk = samples(shape, seed, move, missing)
    exact, near = (of(reference, chunk, STATISTICS, LEVEL) for of in (distances, grid_distances))
    assert -1e-12 <= exact["ks"][0] - near["ks"][0] <= ERROR
    fitted = grid(reference)
    far = (np.abs(reference - fitted.center).mean() + np.nanmean(np.abs(chunk - fitted.center))) / 2 + fitted.width
    off = abs(exact["wasserstein"][0] - near["wasserstein"][0])
    assert off <= far * ERROR / (reference.std() or 1.0) + exact["wasserstein"][0] * 2 * ERROR + 1e-9
    assert near["js"][0] == pytest.approx(exact["js"][0], abs=0.02)


@pytest.mark.parametrize("shape", BEYOND)
@pytest.mark.parametrize("seed", range(3))
def test_infinite_and_widest_values_keep_the_bound(shape: str, seed: int) -> None:
    generator = np.random.default_rng(seed)
    reference, chunk = BEYOND[shape](generator, 20_000), BEYOND[shape](generator, 7_000)
    exact, near = (of(reference, chunk, ("ks",), LEVEL)["ks"][0] for of in (distances, grid_distances))
    assert -1e-12 <= exact - near <= ERROR
    assert exact == pytest.approx(stats.ks_2samp(reference, chunk, method="asymp").statistic, abs=1e-12)


def test_an_infinite_value_is_farthest_from_any_sample_but_its_own() -> None:
    reference = np.append(np.random.default_rng(0).normal(size=20_000), np.inf)
    for of in (distances, grid_distances):
        assert of(reference, reference, STATISTICS, LEVEL)["wasserstein"][0] == 0.0
        assert of(reference, reference[::2], STATISTICS, LEVEL)["wasserstein"][0] == FARTHEST


@settings(max_examples=40)
@given(
    st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200), st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)
)
def test_no_shape_is_off_by_more_than_the_bound(first: list[float], second: list[float]) -> None:
    reference, chunk = np.array(first), np.array(second)
    near = grid_distances(reference, chunk, ("ks",), LEVEL)["ks"][0]
    assert -1e-12 <= distances(reference, chunk, ("ks",), LEVEL)["ks"][0] - near <= ERROR


def test_whole_numbers_are_compared_exactly() -> None:
    reference, chunk = samples("counts", 1, (1.0, 1.0), 0.0)
    near = grid_distances(reference, chunk, ("ks", "wasserstein"), LEVEL)
    assert near["ks"][0] == pytest.approx(stats.ks_2samp(reference, chunk, method="asymp").statistic, abs=1e-12)
    assert near["wasserstein"][0] == pytest.approx(stats.wasserstein_distance(reference, chunk) / reference.std())


@pytest.mark.parametrize("shape", ["normal", "counts"])
@settings(deadline=None, max_examples=5)
@given(cut=st.integers(0, 20_000))
def test_histograms_of_parts_add_up_to_that_of_the_whole(shape: str, cut: int) -> None:
    values, _ = samples(shape, 2, (0.0, 1.0), 0.0)
    fitted = grid(values)
    parts, whole = fitted.count(values[:cut]) + fitted.count(values[cut:]), fitted.count(values)
    assert np.array_equal(parts.cells, whole.cells)
    assert np.array_equal(parts.counts, whole.counts)
    assert apart(parts, whole, ("ks", "psi"), LEVEL) == apart(whole, whole, ("ks", "psi"), LEVEL)


def test_zero_and_minus_zero_are_one_value() -> None:
    fitted = Grid(0.0, 1.0)
    assert (fitted.count(np.array([0.0])).counts == fitted.count(np.array([-0.0])).counts).all()


@pytest.mark.parametrize("do", [lambda one, two: one + two, lambda one, two: apart(one, two, ("ks",), LEVEL)])
def test_histograms_of_two_grids_are_kept_apart(do: object) -> None:
    values = np.arange(10.0)
    with pytest.raises(MonitoringError, match="grid of the reference"):
        do(Grid(0.0, 1.0).count(values), Grid(1.0, 1.0).count(values))  # type: ignore[operator]


def test_a_column_that_went_missing_is_far_away_on_the_grid_too() -> None:
    reference = np.random.default_rng(3).normal(size=20_000)
    gone = np.full(50, np.nan)
    found = grid_distances(reference, gone, STATISTICS, LEVEL)
    assert found == distances(reference, gone, STATISTICS, LEVEL) | {"psi": found["psi"], "js": found["js"]}
    assert found["psi"][1].low > 0.5
