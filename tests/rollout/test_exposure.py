import numpy as np
import pytest

from afield.rollout.exposure import harms

LIMITS = {"ticks": 24, "scale": 24, "alpha": 0.05 / 3, "rate_tolerance": 0.01, "level_tolerance": 0.25}


def test_a_guard_that_fires_all_the_time_is_harm_within_hours() -> None:
    rates = {"guard_rate": (np.full(12, 0.8), np.full(12, 0.01))}
    (found,), numbers = harms(rates, {}, **LIMITS)
    assert "guard_rate 80.0% against 1.0%" in found
    assert numbers["guard_rate_e_value"] > 60


def test_what_both_arms_share_is_no_harm() -> None:
    storm = np.linspace(0, 1, 24)
    assert harms({"guard_rate": (storm, storm)}, {"multiplier": (1 + storm, 1 + storm)}, **LIMITS)[0] == []


def test_a_level_is_judged_in_both_directions() -> None:
    noise = np.random.default_rng(0).normal(1, 0.02, (2, 24))
    for factor in (2.0, 0.5):
        found, numbers = harms({}, {"multiplier": (factor * noise[0], noise[1])}, **LIMITS)
        assert len(found) == 1
        assert np.isclose(numbers["multiplier_treated"] / numbers["multiplier_control"], factor, rtol=0.05)


def test_ticks_without_traffic_in_an_arm_are_left_out() -> None:
    treated = np.where(np.arange(24) % 2 == 0, np.nan, 0.9)
    found, _ = harms({"error_rate": (treated, np.zeros(24))}, {}, **LIMITS)
    assert "90.0% against 0.0%" in found[0]
    assert harms({"error_rate": (np.full(24, np.nan), np.zeros(24))}, {}, **LIMITS)[0] == []


def test_answers_that_are_too_slow_in_nearly_all_pairs_are_harm_before_half_of_the_canary() -> None:
    (found,), numbers = harms({}, {}, **LIMITS, slower=np.full(10, 0.95))
    assert found.startswith("answers are too slow: 95% of pairs")
    assert numbers["latency_slower"] == pytest.approx(0.95)


def test_answers_that_are_too_slow_in_half_of_the_pairs_are_as_slow_as_is_allowed() -> None:
    assert harms({}, {}, **LIMITS, slower=np.full(24, 0.5))[0] == []
    assert harms({}, {}, **LIMITS, slower=np.full(24, np.nan))[0] == []


def latencies(generator: np.random.Generator, factor: float) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Shares of slower pairs in 24 ticks: times of both arms vary with the load of the tick, and have long tails."""
    shares = []
    for load in np.exp(generator.normal(0, 0.5, 24)):
        treated, control = (load * np.exp(generator.normal(0, 0.5, count)) for count in (5, 45))
        shares.append(float((factor * treated[:, None] > 2.0 * control[None, :]).mean()))
    return np.array(shares)


@pytest.mark.slow
def test_a_candidate_as_slow_as_allowed_is_kept_as_often_as_declared_and_one_four_times_as_slow_is_not() -> None:
    generator = np.random.default_rng(3)
    runs = 1000
    aborted = {
        factor: sum(bool(harms({}, {}, **LIMITS, slower=latencies(generator, factor))[0]) for _ in range(runs)) / runs
        for factor in (1.0, 2.0, 4.0)
    }
    # Measured with this seed: 0, 0 and 1; promised is 0.017 for the first two.
    assert aborted[1.0] == 0
    assert aborted[2.0] <= 0.05 / 3
    assert aborted[4.0] >= 0.95


@pytest.mark.slow
def test_harm_is_seen_where_there_is_none_as_rarely_as_declared() -> None:
    generator = np.random.default_rng(1)
    runs, alarms = 3000, 0
    for _ in range(runs):
        shared = generator.beta(1, 30, 24)
        rates = {
            name: (generator.binomial(20, shared) / 20, generator.binomial(180, shared) / 180)
            for name in ("guard_rate", "error_rate")
        }
        levels = {"multiplier": (1 + generator.gamma(2, 0.1, 24), 1 + generator.gamma(2, 0.1, 24))}
        alarms += bool(
            harms(rates, levels, ticks=24, scale=24, alpha=0.05, rate_tolerance=0.01, level_tolerance=0.0)[0]
        )
    assert alarms / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)
