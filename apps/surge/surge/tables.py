"""The tables of surge's history: their schemas, and an empty one for a context file that is missing."""

import polars as pl
from polars.datatypes import DataType, DataTypeClass

MOMENT: DataType = pl.Datetime("us")
LATE = "target_known_at"


def _schema(**columns: DataType | DataTypeClass) -> pl.Schema:
    return pl.Schema(columns)


SCHEMAS: dict[str, pl.Schema] = {
    "orders": _schema(
        order_id=pl.String,
        user_id=pl.String,
        pickup_location=pl.Int32,
        target_location=pl.Int32,
        order_time=MOMENT,
        pickup_time=MOMENT,
        at=MOMENT,
        known_at=MOMENT,
        target_known_at=MOMENT,
    ),
    "weather": _schema(
        at=MOMENT,
        known_at=MOMENT,
        temperature=pl.Float64,
        precipitation=pl.Float64,
        snowfall=pl.Float64,
    ),
    "events": _schema(event_id=pl.String, starts_at=MOMENT, location=pl.Int32, known_at=MOMENT, league=pl.String),
    "holidays": _schema(date=pl.Date, name=pl.String),
    "zones": _schema(location_id=pl.Int32, borough=pl.String, zone=pl.String, lon=pl.Float64, lat=pl.Float64),
    "adjacency": _schema(zone_a=pl.Int32, zone_b=pl.Int32),
    "coverage": _schema(start=MOMENT, end=MOMENT),
    "capacity": _schema(zone=pl.Int32, hour_of_week=pl.Int32, capacity=pl.Float64),
}
"""Naive local times; temperature in Celsius, precipitation in mm/h, snowfall in cm/h.

`orders.at` is the order time, or the pickup time where only that is known. `coverage` lists the half-open
stretches for which the orders are complete: outside them an absent order is not a zero. `capacity` is
orders per slot that the drivers of a zone can serve; hour of week 0 is Monday 00:00. Only the generated
city declares it. `orders.target_known_at` is when the target became known where that was later than the order: a
street hail's is known when the ride has ended; null: with the order.
"""


def empty(table: str) -> pl.LazyFrame:
    """The table without rows, in its schema."""
    return pl.LazyFrame(schema=SCHEMAS[table])


def typed(table: str, frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with exactly the table's columns, in its types and order."""
    given = frame.with_columns(target_known_at=None) if table == "orders" and LATE not in frame.columns else frame
    return given.select(pl.col(name).cast(kind) for name, kind in SCHEMAS[table].items())
