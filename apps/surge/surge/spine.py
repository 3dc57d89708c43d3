"""The predictions to make, every zone in every slot, and what came true for each."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from afield.records.facts import Window


def spine(history: Mapping[str, pl.LazyFrame], window: Window, slot: timedelta) -> pl.DataFrame:
    """One row `(slot, zone)` for each known zone and each slot of `window` whose orders are complete.

    Slots outside the stretches of `history["coverage"]` are left out: there an absent order is no zero.
    """
    zones = history["zones"].select(pl.col("location_id").alias("zone")).unique().sort("zone")
    stretches = history["coverage"].select("start", "end").collect().rows()
    slots = [
        pl.datetime_range(_ceil(max(start, window.start), slot), min(end, window.end), slot, closed="left", eager=True)
        for start, end in sorted(stretches)
        if max(start, window.start) < min(end, window.end)
    ]
    every = pl.concat(slots) if slots else pl.Series(dtype=pl.Datetime("us"))
    return every.alias("slot").cast(pl.Datetime("us")).to_frame().lazy().join(zones, how="cross").collect()


def realised(rows: pl.DataFrame, history: Mapping[str, pl.LazyFrame], slot: timedelta) -> pl.DataFrame:
    """`rows` with the column `truth`: distinct orders of the zone in the slot, zeros included, Float64."""
    counts = (
        history["orders"]
        .group_by(pl.col("at").dt.truncate(slot).alias("slot"), pl.col("pickup_location").alias("zone"))
        .agg(pl.len().cast(pl.Float64).alias("truth"))
    )
    return (
        rows.lazy()
        .join(counts, on=["slot", "zone"], how="left", maintain_order="left")
        .with_columns(pl.col("truth").fill_null(0.0))
        .collect()
    )


def _ceil(moment: datetime, slot: timedelta) -> datetime:
    over = (moment - datetime.min) % slot
    return moment if not over else moment - over + slot
