"""Examples: one row per zone and slot, and its label, the orders that were made in it."""

from datetime import timedelta

import polars as pl

from afield.records.facts import Window

TRUTH = "truth"


def spine(zones: pl.LazyFrame, window: Window, slot: timedelta) -> pl.DataFrame:
    """Every zone at every slot that starts in the window, `zone` and `slot`, ordered by slot and zone."""
    starts = pl.datetime_range(window.start, window.end, slot, closed="left", time_unit="us", eager=True)
    places = zones.select(pl.col("location_id").cast(pl.Int32).alias("zone")).unique().sort("zone").collect()
    return pl.DataFrame({"slot": starts}).join(places, how="cross").select("zone", "slot")


def label(rows: pl.DataFrame, orders: pl.LazyFrame, slot: timedelta) -> pl.DataFrame:
    """The rows with `truth` (Int32): distinct orders made in the zone in `[slot, slot + length)`, zeros included."""
    window = (pl.col("at") >= rows["slot"].min()) & (pl.col("at") < pl.lit(rows["slot"].max()) + slot)
    made = orders.filter(window).select(
        "order_id", zone=pl.col("pickup_location").cast(pl.Int32), slot=pl.col("at").dt.truncate(slot)
    )
    counted = made.unique().group_by("zone", "slot").agg(pl.len().cast(pl.Int32).alias(TRUTH))
    joined = rows.lazy().join(counted, on=["zone", "slot"], how="left", maintain_order="left")
    return joined.with_columns(pl.col(TRUTH).fill_null(0)).collect()
