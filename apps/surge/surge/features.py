"""Surge's features: momentum, typical curves, neighbours, people heading here, calendar, weather and events."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

import numpy as np
import polars as pl

from afield.features.feature import HAS_HISTORY, FeatureSet, History
from surge import surroundings
from surge.grid import MICROSECOND, Grid, Layout, Values, count, lay
from surge.surroundings import Column

DAY, WEEK, HOUR = timedelta(days=1), timedelta(days=7), timedelta(hours=1)
WEEKS = 4
LOOKBACK = (WEEKS + 1) * WEEK
PRIOR = 2.0
SHRINK = 6.0
LEVEL = 50.0
FLOOR = 0.001
TINY = 1e-9
HOURS = 168
SATURDAY, SUNDAY = 5, 6

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
)  # fmt: skip


def feature_set(slot: timedelta, delay: timedelta = timedelta(0)) -> FeatureSet:
    """The feature set for slots of length `slot`, where an order is known `delay` after it was made."""
    return FeatureSet(
        compute=partial(demand, slot=slot, delay=delay),
        names=NAMES,
        lookback=LOOKBACK,
        keys=("zone",),
        origin="slot",
        group=("slot",),
        modules=("surge.grid", "surge.surroundings"),
    )


def demand(spine: pl.LazyFrame, history: History, *, slot: timedelta, delay: timedelta = timedelta(0)) -> pl.LazyFrame:
    """The features of each spine row `(zone, slot)`, from facts known before the slot starts.

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
        for name, values in _columns(layout, history, adjacent, delay)
    }
    flag = pl.Series(HAS_HISTORY, columns.pop(HAS_HISTORY).cast(pl.Boolean))
    return rows.with_columns(flag, *columns.values()).lazy()


@dataclass(frozen=True, slots=True)
class Steps:
    """Lengths in slots."""

    hour: int
    day: int
    week: int

    @classmethod
    def of(cls, length: int) -> "Steps":
        """For slots of `length` microseconds, at most an hour."""
        hour = HOUR // MICROSECOND // length
        return cls(hour, 24 * hour, 168 * hour)


def _columns(layout: Layout, history: History, adjacent: Values, delay: timedelta) -> Iterator[Column]:
    steps = Steps.of(layout.length)
    ahead = (WEEKS + 1) * steps.week
    orders, heading = count(history["orders"], ("pickup_location", "target_location"), layout, ahead, delay)
    city = orders.together()
    known = _known_weeks(city, steps)
    weeks = np.minimum(known, WEEKS)
    yield HAS_HISTORY, (known > WEEKS).astype(np.float64)
    yield from _place(layout, history)
    calendar = dict(surroundings.calendar(layout, history))
    yield from calendar.items()
    yield from _own(orders, city, weeks, steps)
    yield from _days(orders, layout, calendar["holiday"], weeks, steps)
    yield from _around(orders.through(adjacent), weeks, steps)
    yield "heading_1h", heading.recent(steps.hour)
    yield "heading_3h", heading.recent(3 * steps.hour)
    yield "heading_typical", _typical(heading, weeks, steps)
    yield from surroundings.weather(layout, history)
    yield from surroundings.events(layout, history, adjacent)


def _own(orders: Grid, city: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """What the zone and the whole city did: lags, means, typical curves, momentum and the expected rate."""
    for lag in (1, 2, 3):
        yield f"lag_{lag}", orders.recent(1, back=lag - 1)
    yield "one_day_back", orders.window(steps.day, 1)
    yield "one_week_back", np.where(weeks > 0, orders.window(steps.week, 1), np.nan)
    yield "same_slot_four_weeks", _weekly(orders, weeks, steps.week, 1)
    for hours in (1, 3, 6, 24):
        yield f"mean_{hours}h", orders.recent(hours * steps.hour) / hours
    week, city_week = (grid.recent(steps.week) / HOURS for grid in (orders, city))
    month, city_month = (_monthly(grid, weeks, steps) for grid in (orders, city))
    typical, city_typical = (_typical(grid, weeks, steps) for grid in (orders, city))
    yield "mean_7d", week
    yield "mean_28d", month
    yield "typical_week", typical
    city_shape = city_typical / np.maximum(city_month, TINY)
    yield "city_shape", city_shape
    shape = month * city_shape
    seen = weeks * _near(steps) / steps.hour
    rate = (typical * seen + shape * SHRINK) / (seen + SHRINK)
    trend = city_week / np.maximum(city_month, TINY)
    level = (week * HOURS + LEVEL * trend) / (month * HOURS + LEVEL)
    yield "expected", np.maximum(rate * level, FLOOR) / steps.hour
    for hours in (1, 3, 24):
        yield f"momentum_{hours}h", _momentum(orders, weeks, hours, steps)
        yield f"city_momentum_{hours}h", _momentum(city, weeks, hours, steps)


def _around(neighbours: Grid, weeks: Values, steps: Steps) -> Iterator[Column]:
    """What the adjacent zones did, summed."""
    yield "neighbours_1h", neighbours.recent(steps.hour)
    yield "neighbours_typical", _typical(neighbours, weeks, steps)
    yield "neighbours_momentum_3h", _momentum(neighbours, weeks, 3, steps)


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


def _known_weeks(city: Grid, steps: Steps) -> Values:
    """How many whole weeks before each slot the history holds, `(slots, 1)`: each has orders in its first day."""
    weeks = np.zeros((len(city.sums) - city.ahead - 1, 1))
    for week in range(1, WEEKS + 2):
        weeks += (weeks == week - 1) & (city.window(week * steps.week, steps.day) > 0)
    return weeks


def _weekly(grid: Grid, weeks: Values, back: int, width: int) -> Values:
    """Mean count of the `width` slots that begin `back` slots before, and as long before in each further known week."""
    week = Steps.of(grid.length).week
    total = np.zeros((len(weeks), grid.sums.shape[1]))
    for further in range(WEEKS):
        total += grid.window(back + further * week, width) * (weeks > further)
    return total / np.where(weeks > 0, weeks, np.nan)


def _monthly(grid: Grid, weeks: Values, steps: Steps) -> Values:
    """Orders per hour of the known weeks, four at most."""
    return _weekly(grid, weeks, grid.delay + steps.week, steps.week) / HOURS


def _near(steps: Steps) -> int:
    """How many slots a typical curve takes together: the slot itself and an hour to either side."""
    return 2 * steps.hour + 1


def _typical(grid: Grid, weeks: Values, steps: Steps) -> Values:
    """Orders per hour around the same slot of the week."""
    counted = _weekly(grid, weeks, steps.week + steps.hour, _near(steps))
    return counted * (steps.hour / _near(steps))


def _momentum(grid: Grid, weeks: Values, hours: int, steps: Steps) -> Values:
    """The last hours over the same hours of past weeks; both with a prior count, so that silence is no signal."""
    width = hours * steps.hour
    usual = _weekly(grid, weeks, grid.delay + width + steps.week, width)
    return (grid.recent(width) + PRIOR) / (usual + PRIOR)


def _days(orders: Grid, layout: Layout, holidays: Values, weeks: Values, steps: Steps) -> Iterator[Column]:
    """Orders per hour around the same time of day: of the last week, of like days, of Sundays for a holiday."""
    near = orders.sums[_near(steps) :] - orders.sums[: -_near(steps)]
    first = orders.ahead - steps.hour
    weekday = surroundings.weekday(layout.starts())
    week = np.zeros((layout.count, len(layout.zones)), near.dtype)
    like, days = week.copy(), np.zeros((layout.count, 1))
    for day in range(1, 7 * WEEKS + 1):
        before = near[first - day * steps.day :][: layout.count]
        if day <= 7:
            week += before
        same = ((((weekday - day) % 7 >= SATURDAY) == (weekday >= SATURDAY)) & (weeks[:, 0] * 7 >= day))[:, None]
        like += before * same
        days += same
    scale = steps.hour / _near(steps)
    yield "typical_day", week * (scale / 7)
    yield "typical_kind", like * scale / np.where(days > 0, days, np.nan)
    curve = np.ones(week.shape)
    for row in np.flatnonzero(holidays[:, 0] == 1):
        sundays = [first + row - steps.day * ((weekday[row] - SUNDAY - 1) % 7 + 1 + 7 * back) for back in range(WEEKS)]
        same = first + row - steps.week * np.arange(1, WEEKS + 1)
        curve[row] = (near[sundays].sum(axis=0) + PRIOR) / (near[same].sum(axis=0) + PRIOR)
    yield "holiday_curve", curve
