"""Surge's features of orders as a pandas script makes them: one wide frame a feature, slots × zones.

It leaves out what comes of the calendar, of weather and of events; a test holds the rest to Afield's.
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from afield.records.facts import Window
from benchmarks.plain_features import FLOOR, HOURS, LEVEL, PRIOR, SHRINK

Tables = Mapping[str, pl.LazyFrame]
WEEK = timedelta(days=7)


def write(path: Path, tables: Tables, window: Window, slot: timedelta) -> None:
    """Write the matrix as an Arrow file."""
    found = matrix(tables, window, slot)
    pl.DataFrame({name: found[name].to_numpy() for name in found.columns}).write_ipc(path)


def matrix(tables: Tables, window: Window, slot: timedelta) -> pd.DataFrame:
    """The features of every zone and slot of the window, ordered by slot and zone."""
    slots = pd.date_range(window.start - 5 * WEEK, window.end, freq=slot, inclusive="left", unit="us")
    zones = tables["zones"].select("location_id").unique().sort("location_id").collect()["location_id"].to_numpy()
    columns = tables["orders"].select("at", "target_known_at", "pickup_location", "target_location").collect()
    orders = pd.DataFrame({name: columns[name].to_numpy() for name in columns.columns})
    orders = orders[(orders["at"] >= slots[0]) & (orders["at"] < pd.Timestamp(window.end))]
    told = orders["target_known_at"].fillna(orders["at"]).clip(lower=orders["at"])
    made = _grid(orders["at"], orders["pickup_location"], slots, zones, slot)
    heading = _grid(told, orders["target_location"], slots, zones, slot)
    del orders, columns
    pairs = tables["adjacency"].collect()
    beside = pd.DataFrame(0.0, index=zones, columns=zones)
    for one, other in pairs.select("zone_a", "zone_b").iter_rows():
        beside.loc[one, other] = 1.0
    city = pd.DataFrame({0: made.sum(axis=1)})
    wide = _features(made, heading, made @ beside, city, timedelta(hours=1) // slot)
    count = int((slots >= window.start).sum())
    ends = {
        name: np.broadcast_to(frame.to_numpy()[-count:], (count, len(zones))).ravel() for name, frame in wide.items()
    }
    return pd.DataFrame({"zone": np.tile(zones, count), "slot": np.repeat(slots[-count:], len(zones)), **ends})


def _grid(at: pd.Series, zone: pd.Series, slots: pd.DatetimeIndex, zones: np.ndarray, slot: timedelta) -> pd.DataFrame:
    counted = pd.DataFrame({"slot": at.dt.floor(slot), "zone": zone}).groupby(["slot", "zone"]).size()
    return counted.unstack(fill_value=0).reindex(index=slots, columns=zones, fill_value=0).astype(float)


def _sum(frame: pd.DataFrame, width: int, back: int = 1) -> pd.DataFrame:
    return frame.rolling(width).sum().shift(back)


def _weekly(frame: pd.DataFrame, width: int, back: int, week: int) -> pd.DataFrame:
    rolled = frame.rolling(width).sum()
    return sum((rolled.shift(back + further * week) for further in range(1, 4)), rolled.shift(back)) / 4


def _features(
    made: pd.DataFrame, heading: pd.DataFrame, neighbours: pd.DataFrame, city: pd.DataFrame, hour: int
) -> dict[str, pd.DataFrame]:
    day, week, near = 24 * hour, 168 * hour, 2 * hour + 1
    found = {f"lag_{lag}": made.shift(lag) for lag in (1, 2, 3)}
    found |= {"one_day_back": made.shift(day), "one_week_back": made.shift(week)}
    found["same_slot_four_weeks"] = _weekly(made, 1, week, week)
    found |= {f"mean_{hours}h": _sum(made, hours * hour) / hours for hours in (1, 3, 6, 24)}
    found["mean_7d"], found["mean_28d"] = _sum(made, week) / HOURS, _weekly(made, week, 1, week) / HOURS
    city_week, city_month = _sum(city, week) / HOURS, _weekly(city, week, 1, week) / HOURS
    grids = {"typical_week": made, "heading_typical": heading, "neighbours_typical": neighbours, "city": city}
    typical = {name: _weekly(frame, near, week - hour, week) * hour / near for name, frame in grids.items()}
    city_shape = typical.pop("city") / city_month
    found |= {**typical, "city_shape": city_shape}
    for hours in (1, 3, 24):
        found[f"momentum_{hours}h"] = _momentum(made, hours, hour)
        found[f"city_momentum_{hours}h"] = _momentum(city, hours, hour)
    found["neighbours_momentum_3h"] = _momentum(neighbours, 3, hour)
    found["neighbours_1h"] = _sum(neighbours, hour)
    found["heading_1h"], found["heading_3h"] = _sum(heading, hour), _sum(heading, 3 * hour)
    found["typical_day"], found["typical_kind"] = _days(made, day, near, hour)
    seen = 4 * near / hour
    shape = found["mean_28d"].mul(city_shape[0], axis=0)
    rate = (found["typical_week"] * seen + shape * SHRINK) / (seen + SHRINK)
    trend = (city_week / city_month)[0]
    level = (found["mean_7d"] * HOURS).add(LEVEL * trend, axis=0) / (found["mean_28d"] * HOURS + LEVEL)
    found["expected"] = (rate * level).clip(lower=FLOOR) / hour
    return found


def _momentum(frame: pd.DataFrame, hours: int, hour: int) -> pd.DataFrame:
    width, week = hours * hour, 168 * hour
    return (_sum(frame, width) + PRIOR) / (_weekly(frame, width, 1 + week, week) + PRIOR)


def _days(made: pd.DataFrame, day: int, near: int, hour: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Around the same time of day: in the last week, and on like days of four weeks."""
    rolled = made.rolling(near).sum()
    weekday = pd.DatetimeIndex(made.index).day_of_week.to_numpy()
    week, like, days = made * 0.0, made * 0.0, np.zeros(len(made))
    for ago in range(1, 29):
        before = rolled.shift(ago * day - hour)
        week = week + before if ago <= 7 else week
        same = (((weekday - ago) % 7 >= 5) == (weekday >= 5)).astype(float)
        like, days = like + before.mul(same, axis=0), days + same
    return week * hour / (7 * near), (like * hour / near).div(days, axis=0)
