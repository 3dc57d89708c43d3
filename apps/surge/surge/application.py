"""Surge as a value: what it is for, what may go wrong, and where its two halves are."""

import tomllib
from datetime import timedelta
from importlib.resources import files

from afield.application import Application, Goal, Hazard, Requirements
from afield.errors import UsageError
from surge.considerations import considerations
from surge.words import PRICED, WORDS

SLOTS = {"15m": timedelta(minutes=15), "60m": timedelta(minutes=60)}

GOAL = Goal(
    "riders get a car when they ask for one, and come back",
    children=(
        Goal(
            "cars are where the orders will be",
            children=(
                Goal("the forecast of orders is close", measure="poisson_deviance"),
                Goal("the forecast is not systematically high or low", measure="bias"),
                Goal("the hottest zones are known before they are hot", measure="hot_keys"),
            ),
        ),
        Goal(
            "riders trust the price",
            children=(
                Goal("nobody pays a surge where there was no shortage", measure="wrongly_surged"),
                Goal("a shortage is priced, so that drivers come", measure="missed_surges"),
            ),
        ),
    ),
)

EFFORTS = ("full", "quick")


def surge(slot: str = "60m", effort: str = "full") -> Application:
    """The surge application.

    Args:
        slot: length of a slot and of a tick, `15m` or `60m`.
        effort: `full`, or `quick` for a retraining that somebody waits for.

    Raises:
        UsageError: an option has none of its values.
    """
    if effort not in EFFORTS:
        raise UsageError(f"surge: effort {effort!r} is not known; use one of {', '.join(EFFORTS)}")
    if slot not in SLOTS:
        raise UsageError(f"surge: slot {slot!r} is not known; use one of {', '.join(SLOTS)}")
    return Application(
        name="surge",
        requirements=Requirements(
            question="A model: typical curves alone leave a third of the error that recent orders explain.",
            goal=GOAL,
            hazards=hazards(),
            considerations=considerations(SLOTS[slot]),
        ),
        build="surge.building:build",
        operate="surge.operating:operate",
        fetch="surge.fetch:fetch",
        options={"slot": slot} | ({"effort": effort} if effort != EFFORTS[0] else {}),
        traffic="surge.demonstration:recorded",
        surroundings="surge.demonstration:surroundings",
        demonstration="surge.demonstration:demonstration",
        demonstration_options={"effort": "quick"},
        passing=("effort",),
        zone="America/New_York",
        words=WORDS,
        felt=tuple(each.name for each in PRICED),
    )


def hazards() -> tuple[Hazard, ...]:
    """The hazard register, read from `hazards.toml` beside this module."""
    rows = tomllib.loads(files("surge").joinpath("hazards.toml").read_text("utf-8"))["hazard"]
    return tuple(Hazard(**{**row, "mitigations": tuple(row["mitigations"])}) for row in rows)
