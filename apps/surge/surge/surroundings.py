"""Context of each slot as it was known before it started: calendar, weather, scheduled events."""

from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import polars as pl

from afield.features.feature import History
from surge.grid import MICROSECOND, Layout, Values, Whole

Column = tuple[str, Values]

HOUR = timedelta(hours=1) // MICROSECOND
DAY = 24 * HOUR
WEATHER_FOR = 6 * HOUR
EVENT_NEAR = 6 * HOUR
REPORTS = 3


def calendar(layout: Layout, history: History) -> Iterator[Column]:
    """Hour of day and of week (from Monday), and whether the day, the one before or the next is a holiday."""
    starts = layout.starts()
    hour = (starts % DAY) / HOUR
    yield "hour_of_day", hour[:, None]
    yield "hour_of_week", (weekday(starts) * 24 + hour)[:, None]
    for name, shift in (("holiday", 0), ("holiday_yesterday", -1), ("holiday_tomorrow", 1)):
        yield name, holiday(layout, history, shift)[:, None]


def holiday(layout: Layout, history: History, shift: int = 0) -> Values:
    """Whether the day of each slot, or the one `shift` days after it, is a holiday; null where none is known at all."""
    holidays = history["holidays"].select(pl.col("date").cast(pl.Int32)).collect()["date"].to_numpy()
    if not len(holidays):
        return np.full(layout.count, np.nan)
    return np.isin(layout.starts() // DAY + shift, holidays).astype(np.float64)


def weekday(starts: Whole) -> Whole:
    """Day of the week of each moment (microseconds since 1970), 0 for Monday."""
    return (starts // DAY + 3) % 7


def weather(layout: Layout, history: History) -> Iterator[Column]:
    """The latest report known before each slot, and the rain of the last three; null once it is six hours old."""
    starts = layout.starts()
    reports = (
        history["weather"]
        .select(pl.col("known_at", "at").dt.epoch("us"), "temperature", "precipitation", "snowfall")
        .sort("known_at", "at")
        .collect()
    )
    latest = np.searchsorted(reports["known_at"].to_numpy(), starts, side="left") - 1
    made = reports["at"].to_numpy()

    def reported(name: str, back: int = 0) -> Values:
        row = latest - back
        values = np.full(len(starts), np.nan)
        fresh = row >= 0
        fresh[fresh] = starts[fresh] - made[row[fresh]] <= WEATHER_FOR
        values[fresh] = reports[name].cast(pl.Float64).to_numpy()[row[fresh]]
        return values

    for name in ("temperature", "precipitation", "snowfall"):
        yield name, reported(name)[:, None]
    rain = reported("precipitation")
    for back in range(1, REPORTS):
        rain = rain + reported("precipitation", back)
    yield "precipitation_3h", rain[:, None]


def events(layout: Layout, history: History, adjacent: Values) -> Iterator[Column]:
    """Hours since the start (negative: until the start) of the nearest event in the zone or beside it; else null."""
    starts = layout.starts()
    near = np.full((len(starts), len(layout.zones)), np.nan)
    planned = history["events"].select(pl.col("starts_at", "known_at").dt.epoch("us"), "location").sort("starts_at")
    soon = pl.col("starts_at").is_between(int(starts[0]) - EVENT_NEAR, int(starts[-1]) + EVENT_NEAR)
    for begins, known, location in planned.filter(soon).collect().iter_rows():
        column = int(layout.columns(np.array([location]))[0])
        if column < 0:
            continue
        around = np.flatnonzero((adjacent[column] > 0) | (np.arange(len(layout.zones)) == column))
        low, high = np.searchsorted(starts, (max(begins - EVENT_NEAR, known + 1), begins + EVENT_NEAR + 1))
        hours = ((starts[low:high] - begins) / HOUR)[:, None]
        block = near[low:high, around]
        near[low:high, around] = np.where(np.abs(hours) < np.nan_to_num(np.abs(block), nan=np.inf), hours, block)
    yield "event", near
