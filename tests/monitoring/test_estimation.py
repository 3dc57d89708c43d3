"""Performance before outcomes come, and held against what came true."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.estimation import Estimated, reconciled
from afield.records.facts import Window

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
WINDOW = Window(START, START + 24 * HOUR)
CLASSES = Estimated(("confidence",))
NUMBERS = Estimated(("forecast", "wind"), loss="squared_error")


def answered(generator: np.random.Generator, hours: int, sure: float, first: int = 0) -> pl.DataFrame:
    """Answers whose stated confidence is too high by a tenth; they are surer where `sure` is larger."""
    confidence = generator.beta(sure, 2.0, hours * 40)
    right = generator.random(hours * 40) < np.clip(confidence - 0.1, 0, 1)
    ticks = [START + (first + hour) * HOUR for hour in range(hours) for _ in range(40)]
    return pl.DataFrame({"tick": ticks, "confidence": confidence, "truth": right * 1.0})


def forecast(generator: np.random.Generator, hours: int, wind: float, first: int = 0) -> pl.DataFrame:
    """Forecasts that are worse in wind."""
    blown = generator.gamma(2.0, wind, hours * 40)
    made = generator.gamma(4.0, 2.0, hours * 40)
    truth = made + generator.normal(0, 1 + blown)
    ticks = [START + (first + hour) * HOUR for hour in range(hours) for _ in range(40)]
    return pl.DataFrame({"tick": ticks, "forecast": made, "wind": blown, "truth": truth})


def test_accuracy_is_estimated_from_confidence_that_is_calibrated_first() -> None:
    generator = np.random.default_rng(1)
    fit = CLASSES.fit(answered(generator, 200, 6.0))
    chunk = answered(generator, 24, 4.0)
    found = fit.measure(chunk.drop("truth"), WINDOW)
    assert abs(found.estimate.value - chunk["truth"].mean()) < 0.05
    assert chunk["confidence"].mean() not in found.estimate.interval
    assert found.estimate.value < found.reference - 0.04


def test_a_loss_is_estimated_from_the_columns_that_it_depends_on() -> None:
    generator = np.random.default_rng(2)
    fit = NUMBERS.fit(forecast(generator, 300, 1.0))
    calm, windy = (fit.measure(forecast(generator, 24, wind).drop("truth"), WINDOW) for wind in (0.5, 1.5))
    assert windy.estimate.value > 1.5 * calm.estimate.value


def test_a_sampled_row_stands_for_as_many_as_its_probability_says() -> None:
    generator = np.random.default_rng(3)
    fit = replace(CLASSES, inclusion="inclusion").fit(answered(generator, 200, 6.0))
    whole = answered(generator, 24, 3.0)
    chance = np.where(whole["confidence"].to_numpy() > 0.5, 0.1, 0.9)
    kept = whole.with_columns(inclusion=chance).filter(pl.Series(generator.random(len(chance)) < chance))
    found = fit.measure(kept, WINDOW).estimate
    assert whole["truth"].mean() in found.interval
    assert abs(found.weight / whole.height - 1) < 0.2


def test_estimates_are_held_against_what_came_true_window_by_window() -> None:
    generator = np.random.default_rng(4)
    fit = CLASSES.fit(answered(generator, 200, 6.0))
    estimate = fit.measure(answered(generator, 24, 6.0), WINDOW)
    later = replace(estimate, window=Window(WINDOW.end, WINDOW.end + 24 * HOUR))
    true = replace(estimate, estimate=replace(estimate.estimate, value=0.1))
    (pair,) = reconciled([estimate, later], [true])
    assert (pair.window, pair.realised, pair.held) == (WINDOW, 0.1, False)


@pytest.mark.parametrize(
    ("monitor", "frame", "message"),
    [
        (CLASSES, {"tick": [START], "truth": [1.0], "confidence": [0.5]}, "1 ticks"),
        (CLASSES, {"tick": [START], "truth": [1.0]}, "1 ticks"),
        (NUMBERS, {"tick": [START], "truth": [1.0]}, "no column 'forecast'"),
        (Estimated(()), {"tick": [START], "truth": [1.0]}, "0 columns"),
    ],
)
def test_references_that_say_nothing_are_refused(
    monitor: Estimated, frame: dict[str, list[object]], message: str
) -> None:
    with pytest.raises(MonitoringError, match=message):
        monitor.fit(pl.DataFrame(frame))


@pytest.mark.slow
@pytest.mark.parametrize(("monitor", "rows"), [(CLASSES, answered), (NUMBERS, forecast)])
def test_what_comes_true_lies_in_the_interval_as_often_as_it_says_where_only_the_columns_move(
    monitor: Estimated, rows: object
) -> None:
    generator, runs, held = np.random.default_rng(5), 200, 0
    before, after = (6.0, 4.0) if monitor is CLASSES else (1.0, 0.8)
    for _ in range(runs):
        fit = monitor.fit(rows(generator, 120, before))
        chunk = rows(generator, 24, after)
        held += float(np.mean(monitor.losses(chunk))) in fit.measure(chunk, WINDOW).estimate.interval
    assert held / runs >= 0.95 - 3 * np.sqrt(0.05 * 0.95 / runs)
