"""What a zone usually does: curves over past weeks, momentum against them, and the slots that surged."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray

from afield.features.feature import History
from surge import surroundings
from surge.grid import MICROSECOND, Grid, Layout, Values
from surge.surroundings import Column

HOUR = timedelta(hours=1)
WEEKS = 4
PRIOR = 2.0
HOURS = 168
SATURDAY, SUNDAY = 5, 6
SLACK = 1.3
FEWEST = 2.0
"""Orders that count as a surge: the usual ones and `SLACK` of their standard deviations, and no fewer than these."""


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


def known_weeks(city: Grid, steps: Steps) -> Values:
    """How many whole weeks before each slot the history holds, `(slots, 1)`: each has orders in its first day."""
    weeks = np.zeros((len(city.sums) - city.ahead - 1, 1))
    for week in range(1, WEEKS + 2):
        weeks += (weeks == week - 1) & (city.window(week * steps.week, steps.day) > 0)
    return weeks


def weekly(grid: Grid, weeks: Values, back: int, width: int) -> Values:
    """Mean count of the `width` slots that begin `back` slots before, and as long before in each further known week."""
    week = Steps.of(grid.length).week
    total = np.zeros((len(weeks), grid.sums.shape[1]))
    for further in range(WEEKS):
        total += grid.window(back + further * week, width) * (weeks > further)
    return total / np.where(weeks > 0, weeks, np.nan)


def monthly(grid: Grid, weeks: Values, steps: Steps) -> Values:
    """Orders per hour of the known weeks, four at most."""
    return weekly(grid, weeks, grid.delay + steps.week, steps.week) / HOURS


def near(steps: Steps) -> int:
    """How many slots a typical curve takes together: the slot itself and an hour to either side."""
    return 2 * steps.hour + 1


def typical(grid: Grid, weeks: Values, steps: Steps) -> Values:
    """Orders per hour around the same slot of the week."""
    counted = weekly(grid, weeks, steps.week + steps.hour, near(steps))
    return counted * (steps.hour / near(steps))


def momentum(grid: Grid, weeks: Values, hours: int, steps: Steps) -> Values:
    """The last hours over the same hours of past weeks; both with a prior count, so that silence is no signal."""
    width = hours * steps.hour
    usual = weekly(grid, weeks, grid.delay + width + steps.week, width)
    return (grid.recent(width) + PRIOR) / (usual + PRIOR)


def surging(orders: Grid, steps: Steps) -> Grid:
    """The slots in which a zone had more orders than chance around the same slot of the four weeks before allows."""
    counts, month = np.diff(orders.sums, axis=0), WEEKS * steps.week
    usual = np.zeros(counts[month:].shape)
    for back in range(1, WEEKS + 1):
        usual += counts[month - back * steps.week :][: len(usual)]
    usual /= WEEKS
    above = counts[month:] >= np.maximum(FEWEST, np.ceil(usual + SLACK * np.sqrt(usual)))
    sums = np.zeros(orders.sums.shape, np.int32)
    np.cumsum(above, axis=0, out=sums[month + 1 :])
    return replace(orders, sums=sums)


def like_days(orders: Grid, layout: Layout, weeks: Values, steps: Steps) -> Iterator[Column]:
    """Orders per hour around the same time of day: of the last week, and of like days."""
    around, first = nearby(orders, steps)
    weekday = surroundings.weekday(layout.starts())
    week = np.zeros((layout.count, len(layout.zones)), around.dtype)
    like, days = week.copy(), np.zeros((layout.count, 1))
    for day in range(1, 7 * WEEKS + 1):
        before = around[first - day * steps.day :][: layout.count]
        if day <= 7:
            week += before
        same = ((((weekday - day) % 7 >= SATURDAY) == (weekday >= SATURDAY)) & (weeks[:, 0] * 7 >= day))[:, None]
        like += before * same
        days += same
    scale = steps.hour / near(steps)
    yield "typical_day", week * (scale / 7)
    yield "typical_kind", like * scale / np.where(days > 0, days, np.nan)


def holiday_curve(orders: Grid, layout: Layout, history: History, steps: Steps) -> Iterator[Column]:
    """Orders around the same time of day on Sundays over those on this weekday, for a holiday; 1 on other days."""
    around, first = nearby(orders, steps)
    weekday = surroundings.weekday(layout.starts())
    curve = np.ones((layout.count, len(layout.zones)))
    for row in np.flatnonzero(surroundings.holiday(layout, history) == 1):
        sundays = [first + row - steps.day * ((weekday[row] - SUNDAY - 1) % 7 + 1 + 7 * back) for back in range(WEEKS)]
        same = first + row - steps.week * np.arange(1, WEEKS + 1)
        curve[row] = (around[sundays].sum(axis=0) + PRIOR) / (around[same].sum(axis=0) + PRIOR)
    yield "holiday_curve", curve


def nearby(orders: Grid, steps: Steps) -> tuple[NDArray[np.int32] | Values, int]:
    """Orders around each slot of the grid, and the row of the first spine slot."""
    return orders.sums[near(steps) :] - orders.sums[: -near(steps)], orders.ahead - steps.hour
