import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import EvaluationError
from afield.statistics.conformal import adapted, half_width


@given(st.integers(0, 10_000), st.sampled_from([0.5, 0.8, 0.9]))
def test_the_width_holds_the_promised_share_of_the_rows_it_was_made_from(seed, level):
    errors = np.random.default_rng(seed).standard_t(2, 40)
    width = half_width(np.zeros(40), errors, level)
    assert (np.abs(errors) <= width).mean() >= level


def test_a_scale_makes_the_width_a_factor():
    scale = np.linspace(1, 5, 50)
    assert half_width(np.zeros(50), 2 * scale, 0.9, scale) == pytest.approx(2.0)


@pytest.mark.parametrize("rows", [8, 0])
def test_too_few_rows_for_the_level_are_refused(rows):
    with pytest.raises(EvaluationError, match="hold back 9 at least"):
        half_width(np.zeros(rows), np.ones(rows), 0.9)


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_a_number_that_is_not_finite_is_named_with_its_row(wrong):
    with pytest.raises(EvaluationError, match="row 3"):
        half_width(np.zeros(20), [1.0, 2.0, 3.0, wrong, *range(16)], 0.9)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"rate": 0.0}, "rate"), ({"level": 1.0}, "level"), ({"tick": [1]}, "1 ticks"), ({"scale": [0.0] * 20}, "row 0")],
)
def test_what_cannot_be_adapted_is_refused(change, message):
    given_ = {"forecast": np.zeros(20), "truth": np.ones(20), "tick": np.arange(20), "held": np.arange(30.0)}
    with pytest.raises(EvaluationError, match=message):
        adapted(**{**given_, **change})


def test_adapted_widths_keep_their_coverage_when_the_spread_doubles():
    generator = np.random.default_rng(1)
    ticks = np.repeat(np.arange(1000), 10)
    truth = generator.normal(0, np.where(ticks < 300, 1.0, 2.0))
    held = np.abs(generator.normal(0, 1, 500))
    width = adapted(np.zeros(10_000), truth, ticks, held, 0.9)
    fixed = half_width(np.zeros(500), held, 0.9)
    assert (np.abs(truth[3000:]) <= fixed).mean() < 0.65
    assert (np.abs(truth[3000:]) <= width[3000:]).mean() == pytest.approx(0.9, abs=0.015)


def test_a_width_knows_nothing_of_its_own_tick():
    truth = np.random.default_rng(2).normal(size=200)
    ticks, held = np.repeat(np.arange(20), 10), np.arange(1.0, 51.0) / 20
    changed = truth.copy()
    changed[150:] = 1e6
    plain, other = (adapted(np.zeros(200), each, ticks, held) for each in (truth, changed))
    assert np.array_equal(plain[:160], other[:160])


@pytest.mark.slow
def test_conformal_intervals_cover_whatever_the_distribution():
    generator = np.random.default_rng(3)
    covered = []
    for _ in range(3000):
        errors = generator.lognormal(0, 1.5, 60)
        covered.append(errors[-1] <= half_width(np.zeros(59), errors[:-1], 0.9))
    # 60 rows: at least 0.9, at most 0.9 + 1/60; three standard errors around it.
    assert 0.9 - 0.017 <= np.mean(covered) <= 0.9 + 1 / 60 + 0.017
