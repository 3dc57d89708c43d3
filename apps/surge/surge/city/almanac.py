"""What everybody knows of the generated city: its map, and weather, games and holidays up to a moment."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from surge.city import calendar, weather
from surge.city.layout import layout
from surge.tables import SCHEMAS, typed

WEST, SOUTH = 10.0, 50.0
"""Degrees of the city's south-west corner: a made-up place."""

KILOMETRES_PER_DEGREE = 71.5, 111.2
"""Of longitude and latitude, there."""


def almanac(seed: int, start: datetime, until: datetime) -> dict[str, pl.DataFrame]:
    """The context tables of `surge.tables`, with what was known by `until`."""
    first = start.date()
    observed = [first + timedelta(days=n) for n in range((until.date() - first).days + 1)]
    scheduled = [*observed, *(until.date() + timedelta(days=n) for n in range(1, calendar.NOTICE.days + 1))]
    holidays = [(day, name) for day in scheduled if (name := calendar.holiday(day))]
    hourly = np.concatenate([weather.hours(seed, day) for day in observed])
    midnight = datetime.combine(first, datetime.min.time())
    moments = pl.datetime_range(midnight, midnight + timedelta(hours=len(hourly) - 1), "1h", eager=True)
    reports = pl.DataFrame(
        {"at": moments, "temperature": hourly[:, 0], "precipitation": hourly[:, 1], "snowfall": hourly[:, 2]}
    ).with_columns(known_at=pl.col("at").dt.offset_by("1h"))
    place = layout(seed)
    games = [game for day in scheduled for game in calendar.games(seed, place, day)]
    events = pl.DataFrame(
        {
            "event_id": [game.name for game in games],
            "starts_at": [game.starts_at for game in games],
            "location": [int(place.zones[game.place]) for game in games],
            "known_at": [game.starts_at - calendar.NOTICE for game in games],
            "league": ["generated"] * len(games),
        },
        schema=SCHEMAS["events"],
    )
    zones = pl.DataFrame(
        {
            "location_id": place.zones,
            "borough": [f"district {district}" for district in place.district],
            "zone": [f"generated {zone}" for zone in place.zones],
            "lon": np.round(WEST + place.east / KILOMETRES_PER_DEGREE[0], 5),
            "lat": np.round(SOUTH + place.north / KILOMETRES_PER_DEGREE[1], 5),
        }
    )
    pairs = place.zones[place.neighbours]
    tables = {
        "weather": reports.filter(pl.col("known_at") <= until),
        "events": events.filter(pl.col("known_at") <= until),
        "holidays": pl.DataFrame(holidays, schema=SCHEMAS["holidays"], orient="row"),
        "zones": zones,
        "adjacency": pl.DataFrame({"zone_a": pairs[:, 0], "zone_b": pairs[:, 1]}),
        "coverage": pl.DataFrame({"start": [start], "end": [until]}),
    }
    return {name: typed(name, frame) for name, frame in tables.items()}
