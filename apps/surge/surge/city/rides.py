"""Orders of the generated city as a table."""

from datetime import datetime

import numpy as np
import polars as pl

from surge.city.demand import DayOrders
from surge.city.layout import Layout
from surge.city.market import DECLINED, GAVE_UP, SERVED, Outcome

FATES = {-1: "asked", SERVED: "served", DECLINED: "declined", GAVE_UP: "gave_up"}


def rides(layout: Layout, orders: DayOrders, outcome: Outcome | None = None) -> pl.DataFrame:
    """The columns of `orders`, with `fate` (asked, served, declined, gave_up) and `wait` in minutes.

    Args:
        layout: the city.
        orders: who asked.
        outcome: what became of them; None: they have just asked.
    """
    midnight = datetime.combine(orders.day, datetime.min.time())
    size = orders.seconds.size
    frame = pl.DataFrame(
        {
            "seconds": orders.seconds,
            "number": orders.number,
            "pickup_location": layout.zones[orders.origin],
            "target_location": layout.zones[orders.target],
            "rider": orders.rider,
            "fate": np.full(size, -1) if outcome is None else outcome.fate,
            "wait": np.zeros(size) if outcome is None else np.round(outcome.wait, 2),
        }
    )
    asked = pl.lit(midnight) + pl.duration(seconds="seconds")
    arrival = asked + pl.duration(seconds=(pl.col("wait") * 60).round().cast(pl.Int64))
    return frame.select(
        order_id=pl.format("{}-{}", pl.lit(orders.day.strftime("%Y%m%d")), "number"),
        user_id=pl.format("rider-{}-{}", "pickup_location", "rider"),
        pickup_location="pickup_location",
        target_location="target_location",
        order_time=asked,
        pickup_time=pl.when(pl.col("fate") == SERVED).then(arrival),
        at=asked,
        known_at=asked,
        target_known_at=pl.lit(None, pl.Datetime("us")),
        fate=pl.col("fate").replace_strict(FATES, return_dtype=pl.String),
        wait="wait",
    )
