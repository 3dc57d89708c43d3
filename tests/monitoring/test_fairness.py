"""Groups of people watched in production."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import polars as pl
import pytest

from afield.errors import MonitoringError
from afield.monitoring.fairness import Fairness, FittedFairness
from afield.records.evidence import Measurement
from afield.records.facts import Window

START = datetime(2024, 1, 1)
DAY = timedelta(days=1)
MONITOR = Fairness(group="borough", amount="wrong", of="riders", tick="tick", threshold=0.02, inclusion="inclusion")
USUAL = {"hill": 0.12, "port": 0.08, "town": 0.1}


def frame(day: int, rates: dict[str, float], seed: int = 0, days: int = 1, share: float = 1.0) -> pl.DataFrame:
    """Hourly rows of each group; the wrongly treated are kept in the sample always, others with `share`."""
    generator = np.random.default_rng((seed, day))
    rows = []
    for hour in range(24 * days):
        for group, rate in rates.items():
            wrong = generator.random(20) < rate
            kept = wrong | (generator.random(20) < share)
            rows += [
                {
                    "tick": START + day * DAY + timedelta(hours=hour),
                    "borough": group,
                    "wrong": float(each),
                    "riders": 1.0,
                    "inclusion": 1.0 if each else share,
                }
                for each, held in zip(wrong, kept, strict=True)
                if held
            ]
    return pl.DataFrame(rows)


def watch(fitted: FittedFairness, days: range, rates: dict[str, float], **how: float) -> list[Measurement]:
    """Daily measurements."""
    return [
        fitted.measure(frame(day, rates, **how), Window(START + day * DAY, START + (day + 1) * DAY))  # type: ignore[arg-type]
        for day in days
    ]


def pandas(rows: pl.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(rows.to_dict(as_series=False))


@pytest.fixture(scope="module")
def reference() -> pl.DataFrame:
    return frame(0, USUAL, days=28)


def test_groups_that_stay_where_they_were_raise_no_alarm(reference: pl.DataFrame) -> None:
    assert not any(each.alarm for each in watch(MONITOR.fit(reference), range(28, 56), USUAL))


def test_a_group_that_falls_behind_is_named(reference: pl.DataFrame) -> None:
    fitted = MONITOR.fit(reference)
    assert not any(each.alarm for each in watch(fitted, range(28, 35), USUAL))
    found = watch(fitted, range(35, 56), {**USUAL, "port": 0.2})
    assert found[-1].alarm
    assert found[-1].metric == "borough port against all others"
    assert found[-1].reference == pytest.approx(0.08 - 0.11, abs=0.01)
    assert found[-1].estimate.value > 0.05
    assert found[-1].detail["rate:port"] > 0.15


def test_a_biased_sample_is_weighted_back(reference: pl.DataFrame) -> None:
    found = watch(MONITOR.fit(reference), range(28, 49), USUAL, share=0.3)
    assert not any(each.alarm for each in found)
    assert found[-1].detail["rate:hill"] == pytest.approx(0.12, abs=0.02)


def test_it_works_alike_on_pandas(reference: pl.DataFrame) -> None:
    day, window = frame(28, USUAL), Window(START + 28 * DAY, START + 29 * DAY)
    polars = MONITOR.fit(reference).measure(day, window)
    assert MONITOR.fit(pandas(reference)).measure(pandas(day), window) == polars


def test_rows_without_a_group_are_left_out_and_counted(reference: pl.DataFrame) -> None:
    day = frame(28, USUAL)
    half = pl.when(pl.int_range(pl.len()) % 2 == 0).then("borough").alias("borough")
    found = MONITOR.fit(reference).measure(day.with_columns(half), Window(START + 28 * DAY, START + 29 * DAY))
    assert found.detail["unknown"] == pytest.approx(0.5)


def test_small_groups_and_ticks_told_twice_are_refused(reference: pl.DataFrame) -> None:
    with pytest.raises(MonitoringError, match="two groups with 200 are needed"):
        MONITOR.fit(frame(0, {"hill": 0.1}, days=28))
    fitted = MONITOR.fit(reference)
    watch(fitted, range(28, 29), USUAL)
    with pytest.raises(MonitoringError, match="measured before"):
        watch(fitted, range(28, 29), USUAL)
