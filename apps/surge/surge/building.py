"""How surge is built: one row per zone and slot, features known before it, and what a release must pass."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

import polars as pl

from afield.data.leakage import Apart
from afield.data.sources import Source
from afield.evaluation.gates import BeatsBaseline, BiasWithin, NoWorseThan
from afield.evaluation.slices import busiest, holding
from afield.records.facts import Window
from afield.statistics.counts import fit_dispersion
from afield.workshop.plan import Assessment, Build, Companion, Table
from surge.application import SLOTS
from surge.capacity import as_model, proxy
from surge.contracts import CONTRACTS
from surge.elsewhere import elsewhere
from surge.examples import label, spine
from surge.explaining import CAUSES
from surge.features import GROUPS, LOOKBACK, feature_set
from surge.operating import LEVEL
from surge.promises import BEHAVIOURS, FAIR, STRESSES, boroughs
from surge.recipes import COMPARED, FORECAST, LAGS, QUICK, REGRESSION
from surge.sources import open_source
from surge.tables import SCHEMAS, typed

History = Mapping[str, pl.LazyFrame]

TABLES = {
    "orders": Table(
        SCHEMAS["orders"], key=("order_id",), time="at", kind="order", identity="order_id", private=("user_id",)
    ),
    "weather": Table(SCHEMAS["weather"], key=("at",), time="at", kind="weather"),
    "events": Table(SCHEMAS["events"], key=("event_id",), time="starts_at", kind="event", identity="event_id"),
    "holidays": Table(SCHEMAS["holidays"], key=("date", "name")),
    "zones": Table(SCHEMAS["zones"], key=("location_id",)),
    "adjacency": Table(SCHEMAS["adjacency"], key=("zone_a", "zone_b")),
    "coverage": Table(SCHEMAS["coverage"], key=("start", "end")),
    "capacity": Table(SCHEMAS["capacity"], key=("zone", "hour_of_week")),
}
BASELINES = {"one_week_back": "one_week_back", "same_slot_four_weeks": "same_slot_four_weeks"}
WATCHED = ("mean_24h",)
BUSY = pl.col("mean_24h") > 1.0
"""Rows with enough orders to be told from one another: quiet zones at night are alike without being copies."""
GATES = (
    BeatsBaseline("one_week_back"),
    BeatsBaseline("same_slot_four_weeks"),
    BiasWithin(0.05),
)
GOLDEN_ZONES = (0.999, 0.9, 0.5)
GOLDEN_ORDERS = 400
DAY = timedelta(days=1)


def build(options: Mapping[str, str]) -> Build:
    """The build of surge, for one length of slot."""
    slot, quick = SLOTS[options["slot"]], options.get("effort") == "quick"
    return Build(
        part="forecast",
        target="orders per zone and slot",
        purpose="Forecasts how many riders will ask for a ride in each zone and slot, before a price is shown.",
        source=partial(_open, options=options),
        tables=TABLES,
        features=feature_set(slot),
        keys=lambda history, _tick: zones(history),
        spine=partial(slots_of, slot=slot),
        labels=partial(labelled, slot=slot),
        period=period,
        known=known,
        covering=lambda stretch: {"coverage": typed("coverage", pl.DataFrame([stretch_row(stretch)]))},
        key_type=pl.Int32(),
        sample=small_world,
        slot=slot,
        constants=lambda forecast, truth: {"dispersion": fit_dispersion(forecast, truth)},
        recipes=(QUICK if quick else FORECAST, REGRESSION),
        rival=LAGS,
        baselines=BASELINES,
        companions=companions,
        slices=named_zones,
        gates=(*GATES, NoWorseThan("lightgbm_on_lags", margin=0.1 if quick else 0.02)),
        validation=(4 if quick else 14) * DAY,
        test=(10 if quick else 28) * DAY,
        watched=WATCHED,
        contracts=CONTRACTS,
        limits=(
            "Served demand stands in for demand where only pickups are known (taxi files).",
            "No price claim is made on taxi files: they hold neither supply nor price.",
            "A day unlike any in the training window (a flood, a strike) is forecast like an ordinary one.",
        ),
        assessment=Assessment(
            top=10,
            compared=COMPARED,
            elsewhere=partial(elsewhere, options=options),
            groups=GROUPS,
            behaviours=BEHAVIOURS,
            stresses=tuple(replace(each, most=None) for each in STRESSES) if quick else STRESSES,
            attributes={"borough": boroughs},
            fair=FAIR,
            usual=("zone_id", "hour_of_day"),
            causes=CAUSES,
            slice_columns=("zone", "hour_of_day", "holiday", "precipitation", "event"),
            interval=("low", "high"),
            promised=LEVEL,
            apart=Apart(same=("zone", "slot"), numbers=feature_set(slot).names, told_apart=BUSY),
        ),
    )


def zones(history: History) -> pl.Series:
    """Zone ids, ascending."""
    return history["zones"].select(pl.col("location_id")).unique().sort("location_id").collect()["location_id"]


def period(history: History) -> tuple[datetime, datetime]:
    """From when to when the orders are complete, gaps included."""
    ends = history["coverage"].select(pl.col("start").min(), pl.col("end").max()).collect().row(0)
    return ends[0], ends[1]


def known(history: History, before: datetime) -> dict[str, pl.LazyFrame]:
    """The facts known before a moment; orders are complete up to it at most."""
    stretches = history["coverage"].filter(pl.col("start") < before)
    return {
        **{
            name: table.filter(pl.col("known_at") < before) if "known_at" in SCHEMAS[name] else table
            for name, table in history.items()
        },
        "coverage": stretches.with_columns(pl.col("end").clip(upper_bound=before)),
    }


def stretch_row(stretch: Window) -> dict[str, datetime]:
    """A row of `coverage`."""
    return {"start": stretch.start, "end": stretch.end}


def slots_of(history: History, window: Window, slot: timedelta) -> pl.DataFrame:
    """The spine: each zone in each slot of `window` whose orders are complete, ordered by slot and zone.

    Slots outside the stretches of `coverage` are left out: there an absent order is no zero.
    """
    parts = [
        spine(history["zones"], Window(max(start, window.start), min(end, window.end)), slot)
        for start, end in merged(history["coverage"].select("start", "end").sort("start").collect().rows())
        if max(start, window.start) < min(end, window.end)
    ]
    return pl.concat(parts) if parts else spine(history["zones"], Window(window.start, window.start), slot)


def labelled(rows: pl.DataFrame, history: History, slot: timedelta) -> pl.DataFrame:
    """The rows of the spine with `truth`, the distinct orders made in them."""
    return label(rows, history["orders"], slot)


def merged(stretches: Iterable[tuple[datetime, datetime]]) -> list[tuple[datetime, datetime]]:
    """Stretches in order of their start, those that touch or overlap made one."""
    whole: list[tuple[datetime, datetime]] = []
    for start, end in stretches:
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(end, whole[-1][1]))
        else:
            whole.append((start, end))
    return whole


def companions(training: pl.LazyFrame, history: History) -> dict[str, Companion]:
    """The zones' capacity: declared where the history declares it, else the proxy from the training window."""
    declared = history["capacity"].collect()
    table = declared if declared.height else proxy(training)
    recipe = "declared capacity" if declared.height else "proxy: 95th percentile of the hour of week, at least 3"
    return {"capacity": Companion(("zone_id", "hour_of_week"), ("capacity",), as_model(table), recipe)}


def named_zones(training: pl.LazyFrame) -> dict[str, tuple[int, ...]]:
    """`busy`: the zones that hold 95 % of the training orders; `top10`: the ten busiest."""
    counts = training.select(pl.col("zone").alias("key"), "truth").collect()
    return {"busy": tuple(map(int, holding(counts, 0.95))), "top10": tuple(map(int, busiest(counts, 10)))}


def small_world(history: History, tick: datetime) -> tuple[tuple[str, ...], dict[str, pl.LazyFrame]]:
    """A few zones from busy to quiet, with the facts about them alone, for golden rows."""
    recent = history["orders"].filter(pl.col("known_at") < tick, pl.col("at") >= tick - LOOKBACK).collect()
    counts = recent["pickup_location"].value_counts().sort("count", "pickup_location", descending=[True, False])
    ranked = counts["pickup_location"].to_list()
    chosen = sorted({ranked[min(int((1 - share) * len(ranked)), len(ranked) - 1)] for share in GOLDEN_ZONES})
    theirs = recent.filter(pl.col("pickup_location").is_in(chosen)).sort("at", "order_id")
    few = theirs.gather_every(max(1, theirs.height // GOLDEN_ORDERS))
    told = pl.col("known_at") < tick
    return tuple(map(str, chosen)), {
        "orders": few.with_columns(user_id=pl.lit(None, pl.String)).lazy(),
        "weather": history["weather"].filter(told, pl.col("at") >= tick - DAY),
        "events": history["events"].filter(
            told, pl.col("location").is_in(chosen), pl.col("starts_at").is_between(tick - DAY, tick + DAY)
        ),
        "holidays": history["holidays"].filter(pl.col("date").is_between(tick - 60 * DAY, tick + 60 * DAY)),
        "zones": history["zones"].filter(pl.col("location_id").is_in(chosen)),
        "adjacency": history["adjacency"].filter(pl.col("zone_a").is_in(chosen), pl.col("zone_b").is_in(chosen)),
    }


def _open(data: Path | None, options: Mapping[str, str]) -> Source:
    return open_source(data, options)
