import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.statistics.bootstrap import block_bootstrap, paired


def first_mean(means: NDArray[np.float64]) -> NDArray[np.float64]:
    return means[:, 0]


def days_of_losses(
    generator: np.random.Generator, days: int, rows: int
) -> tuple[NDArray[np.float64], NDArray[np.int_]]:
    level = generator.normal(0, 1, days)
    losses = 5 + np.repeat(level, rows) + generator.normal(0, 1, days * rows)
    return losses, np.repeat(np.arange(days), rows)


@given(st.integers(0, 1000))
def test_the_same_seed_gives_the_same_interval(seed: int) -> None:
    losses, days = days_of_losses(np.random.default_rng(0), 8, 3)
    first = block_bootstrap(losses, days, first_mean, resamples=50, seed=seed)
    assert first == block_bootstrap(losses, days, first_mean, resamples=50, seed=seed)


def test_the_order_of_rows_does_not_matter() -> None:
    losses, days = days_of_losses(np.random.default_rng(0), 20, 5)
    order = np.random.default_rng(1).permutation(100)
    plain = block_bootstrap(losses, days, first_mean, resamples=200)
    mixed = block_bootstrap(losses[order], days[order], first_mean, resamples=200)
    assert np.allclose([plain.low, plain.high], [mixed.low, mixed.high])


def test_blocks_that_are_alike_inside_widen_the_interval() -> None:
    losses, days = days_of_losses(np.random.default_rng(0), 40, 50)
    blocked = block_bootstrap(losses, days, first_mean)
    alone = block_bootstrap(losses, np.arange(len(losses)), first_mean)
    assert blocked.high - blocked.low > 3 * (alone.high - alone.low)


def test_runs_of_blocks_keep_dependence_across_blocks() -> None:
    walk = np.convolve(np.random.default_rng(0).normal(0, 1, 1009), np.ones(10), "valid")
    single = block_bootstrap(walk, np.arange(1000), first_mean)
    runs = block_bootstrap(walk, np.arange(1000), first_mean, run=25)
    assert runs.high - runs.low > 2 * (single.high - single.low)


def test_pairing_cancels_what_moves_both_alike() -> None:
    losses, days = days_of_losses(np.random.default_rng(0), 30, 20)
    comparison = paired(losses - 0.1, losses, days, metric="loss", names=("a", "b"))
    assert np.isclose(comparison.difference.value, -0.1)
    assert comparison.difference.interval.high < -0.0999
    assert comparison.ratio is not None
    assert comparison.ratio.interval.high < 1


def test_the_root_compares_root_mean_squares() -> None:
    errors = np.random.default_rng(0).normal(0, 1, 200)
    comparison = paired(4 * errors**2, errors**2, np.arange(200) // 10, metric="rmse", names=("a", "b"), root=True)
    assert comparison.ratio is not None
    assert np.isclose(comparison.ratio.value, 2.0)
    assert np.isclose(comparison.difference.value, np.sqrt(np.mean(errors**2)))


def test_two_million_rows_are_added_up_not_resampled() -> None:
    rows = np.ones(2_000_000)
    interval = block_bootstrap(rows, np.repeat(np.arange(100), 20_000), first_mean, resamples=100)
    assert interval.low == interval.high == 1.0


@pytest.mark.parametrize(
    ("rows", "blocks", "run", "message"),
    [
        ([1.0, 2.0], [0, 0], 1, "two blocks"),
        ([1.0, 2.0], [0], 1, "2 rows but 1"),
        ([1.0, np.inf], [0, 1], 1, "row 1"),
        ([1.0, 2.0], [0, 1], 3, "runs of 3"),
    ],
)
def test_rows_that_cannot_be_resampled_are_refused(
    rows: list[float], blocks: list[int], run: int, message: str
) -> None:
    with pytest.raises(EvaluationError, match=message):
        block_bootstrap(rows, blocks, first_mean, run=run)


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["difference", "ratio"])
def test_intervals_cover_with_losses_that_days_share(metric: str) -> None:
    generator = np.random.default_rng(3)
    covered, trials, days, rows = 0, 600, 56, 24
    for trial in range(trials):
        level = np.repeat(generator.gamma(3, 1, days), rows)
        first = level * generator.gamma(2, 0.45, days * rows)
        second = level * generator.gamma(2, 0.5, days * rows)
        labels = np.repeat(np.arange(days), rows)
        found = paired(first, second, labels, metric="mse", names=("a", "b"), resamples=600, seed=trial)
        estimate, truth = (found.difference, -0.3) if metric == "difference" else (found.ratio, 0.9)
        assert estimate is not None
        covered += truth in estimate.interval
    assert covered / trials >= 0.95 - 0.02 - 3 * np.sqrt(0.05 * 0.95 / trials)
