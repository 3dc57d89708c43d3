"""How complete outcomes are: by age, how late, and how many never come."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.errors import TelemetryError
from afield.telemetry.completeness import accuracy, agreement, curve, lateness

T0 = datetime(2023, 7, 1)
HOUR = timedelta(hours=1)


def predictions(known: dict[int, list[float | None]]) -> pl.DataFrame:
    """Hour of the tick → hours after which each outcome of it came, None: never."""
    rows = [
        (T0 + tick * HOUR, None if late is None else T0 + tick * HOUR + late * HOUR)
        for tick, lates in known.items()
        for late in lates
    ]
    return pl.DataFrame(rows, schema={"tick": pl.Datetime("us"), "known_at": pl.Datetime("us")}, orient="row")


def test_the_curve_counts_only_what_is_old_enough_to_tell() -> None:
    found = curve(predictions({0: [1, 3], 1: [1, None], 9: [None, None]}), T0 + 10 * HOUR, [HOUR, 3 * HOUR, 20 * HOUR])
    known = [each.known for each in found]
    assert known[0] is not None
    assert known[1] is not None
    assert (known[0].value, known[0].count) == (2 / 6, 6)
    assert (known[1].value, known[1].count) == (3 / 4, 4)
    assert known[2] is None


def test_what_is_known_later_than_the_moment_asked_about_does_not_count() -> None:
    rows = predictions({0: [1, 30]})
    assert lateness(rows, T0 + 20 * HOUR, 2 * HOUR).never.value == 0.5  # type: ignore[union-attr]
    assert lateness(rows, T0 + 30 * HOUR, 2 * HOUR).never.value == 0.0  # type: ignore[union-attr]


def test_lateness_is_told_of_closed_windows_only() -> None:
    rows = predictions({0: [1, 2, 8, None], 9: [1]})
    found = lateness(rows, T0 + 10 * HOUR, 4 * HOUR)
    assert found.quantiles == {0.5: 2 * HOUR, 0.9: 8 * HOUR, 0.99: 8 * HOUR}
    assert found.late == 1
    assert found.never is not None
    assert (found.never.value, found.never.count) == (0.25, 4)
    assert lateness(rows, T0, 4 * HOUR).never is None


def test_accuracy_weighs_each_prediction_by_what_it_stands_for() -> None:
    rows = pl.DataFrame({"tick": [1, 1, 2], "loss": [1.0, 3.0, 5.0], "inclusion": [1.0, 0.5, 0.25]})
    assert accuracy(rows).value == pytest.approx((1 + 6 + 20) / 7)


def test_without_outcomes_there_is_no_accuracy() -> None:
    with pytest.raises(TelemetryError, match="no outcome is known"):
        accuracy(pl.DataFrame(schema={"tick": pl.Int64, "loss": pl.Float64, "inclusion": pl.Float64}))


def test_a_proxy_is_held_against_the_truth_that_came_later() -> None:
    def said(values: list[float]) -> pl.DataFrame:
        return pl.DataFrame({"key": ["a", "b", "c"], "event_time": [T0, T0 + HOUR, T0 + 2 * HOUR], "value": values})

    found = agreement(said([1.0, 2.0, 5.0]), said([1.0, 1.0, 3.0]).filter(pl.col("key") != "x"), "clicks")
    assert found is not None
    assert (found.count, found.same.value, found.bias.value) == (3, pytest.approx(1 / 3), 1.0)
    assert agreement(said([1.0, 2.0, 5.0]), said([1.0, 1.0, 3.0]).clear(), "clicks") is None


@pytest.mark.slow
def test_intervals_of_completeness_and_accuracy_hold_the_truth_as_often_as_they_say() -> None:
    # 60 ticks of 20 predictions; ticks share how much of them is known, and how wrong they are; one in two is recorded.
    draw, trials, inside = np.random.default_rng(5), 400, np.zeros(2)
    for _ in range(trials):
        level, shock = draw.beta(6, 2, 60), draw.normal(0, 1, 60)
        tick = np.repeat(np.arange(60), 20)
        known = draw.random(1200) < level[tick]
        rows = pl.DataFrame({"tick": [T0 + int(each) * HOUR for each in tick], "known": known}).with_columns(
            known_at=pl.when("known").then(pl.col("tick") + HOUR)
        )
        estimate = curve(rows, T0 + 90 * HOUR, [2 * HOUR])[0].known
        inclusion = np.where(np.arange(1200) % 2 == 0, 0.5, 0.1)
        kept = draw.random(1200) < inclusion
        loss = 5 + shock[tick] + draw.normal(0, 1, 1200)
        mean = accuracy(pl.DataFrame({"tick": tick, "loss": loss, "inclusion": inclusion}).filter(pl.Series(kept)))
        assert estimate is not None
        inside += (0.75 in estimate.interval, 5.0 in mean.interval)
    # 95 % promised; three standard errors of 400 trials are 3.3 %.
    assert (inside / trials > 0.917).all(), inside / trials
