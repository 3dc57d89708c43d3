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
