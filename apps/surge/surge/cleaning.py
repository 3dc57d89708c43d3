"""Which order rows are not believed, and why; each rule is a decision that a product owner can read.

Kept on purpose: a negative fare without its original (the ride took place, only the money is odd), a ride of
zero seconds or zero miles (somebody got in: it is demand), and two rides that share times and zones but not
the fare (records rounded to the minute coincide). An unknown destination becomes null: the order stays.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

import polars as pl

from afield.data.clean import Rule

FAR = timedelta(days=2 * 366)

RIDE = ("pickup_time", "dropoff_time", "pickup_location", "target_location")


def rules(known_zones: Sequence[int] | None) -> tuple[Rule, ...]:
    """The rules in order of precedence, over the columns of `raw orders`.

    A raw order has order_time, pickup_time, dropoff_time, at (all Datetime), pickup_location,
    target_location (Int32), period_start, period_end (Datetime or null: not known) and
    reversal (Boolean).

    Args:
        known_zones: zones that exist; None where the source does not know them.
    """
    zone = pl.col("pickup_location")
    unknown = zone.is_null() if known_zones is None else zone.is_null() | ~zone.is_in(list(known_zones))
    at = pl.col("at")
    return (
        Rule("no_time", "pickup_time", "it cannot be read when this order was made", at.is_null()),
        Rule(
            "outside_period",
            "pickup_time",
            "the time lies outside the period of the file: a clock was wrong, or another file holds the ride",
            (at < pl.col("period_start"))
            | (at >= pl.col("period_end"))
            | (pl.col("period_start").is_null() & far_from_the_others(at)),
        ),
        Rule("unknown_zone", "pickup_location", "the pickup zone is not a place on the map", unknown),
        Rule(
            "dropoff_before_pickup",
            "dropoff_time",
            "the ride ends before it begins, so its times cannot be trusted",
            pl.col("dropoff_time") < pl.col("pickup_time"),
        ),
        Rule(
            "pickup_before_order",
            "order_time",
            "the rider was picked up before asking, so the waiting time cannot be trusted",
            pl.col("pickup_time") < pl.col("order_time"),
        ),
        Rule(
            "reversed_fare",
            "fare",
            "takes back the fare of another row of the same ride, which would count twice",
            pl.col("reversal"),
        ),
    )


def far_from_the_others(at: pl.Expr) -> pl.Expr:
    """Whether a time lies more than two years from the median; one wrong year would stretch the whole grid."""
    return (at - at.median()).abs() > FAR


def mark_reversals(frame: pl.DataFrame) -> pl.DataFrame:
    """`frame` with a Boolean column `reversal`: a negative fare whose positive twin is the same ride.

    Twins share pickup time, drop-off time, both zones and the size of the fare. Needs columns `RIDE`,
    `fare`, `source` and `row`.
    """
    fares = frame.select(*RIDE, "source", "row", size=pl.col("fare").abs(), negative=pl.col("fare") < 0)
    reversals = (
        fares.filter(pl.col("negative"))
        .join(fares.filter(~pl.col("negative")), on=[*RIDE, "size"], how="semi", nulls_equal=True)
        .select("source", "row", reversal=pl.lit(value=True))
    )
    return frame.join(reversals, on=["source", "row"], how="left", maintain_order="left").with_columns(
        pl.col("reversal").fill_null(value=False)
    )


def forget_unknown_targets(frame: pl.DataFrame, known_zones: Iterable[int] | None) -> pl.DataFrame:
    """`frame` with destinations that are not on the map set to null."""
    if known_zones is None:
        return frame
    target = pl.col("target_location")
    return frame.with_columns(pl.when(target.is_in(list(known_zones))).then(target))
