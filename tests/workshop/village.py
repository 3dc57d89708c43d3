"""A village: surge with a short history and quick recipes, so that a build takes seconds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from afield.control.office import Office, open_office
from afield.evaluation.gates import BiasWithin
from afield.workshop.plan import Build
from surge.application import surge
from surge.building import build as build_surge
from surge.generated import GeneratedCity
from surge.recipes import LAGS, REGRESSION

START = datetime(2024, 1, 1)
WEEK = timedelta(days=7)
DAYS = 70
UNTIL = START + 9 * WEEK
CITY = GeneratedCity(density=1.0, start=START, days=DAYS, change=0, slot=timedelta(hours=1))


def plan(options: Mapping[str, str]) -> Build:
    """Surge's build, made small."""
    return replace(
        build_surge(options),
        source=lambda _: CITY,
        recipes=(replace(REGRESSION, thin=1.0),),
        rival=replace(LAGS, trees=20),
        gates=(BiasWithin(0.5),),
        validation=WEEK,
        test=WEEK,
    )


def office(root: Path, slot: str = "60m") -> Office:
    """Surge, opened under `root`, built as a village."""
    opened = open_office(surge(slot), root, lambda _: None)
    return replace(opened, plan=plan(opened.application.options))
