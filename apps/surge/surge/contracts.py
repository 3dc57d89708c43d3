"""What the tables of surge promise to features, training and evaluation."""

from datetime import timedelta

import dataframely as dy
import polars as pl

from afield.data.contract import Contract, Reference


class Order(dy.Schema):
    """Somebody asked for a ride, or was picked up where only that is recorded."""

    order_id = dy.String(primary_key=True)
    user_id = dy.String(nullable=True)
    pickup_location = dy.Int32()
    target_location = dy.Int32(nullable=True)
    order_time = dy.Datetime(nullable=True)
    pickup_time = dy.Datetime(nullable=True)
    at = dy.Datetime()
    known_at = dy.Datetime()
    target_known_at = dy.Datetime(nullable=True)

    @dy.rule()
    def picked_up_after_the_order(cls) -> pl.Expr:
        """Where both times are known, the order comes first."""
        return pl.col("pickup_time") >= pl.col("order_time")

    @dy.rule()
    def known_once_it_happened(cls) -> pl.Expr:
        """Nobody knows of an order before it is made."""
        return pl.col("known_at") >= pl.col("at")


class Hour(dy.Schema):
    """The weather of an hour."""

    at = dy.Datetime(primary_key=True)
    known_at = dy.Datetime()
    temperature = dy.Float64(nullable=True, min=-60.0, max=60.0, metadata={"unit": "°C"})
    precipitation = dy.Float64(nullable=True, min=0.0, max=500.0, metadata={"unit": "mm/h"})
    snowfall = dy.Float64(nullable=True, min=0.0, max=200.0, metadata={"unit": "cm/h"})


class Event(dy.Schema):
    """Something that brings people together."""

    event_id = dy.String(primary_key=True)
    starts_at = dy.Datetime()
    location = dy.Int32()
    known_at = dy.Datetime()
    league = dy.String()


class Holiday(dy.Schema):
    """A day off."""

    date = dy.Date(primary_key=True)
    name = dy.String()


class Zone(dy.Schema):
    """A place on the map."""

    location_id = dy.Int32(primary_key=True)
    borough = dy.String()
    zone = dy.String()
    lon = dy.Float64(nullable=True, min=-180.0, max=180.0, metadata={"unit": "°"})
    lat = dy.Float64(nullable=True, min=-90.0, max=90.0, metadata={"unit": "°"})


class Neighbours(dy.Schema):
    """Two zones that touch."""

    zone_a = dy.Int32(primary_key=True)
    zone_b = dy.Int32(primary_key=True)


class Stretch(dy.Schema):
    """A stretch of time for which the orders are complete."""

    start = dy.Datetime()
    end = dy.Datetime()

    @dy.rule()
    def ends_after_it_starts(cls) -> pl.Expr:
        """A stretch has a length."""
        return pl.col("end") > pl.col("start")


class Capacity(dy.Schema):
    """Orders per slot that the drivers of a zone can serve."""

    zone = dy.Int32(primary_key=True)
    hour_of_week = dy.Int32(primary_key=True, min=0, max=167, metadata={"unit": "h"})
    capacity = dy.Float64(min=0.0, metadata={"unit": "orders/slot"})


def _in_zones(*columns: str) -> tuple[Reference, ...]:
    return tuple(Reference(column, "zones", "location_id") for column in columns)


CONTRACTS = (
    Contract(
        "orders",
        Order,
        owner="dispatch",
        references=_in_zones("pickup_location"),
        time="known_at",
        monotone=True,
        fresh_within=timedelta(minutes=15),
        filled=True,
    ),
    Contract("weather", Hour, owner="weather service", time="known_at", fresh_within=timedelta(hours=2)),
    Contract("events", Event, owner="city calendar", time="known_at", fresh_within=timedelta(days=7)),
    Contract("holidays", Holiday, owner="city calendar"),
    Contract("zones", Zone, owner="map", filled=True),
    Contract("adjacency", Neighbours, owner="map", references=_in_zones("zone_a", "zone_b")),
    Contract("coverage", Stretch, owner="dispatch"),
    Contract("capacity", Capacity, owner="dispatch"),
)
"""One for each table that is read; a context table may be empty, the orders and the map may not."""
