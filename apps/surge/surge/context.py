"""Context of a taxi folder: weather, events, holidays, zones and their neighbours, each optional."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from afield.data.clean import Cleaned, Rule, clean
from afield.data.reading import Types, read_parquet
from surge.tables import MOMENT, empty, typed

EVENT_NOTICE = "30d"
"""A game is on the published schedule at least this long before it starts."""

_OPTIONAL = ("temperature", "precipitation", "snowfall", "lon", "lat")

TLC_ZONES = tuple(zone for zone in range(1, 264) if zone not in (57, 104, 105))
"""Zones of the city's taxi map that have a polygon; 264 and 265 mean unknown and outside the city."""


def read_context(folder: Path) -> tuple[dict[str, pl.LazyFrame], tuple[str, ...], dict[str, pl.DataFrame]]:
    """Tables by name, what is missing in words, and the rows that were set aside, by table.

    Raises:
        DataError: a file is there but damaged, empty or lacks a column.
    """
    tables: dict[str, pl.LazyFrame] = {}
    messages: list[str] = []
    aside: dict[str, pl.DataFrame] = {}
    for table, pattern, read, without in _FILES:
        found = sorted(folder.glob(pattern))
        if found:
            cleaned = _cleaned(typed(table, read(found)), pattern)
            tables[table], aside[table] = cleaned.kept.lazy(), cleaned.quarantined
            if cleaned.quarantined.height:
                messages.append(f"{cleaned.quarantined.height} rows of {pattern} lack a time or a place: left aside")
        else:
            tables[table] = empty(table)
            messages.append(f"{folder} holds no {pattern}: {without}")
    if not any(folder.glob("zones.parquet")):
        tables["zones"] = typed(
            "zones",
            pl.DataFrame({"location_id": TLC_ZONES}).with_columns(
                borough=pl.lit(""), zone=pl.lit(""), lon=pl.lit(None), lat=pl.lit(None)
            ),
        ).lazy()
    if not any(folder.glob("weather_hourly*.parquet")) and any(folder.glob("weather_daily*.parquet")):
        messages.append("the daily weather is not used: a day's total is known only after the day")
    return tables, tuple(messages), aside


def _cleaned(rows: pl.DataFrame, files: str) -> Cleaned:
    """The rows that say when and where; the position of the others is that in the table which the files make."""
    needed = [name for name in rows.columns if name not in _OPTIONAL]
    rules = [Rule("missing", name, "it lacks a time or a place", pl.col(name).is_null()) for name in needed]
    placed = rows.with_row_index("row", offset=1).with_columns(source=pl.lit(files))
    cleaned = clean(placed, rules, rows.columns)
    return Cleaned(cleaned.kept.select(rows.columns), cleaned.quarantined)


def _weather(paths: list[Path]) -> pl.DataFrame:
    types: Types = {
        "time": MOMENT,
        "temperature_2m_c": pl.Float64,
        "precipitation_mm": pl.Float64,
        "snowfall_cm": pl.Float64,
    }
    hours = pl.concat([read_parquet(path, types) for path in paths])
    local = pl.col("time").dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York")
    # In autumn one local hour occurs twice; it stays one row, or joins by hour would double their left side.
    return (
        hours.select(
            at=local.dt.replace_time_zone(None),
            temperature="temperature_2m_c",
            precipitation="precipitation_mm",
            snowfall="snowfall_cm",
        )
        .group_by("at")
        .agg(pl.all().mean())
        .sort("at")
        .with_columns(known_at=pl.col("at").dt.offset_by("1h"))
    )


def _events(paths: list[Path]) -> pl.DataFrame:
    types = {"league": pl.String, "date": pl.Date, "start_local": pl.String, "location_id": pl.Int32}
    games = pl.concat([read_parquet(path, types) for path in paths])
    starts = pl.col("date").dt.combine(pl.col("start_local").str.to_time("%I:%M %p", strict=False))
    return (
        games.with_columns(starts_at=starts, location="location_id")
        .unique(["league", "starts_at", "location"])
        .sort("starts_at", "location", "league")
        .with_columns(
            event_id=pl.format("{}-{}-{}", "league", pl.col("starts_at").dt.strftime("%Y%m%dT%H%M"), "location"),
            known_at=pl.col("starts_at").dt.offset_by(f"-{EVENT_NOTICE}"),
        )
    )


def _holidays(paths: list[Path]) -> pl.DataFrame:
    return pl.concat([read_parquet(path, {"date": pl.Date, "name": pl.String}) for path in paths]).unique("date")


def _zones(paths: list[Path]) -> pl.DataFrame:
    types = {
        "location_id": pl.Int32,
        "borough": pl.String,
        "zone": pl.String,
        "centroid_lon": pl.Float64,
        "centroid_lat": pl.Float64,
    }
    named = pl.concat([read_parquet(path, types) for path in paths])
    # A zone without a centroid has a name but no polygon: nobody can be picked up there.
    placed = named.drop_nulls(["centroid_lon", "centroid_lat"]).unique("location_id").sort("location_id")
    return placed.rename({"centroid_lon": "lon", "centroid_lat": "lat"})


def _adjacency(paths: list[Path]) -> pl.DataFrame:
    pairs = pl.concat([read_parquet(path, {"zone_a": pl.Int32, "zone_b": pl.Int32}) for path in paths])
    back = pairs.select(zone_a="zone_b", zone_b="zone_a")
    return pl.concat([pairs, back]).unique().sort("zone_a", "zone_b")


_FILES: tuple[tuple[str, str, Callable[[list[Path]], pl.DataFrame], str], ...] = (
    ("weather", "weather_hourly*.parquet", _weather, "weather features stay empty"),
    ("events", "events*.parquet", _events, "event features stay empty"),
    ("holidays", "holidays*.parquet", _holidays, "no day counts as a holiday"),
    ("zones", "zones.parquet", _zones, "the 260 zones of the taxi map are assumed, without places"),
    ("adjacency", "zone_adjacency.parquet", _adjacency, "zones have no neighbours"),
)
