"""Surge's examples: a row per zone and slot, labelled with distinct orders."""

from datetime import datetime, timedelta

import polars as pl

from afield.records.facts import Window
from surge.examples import label, spine

NOON = datetime(2024, 3, 6, 12)
SLOT = timedelta(minutes=15)


def test_there_is_a_row_for_every_zone_and_slot_of_the_window() -> None:
    rows = spine(pl.LazyFrame({"location_id": [3, 1]}), Window(NOON, NOON + 3 * SLOT), SLOT)
    assert rows.rows() == [(zone, NOON + step * SLOT) for step in range(3) for zone in (1, 3)]


def test_the_label_counts_distinct_orders_and_zeros() -> None:
    orders = pl.LazyFrame(
        {
            "order_id": ["a", "b", "b", "c", "d"],
            "pickup_location": [1, 1, 1, 1, 3],
            "at": [NOON, NOON + SLOT / 2, NOON + SLOT / 2, NOON + SLOT, NOON - SLOT / 2],
        },
        schema_overrides={"pickup_location": pl.Int32, "at": pl.Datetime("us")},
    )
    rows = spine(pl.LazyFrame({"location_id": [1, 3]}), Window(NOON, NOON + 2 * SLOT), SLOT)
    assert label(rows, orders, SLOT)["truth"].to_list() == [2, 0, 1, 0]
