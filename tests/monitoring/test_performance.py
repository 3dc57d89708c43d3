from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.performance import FittedPerformance, Performance
from afield.records.evidence import Measurement
from afield.records.facts import Window
from tests.statistics.series import Floats, autoregression, gamma_losses

START = datetime(2023, 6, 5)
MONITOR = Performance("squared_error", "truth", "forecast", "tick")
HOUR = np.timedelta64(1, "h")


def hourly(days: int, seed: int = 0, correlation: float = 0.3, shape: float = 4.0) -> Floats:
    """Losses with a daily and a weekly cycle."""
    losses = gamma_losses(autoregression(np.random.default_rng(seed), 1, 24 * days, correlation), shape)[0]
    hours = np.arange(24 * days)
    cycle = (1 + 0.6 * np.sin(2 * np.pi * hours / 24)) * (1 + 0.3 * (hours // 24 % 7 >= 5))
    return np.asarray(losses * cycle)


def frame(losses: Floats, first: int = 0) -> pl.DataFrame:
    """One row a tick whose squared error is the loss; the first tick is `first` hours after START."""
    ticks = np.datetime64(START, "us") + (first + np.arange(len(losses))) * HOUR
    return pl.DataFrame({"tick": ticks, "truth": np.zeros(len(losses)), "forecast": np.sqrt(losses)})


def fitted(losses: Floats, monitor: Performance = MONITOR) -> FittedPerformance:
    """The monitor on the first 28 days."""
    return monitor.fit(frame(losses[:672]))


def watched(losses: Floats, monitor: Performance = MONITOR) -> list[Measurement]:
    """Daily measurements of all that follows the first 28 days."""
    fit = fitted(losses, monitor)
    found = []
    for hour in range(672, len(losses), 24):
        begin = START + timedelta(hours=hour)
        found.append(fit.measure(frame(losses[hour : hour + 24], hour), Window(begin, begin + timedelta(days=1))))
    return found


def test_the_cycles_of_days_and_weeks_raise_no_alarm() -> None:
    assert not any(measurement.alarm for measurement in watched(hourly(56)))


def test_a_doubled_loss_raises_an_alarm_within_days_and_only_then() -> None:
    losses = hourly(56)
    losses[24 * 42 :] *= 2
    alarms = [measurement.alarm for measurement in watched(losses)]
    assert not any(alarms[:14])
    assert 15 <= alarms.index(True) + 1 <= 20


def test_the_alarm_names_what_it_rests_on() -> None:
    losses = hourly(56)
    losses[24 * 42 :] *= 3
    last = watched(losses)[-1]
    assert last.detail["running_low"] > 1.1
    assert last.detail["evidence_hours"] <= 14 * 24
    assert last.reference is not None
    assert last.estimate.value > 2 * last.reference


def test_the_reference_is_the_loss_at_the_same_hours() -> None:
    losses = hourly(35)
    fit = fitted(losses)
    night = fit.measure(frame(losses[672 + 15 : 672 + 21], 672 + 15), Window(START, START))
    day = fit.measure(frame(losses[696 + 3 : 696 + 9], 696 + 3), Window(START, START))
    assert night.reference is not None
    assert day.reference is not None
    assert day.reference > 2 * night.reference
    assert 0.6 < night.detail["ratio"] < 1.6


def test_rows_of_a_tick_are_averaged_before_ticks_are() -> None:
    table = pl.concat([frame(np.full(30, 1.0)), *[frame(np.array([4.0])) for _ in range(99)]])
    seen = MONITOR.by_tick(table)
    assert seen.losses[0] == pytest.approx(3.97)
    assert seen.losses[1:].tolist() == pytest.approx([1.0] * 29)


def test_a_sampled_row_stands_for_as_many_as_its_probability_says() -> None:
    table = pl.DataFrame(
        {
            "tick": [START, START],
            "truth": [0.0, 0.0],
            "forecast": [1.0, 2.0],
            "p": [1.0, 0.25],
        }
    )
    seen = Performance("squared_error", "truth", "forecast", "tick", inclusion="p").by_tick(table)
    assert seen.losses.tolist() == [(1 + 4 * 4) / 5]
    assert seen.weight == 5


def test_rows_whose_truth_is_late_are_counted_and_left_out() -> None:
    losses = hourly(29)
    table = frame(losses[672:], 672).with_columns(truth=pl.Series([None] * 6 + [0.0] * 18))
    measured = fitted(losses).measure(table, Window(START, START))
    assert measured.detail["missing"] == pytest.approx(0.25)
    assert measured.estimate.count == 18


def test_measuring_old_chunks_again_restores_a_monitor() -> None:
    losses = hourly(50)
    losses[24 * 40 :] *= 2
    assert watched(losses)[-1] == watched(losses)[-1]


def test_a_chunk_is_measured_once() -> None:
    losses = hourly(29)
    fit = fitted(losses)
    fit.measure(frame(losses[672:], 672), Window(START, START))
    with pytest.raises(MonitoringError, match="measured before"):
        fit.measure(frame(losses[672:], 672), Window(START, START))


def test_a_long_run_keeps_a_bounded_past() -> None:
    losses = hourly(90)
    fit = fitted(losses)
    for hour in range(672, len(losses), 24):
        fit.measure(frame(losses[hour : hour + 24], hour), Window(START, START))
    assert len(fit._losses) == MONITOR.live * MONITOR.restart


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"truth": [1.0], "forecast": [1.0]}, "no column 'tick'"),
        ({"tick": [1], "truth": [1.0], "forecast": [1.0]}, "date and time"),
        ({"tick": [START], "truth": [1.0], "forecast": [None]}, "forecast is missing"),
        ({"tick": [START], "truth": [1.0], "forecast": [2.0]}, "1 ticks"),
    ],
)
def test_references_that_say_nothing_are_refused(table: dict[str, list[object]], message: str) -> None:
    with pytest.raises(MonitoringError, match=message):
        MONITOR.fit(pl.DataFrame(table))


def test_a_chunk_without_any_truth_is_refused() -> None:
    losses = hourly(29)
    with pytest.raises(MonitoringError, match="no truth is known"):
        fitted(losses).measure(frame(losses[672:], 672).with_columns(truth=pl.lit(None)), Window(START, START))


@pytest.mark.slow
@pytest.mark.parametrize(("correlation", "shape"), [(0.3, 4.0), (0.6, 4.0), (0.6, 1.0)])
def test_false_alarms_stay_within_the_budget(correlation: float, shape: float) -> None:
    years = 4
    monitor = Performance("squared_error", "truth", "forecast", "tick", threshold=0.1)
    raised = 0
    for seed in range(years):
        alarms = [each.alarm for each in watched(hourly(28 + 364, seed + 1, correlation, shape), monitor)]
        raised += sum(now and not before for before, now in zip([False, *alarms], alarms, strict=False))
    budget = years * 364 * 24 / monitor.restart * (1 - monitor.level) / 2
    assert raised <= budget


@pytest.mark.slow
def test_a_rise_by_half_is_found_within_a_week_or_two() -> None:
    delays = []
    for seed in range(20):
        losses = hourly(63, seed)
        losses[24 * 38 :] *= 1.5
        alarms = [each.alarm for each in watched(losses)]
        assert not any(alarms[:10])
        delays.append(alarms.index(True) + 1 - 10 if any(alarms) else np.inf)
    assert np.median(delays) <= 7
    assert max(delays) <= 14
