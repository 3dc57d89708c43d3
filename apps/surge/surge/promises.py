"""What surge promises of its forecasts: behaviour, what hard inputs may cost, and that boroughs are treated alike."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import polars as pl

from afield.evaluation.behaviour import Direction, Invariance, MinimumFunctionality
from afield.evaluation.fairness import FairWithin, GroupMetric
from afield.evaluation.robustness import missing, noisy, stale
from surge.features import GROUPS

History = Mapping[str, pl.LazyFrame]
Rows = pl.DataFrame

HOUR = timedelta(hours=1)
SILENT = 1e-9


def shuffled(spine: Rows, history: History) -> tuple[Rows, History]:
    """The zones asked about in another order, and the orders told in another order."""
    orders = history["orders"].reverse()
    return spine.sort("zone", descending=True), {**history, "orders": orders}


def twice_as_many(spine: Rows, history: History) -> tuple[Rows, History]:
    """Every order of the last hour is made twice."""
    start = _tick(spine)
    recent = history["orders"].filter(pl.col("at") >= start - HOUR, pl.col("known_at") < start)
    again = recent.with_columns(order_id=pl.col("order_id") + "/again")
    return spine, {**history, "orders": pl.concat([history["orders"], again])}


def none_at_all(spine: Rows, history: History) -> tuple[Rows, History]:
    """Nobody ordered in the last three hours."""
    start = _tick(spine)
    return spine, {**history, "orders": history["orders"].filter(pl.col("at") < start - 3 * HOUR)}


def _tick(spine: Rows) -> datetime:
    """The tick that is asked about."""
    return datetime.fromisoformat(str(spine["slot"].min()))


def boroughs(history: History) -> Rows:
    """Zone → its borough; of taxi files without names nobody knows it."""
    zones = history["zones"].select(pl.col("location_id").alias("key"), pl.col("borough").alias("group"))
    return zones.unique("key").filter(pl.col("group") != "").collect()


BEHAVIOURS = (
    Invariance(
        name="order of zones",
        says="in which order zones are asked about, or orders were told, does not matter",
        facts=shuffled,
        tolerance=1e-6,
        least=1.0,
    ),
    Direction(
        name="more orders",
        says="in a zone that has orders, twice as many of them in the last hour never mean fewer to come",
        facts=twice_as_many,
        where=pl.col("mean_1h") >= 1,
        tolerance=0.01,
    ),
    Direction(
        name="no orders",
        says="in a zone that has orders, none at all in the last three hours never mean more to come",
        facts=none_at_all,
        where=pl.col("mean_3h") >= 1,
        up=False,
        tolerance=0.01,
    ),
    Direction(
        name="more people on their way",
        says="half as many riders more on their way to a zone never mean fewer orders there",
        change=lambda rows: rows.with_columns(pl.col("heading_1h") * 1.5, pl.col("heading_3h") * 1.5),
        where=pl.col("heading_1h") >= 1,
        tolerance=0.01,
    ),
    MinimumFunctionality(
        name="silent zones",
        says="a zone without an order in four weeks gets next to none",
        where=pl.col("mean_28d") < SILENT,
        low=0.0,
        high=0.1,
    ),
    MinimumFunctionality(name="a count", says="a forecast is never negative", low=0.0, least=1.0),
)
"""Tried on rows of the test window; those with `least` are gates."""

STRESSES = (
    missing("weather as known", GROUPS["weather as known"], most=0.05),
    noisy("recent counts", GROUPS["recent counts"]),
    stale(HOUR),
    stale(3 * HOUR),
)

SHORT, CALLED = pl.col("truth") >= pl.col("capacity"), pl.col("forecast") >= pl.col("capacity")
RIDERS = pl.col("truth")
FAIR = (
    FairWithin(
        attribute="borough",
        metric=GroupMetric(
            name="wrongly surged",
            says="of the riders who met no shortage, the share in a zone and slot that was called a surge",
            amount=RIDERS * (~SHORT & CALLED),
            of=RIDERS * ~SHORT,
        ),
    ),
    FairWithin(
        attribute="borough",
        metric=GroupMetric(
            name="missed surges",
            says="of the riders who met a shortage, the share in a zone and slot that was not called a surge",
            amount=RIDERS * (SHORT & ~CALLED),
            of=RIDERS * SHORT,
        ),
    ),
    FairWithin(
        attribute="borough",
        metric=GroupMetric(
            name="bias",
            says="how far all forecasts together lie above the orders (below zero: under them)",
            amount=pl.col("forecast") - RIDERS,
            of=RIDERS,
        ),
    ),
)
"""Told and not judged: quiet boroughs are harder to foresee, and how unlike they are depends on the city."""
