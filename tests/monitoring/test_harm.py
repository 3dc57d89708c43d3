import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.monitoring.bins import bins
from afield.monitoring.harm import harm

LEVEL = 0.95


def losses(column: np.ndarray, seed: int) -> np.ndarray:
    return (1 + np.floor(column)) * np.random.default_rng(seed).exponential(size=column.size)


@given(st.integers(0, 1000))
def test_where_nothing_moved_nothing_is_harmed(seed: int) -> None:
    column = np.random.default_rng(seed).uniform(0, 4, 200)
    found = harm(bins(column), column, losses(column, seed))
    assert found.of(found.rows, LEVEL)[0] == 0


def test_the_harm_is_what_the_loss_rises_by() -> None:
    generator = np.random.default_rng(4)
    column, chunk = generator.uniform(0, 10, 50_000), generator.uniform(5, 10, 50_000)
    binned = bins(column)
    value, interval = harm(binned, column, losses(column, 5)).of(binned.count(chunk), LEVEL)
    assert value == pytest.approx(8 / 5.5 - 1, abs=0.03)
    assert interval.low > 0.4


def test_missing_values_that_the_reference_has_not_seen_count_as_the_worst_bin() -> None:
    column = np.arange(1000.0) / 250
    found = harm(bins(column), column, losses(column, 6))
    value, _ = found.of(bins(column).count(np.full(100, np.nan)), LEVEL)
    assert value == pytest.approx(found.losses.max() - 1)


@pytest.mark.slow
def test_the_interval_of_the_harm_covers_it() -> None:
    generator, covered, runs = np.random.default_rng(7), 0, 600
    for run in range(runs):
        column, chunk = generator.uniform(0, 10, 2000), generator.uniform(0, 10, 500) ** 0.5 * 10**0.5
        binned = bins(column)
        _, interval = harm(binned, column, losses(column, run)).of(binned.count(chunk), LEVEL)
        covered += (20 / 3 + 0.5) / 5.5 - 1 in interval
    # The bins are wider than the steps of the loss in no place, so what is left is noise: three deviations of margin.
    assert covered / runs >= 0.95 - 0.02 - 3 * np.sqrt(0.05 * 0.95 / runs)
