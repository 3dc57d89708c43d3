"""Calibration and coverage: against hand-worked counts and laws of probabilities."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.evaluation.calibration import calibration, coverage

TRUTH = [1, 1, 1, 0, 0, 1, 0, 0]
CHANCE = [0.9, 0.8, 0.4, 0.7, 0.2, 0.6, 0.1, 0.5]


def drawn(rows: int = 3000) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities that hold, and what came true."""
    random = np.random.default_rng(0)
    chance = random.random(rows)
    return random.random(rows) < chance, chance


def test_probabilities_that_hold_have_almost_no_calibration_error() -> None:
    truth, chance = drawn()
    assert calibration(truth, chance).error < 0.03
    assert calibration(truth, np.sqrt(chance)).error > 0.1


def test_bins_hold_every_row_once_also_those_of_certainty() -> None:
    found = calibration([0, 1, 1], [0.0, 1.0, 0.95], bins=5)
    assert [each.rows for each in found.bins] == [1, 0, 0, 0, 2]
    assert found.bins[1].said is None
    assert found.bins[4].happened.value == 1.0


def test_coverage_is_the_most_that_can_be_said_at_a_precision() -> None:
    found = coverage(TRUTH, CHANCE, 0.75)
    assert (found.threshold, found.covered.count, found.precision.count) == (0.6, 4, 3)
    assert coverage(TRUTH, CHANCE, 1.0).covered.count == 2


def test_rows_of_equal_probability_are_said_together() -> None:
    assert coverage([1, 0, 1], [0.9, 0.5, 0.5], 0.6).covered.count == 3
    assert coverage([1, 0, 0], [0.9, 0.9, 0.5], 0.6).threshold is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1)), min_size=1, max_size=60), st.floats(0.01, 1))
def test_what_is_covered_has_the_precision_that_was_wanted(rows: list[tuple[bool, float]], wanted: float) -> None:
    truth, chance = zip(*rows, strict=True)
    found = coverage(truth, chance, wanted)
    if found.threshold is not None:
        said = np.array(chance) >= found.threshold
        assert said.sum() == found.covered.count
        assert np.array(truth)[said].mean() >= wanted - 1e-6


def test_a_precision_that_nothing_has_and_no_bins_are_refused() -> None:
    with pytest.raises(EvaluationError, match="precision 0"):
        coverage([1], [0.5], 0.0)
    with pytest.raises(EvaluationError, match="0 bins"):
        calibration([1], [0.5], bins=0)
