"""A small town: surge with a short history and one quick recipe, so that a build takes seconds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path

import polars as pl

from afield.application import Application, Goal, Operate
from afield.data.sources import Source
from afield.evaluation.gates import BiasWithin
from afield.workshop.plan import Build
from surge.application import surge
from surge.building import build as build_surge
from surge.generated import GeneratedCity
from surge.operating import operate
from surge.recipes import LAGS, REGRESSION
from surge.sources import open_source

APP = "tests.commands.town:town"
START = datetime(2024, 1, 1)
WEEK = timedelta(days=7)
CITY = GeneratedCity(density=1.0, start=START, days=63, change=0, slot=timedelta(hours=1))


def town(slot: str = "60m") -> Application:
    """The application."""
    return replace(surge(slot), name="town", build="tests.commands.town:build", operate="tests.commands.town:at_once")


def drilled(slot: str = "60m") -> Application:
    """The application, where nothing goes live that drills do not speak for."""
    return replace(town(slot), operate=surge(slot).operate)


def secluded(slot: str = "60m") -> Application:
    """The application, with nothing published."""
    return replace(town(slot), fetch="")


def faulty(slot: str = "60m") -> Application:
    """The application with a feature that peeks, a goal that nothing measures and a drill that does not exist."""
    application = town(slot)
    wanted = application.requirements
    first, *others = wanted.hazards
    requirements = replace(
        wanted,
        goal=Goal("riders come back", children=(wanted.goal, Goal("everybody is happy", measure="joy"))),
        hazards=(replace(first, drill="earthquake"), *others),
    )
    return replace(application, requirements=requirements, build="tests.commands.town:build_peeking")


def at_once(options: Mapping[str, str]) -> Operate:
    """As surge operates, where what is built goes live though no drill was run."""
    whole = operate(options)
    return replace(whole, rollout=replace(whole.rollout, drilled=False))


def build_peeking(options: Mapping[str, str]) -> Build:
    """The small build, with one feature that counts the orders of the slot itself."""
    plan = build(options)
    honest = plan.features

    def peek(spine: pl.LazyFrame, history: Mapping[str, pl.LazyFrame]) -> pl.LazyFrame:
        counted = plan.labels(spine.collect(), history)["truth"]
        return honest.compute(spine, history).with_columns(counted.cast(pl.Float64).alias("mean_24h"))

    return replace(plan, features=replace(honest, compute=peek))


def build(options: Mapping[str, str]) -> Build:
    """Surge's build, made small."""
    return replace(
        build_surge(options),
        source=source,
        recipes=(replace(REGRESSION, thin=1.0),),
        rival=replace(LAGS, trees=20),
        gates=(BiasWithin(0.5),),
        validation=WEEK,
        test=WEEK,
    )


def source(data: Path | None) -> Source:
    """A file of orders, or the generated town."""
    return CITY if data is None else open_source(data, {"slot": "60m"})


@lru_cache
def orders() -> pl.DataFrame:
    """All orders of the town, as a person would give them."""
    names = {
        "user_id": "UserId",
        "pickup_location": "PickupLocation",
        "target_location": "TargetLocation",
        "order_time": "OrderTime",
        "pickup_time": "PickupTime",
    }
    table = CITY.read().tables["orders"]
    return table.select("at", *(pl.col(old).alias(new) for old, new in names.items())).collect()


def write_orders(file: Path, start: datetime, end: datetime) -> None:
    """Write the orders in `[start, end)` to a CSV file."""
    orders().filter(pl.col("at").is_between(start, end, closed="left")).drop("at").write_csv(file)
