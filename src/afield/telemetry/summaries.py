"""Summaries: the table of sketches, delivered with the events, and what all traffic was by release, arm and hour."""

from collections.abc import Iterable
from datetime import datetime

import polars as pl

from afield.records.facts import Window
from afield.store.tables import Tables
from afield.telemetry.sketched import Sketched
from afield.telemetry.sketches import merged_distinct, merged_quantiles

SKETCHES = "sketches"
RANKS = {"p01": 0.01, "p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95, "p99": 0.99}
"""Quantiles that a summary gives, by column."""
_KEY = ("release", "arm", "hour", "output")
# Bounds of a count of distinct values at two standard errors.
_ERRORS = 2

SCHEMA = pl.Schema(
    {
        "release": pl.String(),
        "arm": pl.String(),
        "hour": pl.Datetime("us"),
        "output": pl.String(),
        "events": pl.Int64(),
        "missing": pl.Int64(),
        "quantiles": pl.Binary(),
        "distinct": pl.Binary(),
    }
)
"""The columns of the table: a row per output, and one whose output is "" of the events themselves and their units."""


def sketch_rows(records: Iterable[Sketched]) -> pl.DataFrame:
    """The sketches as rows of `SCHEMA`."""
    rows: list[tuple[object, ...]] = []
    for record in records:
        for one in record.sketches:
            key = (one.release, one.arm, one.hour)
            rows.append((*key, "", one.events, 0, None, one.units))
            rows += [
                (*key, name, spread.values, spread.missing, spread.quantiles, spread.distinct)
                for name, spread in one.outputs.items()
            ]
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def summaries(tables: Tables, window: Window | None = None) -> pl.DataFrame:
    """What all traffic was, also what was sampled out or dropped: a row per release, arm, hour and output.

    The row whose output is "" counts events, and its `distinct` are units; the others count numbers answered. A
    process that was killed takes the sketches of up to its last minute with it: `events` says how many are covered.

    Args:
        tables: of the application.
        window: of the hours wanted, by when they begin; None for all.

    Returns:
        release, arm, hour, output, events, missing, distinct with `distinct_low` and `distinct_high` (two standard
        errors), and low, `RANKS` and high of the values, null where there is none; in the order of the hours.

    Raises:
        StoreError: the table cannot be read.
    """
    numbers = ("distinct", "distinct_low", "distinct_high", "low", *RANKS, "high")
    counts: dict[str, pl.DataType] = {name: SCHEMA[name] for name in (*_KEY, "events", "missing")}
    schema = pl.Schema({**counts, **dict.fromkeys(numbers, pl.Float64())})
    if not tables.exists(SKETCHES):
        return pl.DataFrame(schema=schema)
    held = tables.scan(SKETCHES)
    if window is not None:
        held = held.filter(pl.col("hour").is_between(window.start, window.end, closed="left"))
    groups = held.collect().partition_by(_KEY, as_dict=True)
    return pl.DataFrame([_summary(key, rows) for key, rows in groups.items()], schema=schema, orient="row").sort(
        "hour", "release", "arm", "output"
    )


def merge(tables: Tables, before: datetime) -> int:
    """Merge the sketches of hours that began before a moment: one row a release, arm, hour and output; rows saved.

    Each process brings a row for each of the minutes in which it hands over; merged, an hour takes the same whatever
    the number of processes. What is told of it stays within the sketches' errors.

    Raises:
        ConflictError: others committed meanwhile, ten times in a row.
        StoreError: the table cannot be read or written; it is as it was.
    """
    if not tables.exists(SKETCHES):
        return 0
    there, left = tables.rewrite(SKETCHES, "hour", before, _merged)
    return there - left


def _merged(rows: pl.DataFrame) -> pl.DataFrame:
    made = []
    for key, part in rows.partition_by(_KEY, as_dict=True, maintain_order=True).items():
        parts = part["quantiles"].drop_nulls()
        quantiles = merged_quantiles(parts).serialize() if parts.len() else None
        distinct = merged_distinct(part["distinct"].drop_nulls()).serialize()
        made.append((*key, part["events"].sum(), part["missing"].sum(), quantiles, distinct))
    return pl.DataFrame(made, schema=SCHEMA, orient="row")


def _summary(key: tuple[object, ...], rows: pl.DataFrame) -> tuple[object, ...]:
    """One row of `summaries`, of everything held under one key."""
    counts = merged_distinct(rows["distinct"].drop_nulls())
    distinct = (counts.get_estimate(), counts.get_lower_bound(_ERRORS), counts.get_upper_bound(_ERRORS))
    values = merged_quantiles(rows["quantiles"].drop_nulls())
    spread: tuple[float | None, ...] = (None,) * (len(RANKS) + 2)
    if not values.is_empty():
        ranks = values.get_quantiles(list(RANKS.values()))
        spread = (values.get_min_value(), *ranks, values.get_max_value())
    return (*key, rows["events"].sum(), rows["missing"].sum(), *distinct, *spread)
