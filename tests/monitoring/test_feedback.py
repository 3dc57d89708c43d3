"""What a decision does to its own evidence."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.feedback import Feedback, FittedFeedback
from afield.records.evidence import Measurement
from afield.records.facts import Window

START = datetime(2024, 1, 1)
DAY = timedelta(days=1)
MONITOR = Feedback(
    outcome="pickups", expected="forecast", touched="touched", assignment="assignment", tick="tick", eligible="short"
)
SHARE = 0.1


def frame(day: int, effect: float, seed: int = 0) -> pl.DataFrame:
    """Hourly rows of thirty zones; a tenth of them is left untouched by lot, and half would be acted on."""
    generator = np.random.default_rng((seed, day))
    hours, zones = 24, 30
    forecast = generator.gamma(4.0, 3.0, (hours, zones))
    touched = (generator.random((hours, zones)) >= SHARE).astype(float)
    short = (generator.random((hours, zones)) < 0.5).astype(float)
    weather = generator.normal(1.0, 0.1, (hours, 1))
    truth = generator.poisson(forecast * weather * np.where(touched * short > 0, 1.0 + effect, 1.0))
    ticks = np.datetime64(START + day * DAY, "us") + np.repeat(np.arange(hours), zones) * np.timedelta64(1, "h")
    return pl.DataFrame(
        {
            "tick": ticks,
            "pickups": truth.ravel().astype(float),
            "forecast": forecast.ravel(),
            "touched": touched.ravel(),
            "assignment": np.where(touched > 0, 1 - SHARE, SHARE).ravel(),
            "short": short.ravel(),
        }
    )


def watch(fitted: FittedFeedback, days: int, effect: float, seed: int = 0) -> list[Measurement]:
    """Daily measurements."""
    windows = [Window(START + day * DAY, START + (day + 1) * DAY) for day in range(days)]
    return [fitted.measure(frame(day, effect, seed), window) for day, window in enumerate(windows)]


def fitted(monitor: Feedback = MONITOR) -> FittedFeedback:
    return monitor.fit(pl.DataFrame())


def test_a_decision_that_moves_its_outcome_is_found_and_its_size_told() -> None:
    found = watch(fitted(), 14, -0.3)[-1]
    assert found.alarm
    assert -0.3 in found.estimate.interval
    assert found.estimate.value == pytest.approx(-0.3, abs=0.06)
    # Nine rows in ten carry the effect: who learns from all of them takes demand to have fallen.
    assert found.detail["would_conclude"] == pytest.approx(-0.27, abs=0.06)


def test_a_decision_that_moves_nothing_raises_no_alarm() -> None:
    assert not any(each.alarm for each in watch(fitted(), 28, 0.0))


def test_before_the_burn_in_nothing_is_sure() -> None:
    assert not watch(fitted(), 1, -0.5)[0].alarm


def test_where_nobody_is_untouched_it_says_so() -> None:
    everywhere = frame(0, 0.0).with_columns(touched=1.0, assignment=1.0)
    with pytest.raises(MonitoringError, match="leave a share untouched"):
        fitted().measure(everywhere, Window(START, START + DAY))


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [("touched", 0.5, "touched, 1"), ("assignment", 0.0, "outside"), ("forecast", -1.0, "below 0")],
)
def test_columns_that_mean_nothing_are_refused(column: str, value: float, said: str) -> None:
    with pytest.raises(MonitoringError, match=said):
        fitted().measure(frame(0, 0.0).with_columns(pl.lit(value).alias(column)), Window(START, START + DAY))


def test_a_tick_is_measured_once() -> None:
    monitor = fitted()
    watch(monitor, 1, 0.0)
    with pytest.raises(MonitoringError, match="measured before"):
        watch(monitor, 1, 0.0)


@pytest.mark.slow
def test_no_effect_is_found_where_there_is_none_as_often_as_promised() -> None:
    """Daily looks over four weeks, 100 times: an interval of level 99 % misses no effect in 1 of 100; 3 are allowed."""
    eager = Feedback(
        outcome="pickups", expected="forecast", touched="touched", assignment="assignment", tick="tick", least=0.0,
        restart=10_000,
    )  # fmt: skip
    alarms = [any(each.alarm for each in watch(fitted(eager), 28, 0.0, seed)) for seed in range(100)]
    assert sum(alarms) <= 3
