"""Ten stages over tables of about ten megabytes: what the builds that are compared all do; it knows none of them."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

ROWS = 450_000

Frame = pl.DataFrame
Stage = Callable[..., Frame]


def source(path: Path) -> None:
    """Write the table that all begin with: 450,000 made-up rides, about ten megabytes."""
    random = np.random.default_rng(5)
    start = np.datetime64("2024-01-01", "us")
    minutes = np.sort(random.integers(0, 90 * 1440, ROWS)).astype("timedelta64[m]")
    rides = {
        "at": start + minutes,
        "zone": random.integers(1, 261, ROWS),
        "target": random.integers(1, 261, ROWS),
        "fare": random.gamma(3.0, 5.0, ROWS),
        "miles": random.gamma(2.0, 1.5, ROWS),
    }
    pl.DataFrame(rides).write_parquet(path)


def clean(rides: Frame) -> Frame:
    """Rides that can be."""
    return rides.filter(pl.col("fare").is_between(1, 200), pl.col("miles") > 0.05)


def timed(rides: Frame) -> Frame:
    """With hour and weekday."""
    return rides.with_columns(hour=pl.col("at").dt.hour(), weekday=pl.col("at").dt.weekday())


def priced(rides: Frame) -> Frame:
    """With the price of a mile."""
    return rides.with_columns(rate=pl.col("fare") / pl.col("miles"))


def curves(rides: Frame) -> Frame:
    """What is usual in a zone and hour."""
    return rides.group_by("zone", "hour").agg(usual=pl.col("fare").mean(), count=pl.len()).sort("zone", "hour")


def compared(rides: Frame, usual: Frame) -> Frame:
    """With what is usual."""
    return rides.join(usual, on=["zone", "hour"], how="left").with_columns(ratio=pl.col("fare") / pl.col("usual"))


def rolled(rides: Frame) -> Frame:
    """With what the zone did last."""
    return rides.with_columns(last=pl.col("fare").shift(1).over("zone"), mean=pl.col("fare").cum_sum().over("zone"))


def scaled(rides: Frame) -> Frame:
    """Numbers about zero."""
    columns = ("fare", "miles", "rate")
    return rides.with_columns(((pl.col(name) - pl.col(name).mean()) / pl.col(name).std()) for name in columns)


def early(rides: Frame) -> Frame:
    """The first four fifths."""
    return rides.head(rides.height * 4 // 5)


def late(rides: Frame) -> Frame:
    """The last fifth."""
    return rides.tail(rides.height - rides.height * 4 // 5)


def judged(train: Frame, test: Frame) -> Frame:
    """The error of the mean of a zone."""
    means = train.group_by("zone").agg(forecast=pl.col("ratio").mean())
    return test.join(means, on="zone", how="left").with_columns(error=pl.col("ratio") - pl.col("forecast"))


STAGES: dict[str, tuple[Stage, tuple[str, ...]]] = {
    "clean": (clean, ("source",)),
    "timed": (timed, ("clean",)),
    "priced": (priced, ("timed",)),
    "curves": (curves, ("priced",)),
    "compared": (compared, ("priced", "curves")),
    "rolled": (rolled, ("compared",)),
    "scaled": (scaled, ("rolled",)),
    "early": (early, ("scaled",)),
    "late": (late, ("scaled",)),
    "judged": (judged, ("early", "late")),
}
"""Name → function and the names of the tables that it reads, in an order in which they can be made."""
