"""Surge's feature matrix as a plain Polars script makes it: a dense grid, shifts and rolling sums by zone.

It gives the same columns, but for the past surges that Afield makes besides, equal wherever five whole weeks lie before
a row; a test holds the two together.
"""

from collections.abc import Mapping
from datetime import timedelta

import polars as pl

from afield.records.facts import Window

HOURS = 168
PRIOR, SHRINK, LEVEL, FLOOR = 2.0, 6.0, 50.0, 0.001
EXTREME = timedelta(hours=6)

Tables = Mapping[str, pl.LazyFrame]


def matrix(tables: Tables, window: Window, slot: timedelta) -> pl.DataFrame:
    """The features of every zone and slot of the window, ordered by zone and slot."""
    hour = timedelta(hours=1) // slot
    grid = _grid(tables, window, slot)
    counted = grid.with_columns(_counts(hour)).with_columns(_ratios(hour))
    kept = counted.filter(pl.col("slot") >= window.start).drop("near", "orders", "heading", "neighbours", "city")
    return _surroundings(kept, tables, slot).collect()


def _grid(tables: Tables, window: Window, slot: timedelta) -> pl.LazyFrame:
    start = window.start - 5 * timedelta(days=7)
    slots = pl.datetime_range(start, window.end, slot, closed="left", time_unit="us", eager=True)
    zones = tables["zones"].select(zone=pl.col("location_id").cast(pl.Int32), lon="lon", lat="lat")
    dense = zones.join(pl.LazyFrame({"slot": slots}), how="cross")
    at = pl.col("at").dt.truncate(slot).alias("slot")
    orders = tables["orders"].filter(pl.col("at").is_between(start, window.end, closed="left"))
    made = orders.group_by(zone="pickup_location", slot=at).agg(orders=pl.len().cast(pl.Float64))
    told = pl.max_horizontal("at", "target_known_at").dt.truncate(slot).alias("slot")
    heading = orders.group_by(zone="target_location", slot=told).agg(heading=pl.len().cast(pl.Float64))
    beside = tables["adjacency"].rename({"zone_a": "zone", "zone_b": "other"})
    neighbours = beside.join(made, left_on="other", right_on="zone")
    around = neighbours.group_by("zone", "slot").agg(neighbours=pl.col("orders").sum())
    known = made.join(zones, on="zone", how="semi")
    city = known.group_by("slot").agg(city=pl.col("orders").sum())
    joined = dense
    for part in (made, heading, around):
        joined = joined.join(part, on=["zone", "slot"], how="left")
    joined = joined.join(city, on="slot", how="left").sort("zone", "slot")
    return joined.with_columns(pl.col("orders", "heading", "neighbours", "city").fill_null(0.0))


def _back(name: str, slots: int) -> pl.Expr:
    return pl.col(name).shift(slots).over("zone")


def _sum(name: str, width: int, back: int = 1) -> pl.Expr:
    return pl.col(name).rolling_sum(width).shift(back).over("zone")


def _weekly(name: str, width: int, back: int, week: int) -> pl.Expr:
    return pl.sum_horizontal(_sum(name, width, back + further * week) for further in range(4)) / 4


def _counts(hour: int) -> list[pl.Expr]:
    day, week, near = 24 * hour, 168 * hour, 2 * hour + 1
    typical = {
        name: _weekly(name, near, week - hour, week) * hour / near
        for name in ("orders", "heading", "neighbours", "city")
    }
    return [
        pl.col("orders").rolling_sum(near).over("zone").alias("near"),
        *(_back("orders", lag).alias(f"lag_{lag}") for lag in (1, 2, 3)),
        _back("orders", day).alias("one_day_back"),
        _back("orders", week).alias("one_week_back"),
        (pl.sum_horizontal(_back("orders", further * week) for further in (1, 2, 3, 4)) / 4).alias(
            "same_slot_four_weeks"
        ),
        *((_sum("orders", hours * hour) / hours).alias(f"mean_{hours}h") for hours in (1, 3, 6, 24)),
        (_sum("orders", week) / HOURS).alias("mean_7d"),
        (_sum("city", week) / HOURS).alias("city_7d"),
        (_weekly("orders", week, 1, week) / HOURS).alias("mean_28d"),
        (_weekly("city", week, 1, week) / HOURS).alias("city_28d"),
        typical["orders"].alias("typical_week"),
        typical["heading"].alias("heading_typical"),
        typical["neighbours"].alias("neighbours_typical"),
        typical["city"].alias("city_typical"),
        *(_momentum("orders", hours, hour).alias(f"momentum_{hours}h") for hours in (1, 3, 24)),
        *(_momentum("city", hours, hour).alias(f"city_momentum_{hours}h") for hours in (1, 3, 24)),
        _momentum("neighbours", 3, hour).alias("neighbours_momentum_3h"),
        _sum("neighbours", hour).alias("neighbours_1h"),
        _sum("heading", hour).alias("heading_1h"),
        _sum("heading", 3 * hour).alias("heading_3h"),
    ]


def _momentum(name: str, hours: int, hour: int) -> pl.Expr:
    width, week = hours * hour, 168 * hour
    return (_sum(name, width) + PRIOR) / (_weekly(name, width, 1 + week, week) + PRIOR)


def _ratios(hour: int) -> list[pl.Expr]:
    day, near = 24 * hour, 2 * hour + 1
    weekday = pl.col("slot").dt.weekday().cast(pl.Int16) - 1
    before = {ago: _back("near", ago * day - hour) for ago in range(1, 29)}
    same = {ago: ((weekday - ago) % 7 >= 5) == (weekday >= 5) for ago in before}
    like = pl.sum_horizontal(pl.when(same[ago]).then(before[ago]).otherwise(0.0) for ago in before)
    days = pl.sum_horizontal(same[ago].cast(pl.Float64) for ago in before)
    sundays = pl.coalesce(
        pl.when(weekday == one).then(pl.sum_horizontal(before[(one - 7) % 7 + 1 + 7 * back] for back in range(4)))
        for one in range(7)
    )
    weeks = pl.sum_horizontal(before[7 * back] for back in (1, 2, 3, 4))
    seen = 4 * near / hour
    shape = pl.col("mean_28d") * pl.col("city_typical") / pl.col("city_28d")
    rate = (pl.col("typical_week") * seen + shape * SHRINK) / (seen + SHRINK)
    trend = pl.col("city_7d") / pl.col("city_28d")
    level = (pl.col("mean_7d") * HOURS + LEVEL * trend) / (pl.col("mean_28d") * HOURS + LEVEL)
    return [
        (pl.sum_horizontal(before[ago] for ago in range(1, 8)) * hour / (7 * near)).alias("typical_day"),
        (like * hour / near / days).alias("typical_kind"),
        ((sundays + PRIOR) / (weeks + PRIOR)).alias("holiday_curve"),
        (pl.col("city_typical") / pl.col("city_28d")).alias("city_shape"),
        (pl.max_horizontal(rate * level, FLOOR) / hour).alias("expected"),
    ]


def _surroundings(rows: pl.LazyFrame, tables: Tables, slot: timedelta) -> pl.LazyFrame:
    days = tables["holidays"].select("date").collect()["date"].to_list()
    date = pl.col("slot").dt.date()
    hour = pl.col("slot").dt.hour() + pl.col("slot").dt.minute() / 60
    reports = (
        tables["weather"]
        .sort("known_at", "at")
        .with_columns(precipitation_3h=pl.sum_horizontal(pl.col("precipitation").shift(back) for back in range(3)))
    )
    weather = (
        rows.select("slot")
        .unique()
        .sort("slot")
        .join_asof(reports, left_on="slot", right_on="known_at", strategy="backward", allow_exact_matches=False)
    )
    values = ("temperature", "precipitation", "snowfall", "precipitation_3h")
    fresh = pl.col("slot") - pl.col("at") <= EXTREME
    weather = weather.select("slot", *(pl.when(fresh).then(pl.col(name)).alias(name) for name in values))
    return (
        rows.join(weather, on="slot", how="left")
        .join(_events(tables, slot), on=["zone", "slot"], how="left")
        .sort("zone", "slot")
        .with_columns(
            zone_id=pl.col("zone").cast(pl.Float64),
            hour_of_day=hour,
            hour_of_week=(pl.col("slot").dt.weekday().cast(pl.Float64) - 1) * 24 + hour,
            holiday=date.is_in(days).cast(pl.Float64),
            holiday_yesterday=date.dt.offset_by("-1d").is_in(days).cast(pl.Float64),
            holiday_tomorrow=date.dt.offset_by("1d").is_in(days).cast(pl.Float64),
        )
        .with_columns(holiday_curve=pl.when(pl.col("holiday") == 1).then("holiday_curve").otherwise(1.0))
    )


def _events(tables: Tables, slot: timedelta) -> pl.LazyFrame:
    beside = tables["adjacency"].rename({"zone_a": "location", "zone_b": "zone"})
    itself = tables["zones"].select(
        location=pl.col("location_id").cast(pl.Int32), zone=pl.col("location_id").cast(pl.Int32)
    )
    games = tables["events"].join(pl.concat([beside, itself]), on="location")
    first = (pl.col("starts_at") - EXTREME - timedelta(microseconds=1)).dt.truncate(slot) + slot
    slots = games.with_columns(slot=pl.datetime_ranges(first, pl.col("starts_at") + EXTREME, slot)).explode("slot")
    hours = slots.filter(pl.col("slot") > pl.col("known_at")).with_columns(
        event=(pl.col("slot") - pl.col("starts_at")).dt.total_microseconds() / 3.6e9
    )
    return hours.group_by("zone", "slot").agg(pl.col("event").sort_by(pl.col("event").abs()).first())
