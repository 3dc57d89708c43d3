"""How complete outcomes are: the share known by age, how late they come, and how many never do."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from afield.errors import TelemetryError
from afield.records.evidence import Estimate, Interval
from afield.statistics.shares import share
from afield.statistics.weighted import weighted_mean

QUANTILES = (0.5, 0.9, 0.99)


@dataclass(frozen=True, slots=True)
class Age:
    """How much is known at an age.

    Attributes:
        age: since the tick.
        known: share of the recorded predictions that are old enough whose outcome was known by then; None where none
            is old enough. Its interval holds ticks together, whose outcomes come together.
    """

    age: timedelta
    known: Estimate | None


@dataclass(frozen=True, slots=True)
class Lateness:
    """How late outcomes come, of predictions whose window is over.

    Attributes:
        quantiles: share of the outcomes → they came within so long after their tick.
        late: how many came after the window.
        never: share of the predictions that have no outcome; None where no window is over.
    """

    quantiles: dict[float, timedelta]
    late: int
    never: Estimate | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """A proxy held against the truth that came later.

    Attributes:
        source: the proxy.
        count: predictions of which both are known.
        same: share on which they are equal, ticks held together.
        bias: mean of proxy less truth, ticks held together.
    """

    source: str
    count: int
    same: Estimate
    bias: Estimate


def curve(joined: pl.DataFrame, as_of: datetime, ages: Sequence[timedelta], level: float = 0.95) -> tuple[Age, ...]:
    """The share of predictions whose outcome is known, by age.

    At each age only predictions count that are that old: those that are younger cannot say yet, and to leave them in
    would make outcomes look later than they are.

    Args:
        joined: one row per prediction, with `tick` and `known_at` (null where nothing is known).
        as_of: what became known later does not count.
        ages: at which to look.
        level: of the intervals, each by itself.
    """
    found = []
    for age in ages:
        old = joined.filter(pl.col("tick") + age <= as_of)
        known = old["known_at"].is_not_null() & (old["known_at"] <= old["tick"] + age)
        estimate = share(known.to_numpy(), old["tick"].to_numpy(), level) if old.height else None
        found.append(Age(age, estimate))
    return tuple(found)


def lateness(joined: pl.DataFrame, as_of: datetime, window: timedelta, level: float = 0.95) -> Lateness:
    """How late the outcomes of predictions come whose window is over as of a moment, and how many never come."""
    over = joined.filter(pl.col("tick") + window <= as_of)
    known = over.filter(pl.col("known_at") <= as_of)
    after = (known["known_at"] - known["tick"]).sort()
    quantiles = {
        each: after[min(after.len() - 1, math.ceil(each * after.len()) - 1)] for each in QUANTILES if after.len()
    }
    absent = (over["known_at"].is_null() | (over["known_at"] > as_of)).to_numpy()
    never = share(absent, over["tick"].to_numpy(), level) if over.height else None
    return Lateness(quantiles, int((after > window).sum()), never)


def accuracy(losses: pl.DataFrame, level: float = 0.95) -> Estimate:
    """The mean loss of the predictions whose outcome is known, ticks held together.

    Args:
        losses: `tick`, `loss` and `inclusion` of each of them.
        level: of the interval (normal, from the spread between ticks).

    Raises:
        TelemetryError: there are none.
    """
    if not losses.height:
        raise TelemetryError("no outcome is known, so there is no accuracy; wait, or look at a later moment")
    weight = 1.0 / pl.col("inclusion")
    ticks = losses.group_by("tick").agg(total=(pl.col("loss") * weight).sum(), weight=weight.sum()).sort("tick")
    everything = float(ticks["weight"].sum())
    mean = float(ticks["total"].sum()) / everything
    # Each tick is one observation of a ratio: its weighted loss over its weight (linearised, as in `weighted_mean`).
    scaled = ticks["weight"] * (ticks.height / everything)
    spread = weighted_mean((mean + (ticks["total"] / ticks["weight"] - mean) * scaled).to_numpy(), level=level)
    half = (spread.interval.high - spread.interval.low) / 2
    return Estimate(mean, Interval(mean - half, mean + half, level), losses.height, everything)


def agreement(proxy: pl.DataFrame, truth: pl.DataFrame, source: str, level: float = 0.95) -> Agreement | None:
    """How far a proxy agrees with the truth; None where both are known of nothing.

    Args:
        proxy: outcomes of the proxy, with `key`, `event_time` and `value`, each pair once.
        truth: those that came true, alike.
        source: the proxy's name.
        level: of the intervals.
    """
    both = proxy.join(truth, on=["key", "event_time"], suffix="_true", maintain_order="left")
    if not both.height:
        return None
    ticks = both["event_time"].to_numpy()
    apart = both["value"] - both["value_true"]
    bias = accuracy(pl.DataFrame({"tick": both["event_time"], "loss": apart, "inclusion": [1.0] * both.height}), level)
    return Agreement(source, both.height, share((apart == 0).to_numpy(), ticks, level), bias)
