"""Freshness: what a context loses when its facts are withheld, and that a calendar loses nothing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from afield.features.feature import FeatureSet
from afield.records.facts import Window
from afield.statistics.losses import squared_error
from afield.study.freshness import AGES, freshness
from afield.workshop.plan import Build, Table
from surge.building import build

START = datetime(2024, 1, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOMENT = pl.Datetime("us")
WINDOW = Window(START + 2 * DAY, START + 8 * DAY)

History = Mapping[str, pl.LazyFrame]


def levels() -> dict[str, pl.LazyFrame]:
    """A level that wanders, told at the end of each hour."""
    at = pl.datetime_range(START, START + 8 * DAY, HOUR, closed="left", eager=True, time_unit="us")
    level = 50 + np.random.default_rng(1).normal(size=len(at)).cumsum()
    table = pl.DataFrame({"at": at, "level": level})
    return {"levels": table.with_columns(known_at=pl.col("at") + HOUR - timedelta(minutes=1)).lazy()}


def latest(spine: pl.LazyFrame, history: History) -> pl.LazyFrame:
    """The last level told, and the hour."""
    told = history["levels"].select("level", known=pl.col("known_at")).sort("known")
    joined = spine.sort("tick").join_asof(told, left_on="tick", right_on="known", allow_exact_matches=False)
    return joined.select(
        "key", "tick", has_history=pl.lit(True), last=pl.col("level"), hour=pl.col("tick").dt.hour().cast(pl.Float64)
    )


def plan() -> Build:
    """A build that forecasts the level of the next hour."""
    return replace(
        build({"slot": "60m"}),
        tables={"levels": Table({"at": MOMENT, "known_at": MOMENT}, key=("at",), time="at")},
        contracts=(),
        features=FeatureSet(latest, ("last", "hour"), lookback=2 * DAY, keys=("key",), origin="tick"),
        spine=lambda _, window: pl.DataFrame(
            {"tick": pl.datetime_range(window.start, window.end, HOUR, closed="left", eager=True, time_unit="us")}
        ).select(key=pl.lit("here"), tick=pl.col("tick")),
        labels=lambda rows, history: rows.join(
            history["levels"].select(tick=pl.col("at"), truth=pl.col("level")).collect(), on="tick", how="left"
        ),
        loss=squared_error,
    )


def test_a_level_must_be_fresh_and_a_calendar_need_not() -> None:
    groups = {"level": ("last",), "calendar": ("hour",), "idle": ()}
    ticks, found = freshness(
        plan(), levels(), WINDOW, groups, ("last", "hour"), lambda rows: rows[:, 0], "x", 0, lambda _: None
    )
    assert ticks == 144
    assert set(found) == {"level", "calendar", "everything"}
    level = found["level"]
    assert (level.harmless_slots, level.harmful_slots) == (None, 1)
    rises = [age.comparison.difference.value for age in level.ages]
    assert rises == sorted(rises)
    assert (found["calendar"].harmless_slots, found["calendar"].harmful_slots) == (AGES[-1], None)
    assert [age.comparison.difference.value for age in found["everything"].ages] == rises
