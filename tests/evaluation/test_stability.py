"""Stability: a feature that moved is told, one that lies otherwise by chance is not."""

import numpy as np
import pytest

from afield.errors import EvaluationError
from afield.evaluation.stability import shift

DAYS, HOURS = 40, 24
BLOCKS = np.repeat(np.arange(DAYS), HOURS)
LATE = BLOCKS >= 28


def by_day(seed: int = 0) -> np.ndarray:
    """Values whose hours share the weather of their day."""
    random = np.random.default_rng(seed)
    return np.repeat(random.normal(size=DAYS), HOURS) + 0.2 * random.normal(size=DAYS * HOURS)


def test_a_feature_that_moved_is_beyond_chance() -> None:
    found = shift(by_day() + 3.0 * LATE, BLOCKS, LATE)
    assert found.index.value > 1.0
    assert found.beyond_chance
    assert found.index.interval.low > 0.25


def test_a_feature_that_stayed_is_not() -> None:
    found = shift(by_day(), BLOCKS, LATE)
    assert not found.beyond_chance


def test_days_that_differ_by_chance_are_no_shift_though_their_index_is_large() -> None:
    holiday = np.repeat((np.arange(DAYS) == 3).astype(float), HOURS)
    found = shift(holiday, BLOCKS, LATE)
    assert not found.beyond_chance


def test_values_that_go_missing_are_a_shift() -> None:
    gone = np.where(LATE, np.nan, by_day())
    assert shift(gone, BLOCKS, LATE).index.value > 2.0


@pytest.mark.parametrize("value", [np.nan, np.inf, 7.0])
def test_a_feature_of_one_value_alone_has_not_moved(value: float) -> None:
    found = shift(np.full(len(BLOCKS), value), BLOCKS, LATE)
    assert found.index.value == 0.0
    assert not found.beyond_chance


def test_two_rows_are_two_windows() -> None:
    assert shift([1.0, 1.0], [0, 1], [False, True]).index.value == 0.0


def test_one_window_without_rows_is_refused() -> None:
    with pytest.raises(EvaluationError, match="one of them holds no rows"):
        shift([1.0, 2.0], [0, 1], [False, False])


@pytest.mark.slow
def test_false_alarms_of_a_shift_are_one_in_a_hundred() -> None:
    said = sum(shift(by_day(seed), BLOCKS, LATE, resamples=400, seed=seed).beyond_chance for seed in range(400))
    assert said / 400 <= 0.025
