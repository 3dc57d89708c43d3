"""Surge's features: momentum, typical curves, neighbours, people heading here, past surges, calendar and context."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl

from afield.features.feature import HAS_HISTORY, FeatureSet, History
from surge import curves, surroundings
from surge.curves import HOURS, WEEKS, Steps
from surge.grid import Grid, Layout, Values, count, lay
from surge.surroundings import Column

WEEK = timedelta(days=7)
LOOKBACK = (WEEKS + 1) * WEEK
SHRINK = 6.0
LEVEL = 50.0
FLOOR = 0.001
TINY = 1e-9

NAMES = (
    "zone_id", "lon", "lat", "hour_of_day", "hour_of_week", "holiday", "holiday_yesterday", "holiday_tomorrow",
    "lag_1", "lag_2", "lag_3", "one_day_back", "one_week_back", "same_slot_four_weeks",
    "mean_1h", "mean_3h", "mean_6h", "mean_24h", "mean_7d", "mean_28d",
    "typical_week", "typical_day", "typical_kind", "holiday_curve", "expected",
    "momentum_1h", "momentum_3h", "momentum_24h",
    "neighbours_1h", "neighbours_typical", "neighbours_momentum_3h",
    "heading_1h", "heading_3h", "heading_typical",
    "city_shape", "city_momentum_1h", "city_momentum_3h", "city_momentum_24h",
    "temperature", "precipitation", "snowfall", "precipitation_3h", "event",
    "surges_3h", "surges_24h", "surges_same_time",
)  # fmt: skip

GROUPS: Mapping[str, tuple[str, ...]] = {
    "events": ("event",),
    "holidays": ("holiday", "holiday_yesterday", "holiday_tomorrow", "holiday_curve"),
    "weather as known": ("temperature", "precipitation", "snowfall", "precipitation_3h"),
    "neighbours": ("neighbours_1h", "neighbours_typical", "neighbours_momentum_3h"),
    "travelling here": ("heading_1h", "heading_3h", "heading_typical"),
    "typical curves": (
        "one_week_back", "same_slot_four_weeks", "mean_7d", "mean_28d", "typical_week", "typical_day", "typical_kind",
        "city_shape", "expected",
    ),
    "past surges": ("surges_3h", "surges_24h", "surges_same_time"),
    "recent counts": (
        "lag_1", "lag_2", "lag_3", "one_day_back", "mean_1h", "mean_3h", "mean_6h", "mean_24h",
        "momentum_1h", "momentum_3h", "momentum_24h",
    ),
    "whole city": ("city_momentum_1h", "city_momentum_3h", "city_momentum_24h"),
    "place": ("zone_id", "lon", "lat"),
    "hour and weekday": ("hour_of_day", "hour_of_week"),
}  # fmt: skip
"""Each feature in the kind of context that it carries."""


def feature_set(slot: timedelta, delay: timedelta = timedelta(0)) -> FeatureSet:
    """The feature set for slots of length `slot`, where an order is known `delay` after it was made."""
    made = partial(demand, slot=slot, delay=delay)
    return FeatureSet(
        compute=made,
        names=NAMES,
        lookback=LOOKBACK,
        keys=("zone",),
        origin="slot",
        group=("slot",),
        modules=("surge.curves", "surge.grid", "surge.surroundings"),
        narrow=lambda names: partial(made, only=names),
    )


def demand(
    spine: pl.LazyFrame,
    history: History,
    *,
    slot: timedelta,
    delay: timedelta = timedelta(0),
    only: tuple[str, ...] = NAMES,
) -> pl.LazyFrame:
    """The features of each spine row `(zone, slot)`, from facts known before the slot starts; perhaps `only` some.

    Lags and baselines are orders per slot; means and typical curves are orders per hour, over the weeks that the
    history holds. `expected` is orders per slot, above zero, and known wherever a week is: a model's exposure.

    Raises:
        FeatureError: a zone is not in the table of zones, or a slot does not start on the grid.
    """
    rows = spine.select("zone", "slot").collect()
    layout = lay(rows, history["zones"], slot)
    adjacent = _adjacency(layout, history["adjacency"])
    columns = {
        name: pl.Series(name, layout.place(values), nan_to_null=True)
        for name, values in _columns(layout, history, adjacent, delay, {*only, HAS_HISTORY})
        if name in only or name == HAS_HISTORY
    }
    flag = pl.Series(HAS_HISTORY, columns.pop(HAS_HISTORY).cast(pl.Boolean))
    return rows.with_columns(flag, *columns.values()).lazy()


def _columns(layout: Layout, history: History, adjacent: Values, delay: timedelta, asked: set[str]) -> Iterator[Column]:
    """The columns of every part that makes one of those asked."""
    steps = Steps.of(layout.length)
    ahead = (WEEKS + 1) * steps.week
    places = ("pickup_location", "target_location")[: 1 + bool(asked & {*GROUPS["travelling here"]})]
    orders, *heading = count(history["orders"], places, layout, ahead, delay)
    city = orders.together()
    known = curves.known_weeks(city, steps)
    weeks = np.minimum(known, WEEKS)
    yield HAS_HISTORY, (known > WEEKS).astype(np.float64)
    parts: tuple[tuple[tuple[str, ...], Callable[[], Iterator[Column]]], ...] = (
        (GROUPS["place"], lambda: _place(layout, history)),
        ((*GROUPS["hour and weekday"], *GROUPS["holidays"]), lambda: surroundings.calendar(layout, history)),
        (GROUPS["recent counts"], lambda: _recent(orders, weeks, steps)),
        (GROUPS["typical curves"], lambda: _usual(orders, city, weeks, steps)),
        (("typical_day", "typical_kind"), lambda: curves.like_days(orders, layout, weeks, steps)),
        (("holiday_curve",), lambda: curves.holiday_curve(orders, layout, history, steps)),
        (GROUPS["neighbours"], lambda: _around(orders.through(adjacent), weeks, steps)),
        (GROUPS["travelling here"], lambda: _heading(heading[0], weeks, steps)),
        (GROUPS["whole city"], lambda: _momenta("city_momentum", city, weeks, steps)),
        (GROUPS["past surges"], lambda: _surges(curves.surging(orders, steps), steps)),
        (GROUPS["weather as known"], lambda: surroundings.weather(layout, history)),
        (GROUPS["events"], lambda: surroundings.events(layout, history, adjacent)),
    )
    for names, make in parts:
        if asked & {*names}:
            yield from make()


def _recent(orders: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """What the zone did in the last hours and a day ago."""
    for lag in (1, 2, 3):
        yield f"lag_{lag}", orders.recent(1, back=lag - 1)
    yield "one_day_back", orders.window(steps.day, 1)
    for hours in (1, 3, 6, 24):
        yield f"mean_{hours}h", orders.recent(hours * steps.hour) / hours
    yield from _momenta("momentum", orders, weeks, steps)


def _usual(orders: Grid, city: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """What the zone does in other weeks, what the whole city does, and the expected rate."""
    yield "one_week_back", np.where(weeks > 0, orders.window(steps.week, 1), np.nan)
    yield "same_slot_four_weeks", curves.weekly(orders, weeks, steps.week, 1)
    week, city_week = (grid.recent(steps.week) / HOURS for grid in (orders, city))
    month, city_month = (curves.monthly(grid, weeks, steps) for grid in (orders, city))
    typical, city_typical = (curves.typical(grid, weeks, steps) for grid in (orders, city))
    yield "mean_7d", week
    yield "mean_28d", month
    yield "typical_week", typical
    city_shape = city_typical / np.maximum(city_month, TINY)
    yield "city_shape", city_shape
    shape = month * city_shape
    seen = weeks * curves.near(steps) / steps.hour
    rate = (typical * seen + shape * SHRINK) / (seen + SHRINK)
    trend = city_week / np.maximum(city_month, TINY)
    level = (week * HOURS + LEVEL * trend) / (month * HOURS + LEVEL)
    yield "expected", np.maximum(rate * level, FLOOR) / steps.hour


def _momenta(name: str, grid: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    for hours in (1, 3, 24):
        yield f"{name}_{hours}h", curves.momentum(grid, weeks, hours, steps)


def _heading(heading: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """People whose ride, as far as known, ends here."""
    yield "heading_1h", heading.recent(steps.hour)
    yield "heading_3h", heading.recent(3 * steps.hour)
    yield "heading_typical", curves.typical(heading, weeks, steps)


def _surges(surges: Grid, steps: Steps) -> Iterator[Column]:
    """When and how often the zone surged: lately, and around this time of day; the weeks behind allow six days."""
    yield "surges_3h", surges.recent(3 * steps.hour)
    yield "surges_24h", surges.recent(steps.day)
    yield (
        "surges_same_time",
        sum(
            (surges.window(day * steps.day + steps.hour, curves.near(steps)) for day in range(2, 7)),
            surges.window(steps.day + steps.hour, curves.near(steps)),
        ),
    )


def _around(neighbours: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """What the adjacent zones did, summed."""
    yield "neighbours_1h", neighbours.recent(steps.hour)
    yield "neighbours_typical", curves.typical(neighbours, weeks, steps)
    yield "neighbours_momentum_3h", curves.momentum(neighbours, weeks, 3, steps)


def _place(layout: Layout, history: History) -> Iterator[Column]:
    zones = history["zones"].select(pl.col("location_id").cast(pl.Int64), "lon", "lat").unique("location_id")
    known = zones.sort("location_id").collect()
    yield "zone_id", layout.zones.astype(np.float64)[None, :]
    for name in ("lon", "lat"):
        yield name, known[name].cast(pl.Float64).to_numpy()[None, :]


def _adjacency(layout: Layout, adjacency: pl.LazyFrame) -> Values:
    beside = np.zeros((len(layout.zones), len(layout.zones)))
    pairs = adjacency.select("zone_a", "zone_b").collect()
    first, second = (layout.columns(pairs[side].to_numpy()) for side in ("zone_a", "zone_b"))
    known = (first >= 0) & (second >= 0)
    beside[first[known], second[known]] = 1.0
    return beside
