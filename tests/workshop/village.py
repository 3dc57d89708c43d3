"""A village: surge with a short history and quick recipes, so that a build takes seconds."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from afield.build import build
from afield.control.office import Office, open_office
from afield.evaluation.gates import BiasWithin
from afield.home import Home
from afield.workshop.plan import Build
from surge.application import surge
from surge.building import build as build_surge
from surge.generated import GeneratedCity
from surge.recipes import LAGS, REGRESSION

START = datetime(2024, 1, 1)
WEEK = timedelta(days=7)
UNTIL = START + 9 * WEEK
CITY = GeneratedCity(density=1.0, start=START, days=70, change=0, slot=timedelta(hours=1))


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


def office(root: Path, told: list[str] | None = None) -> Office:
    """Surge, opened under `root`, built as a village."""
    opened = open_office(surge(), root, (told if told is not None else []).append)
    return replace(opened, plan=plan(opened.application.options))


def settled(base: Path) -> Path:
    """A root whose office has one release live; made once under `base`."""
    root = base / "village"
    if not (root / "settled").exists():
        opened = office(root)
        opened.register(build(opened.plan, opened.bench(), None, UNTIL), promote=True)
        (root / "settled").touch()
    return root


def copied(base: Path, root: Path) -> Office:
    """An office of its own under `root`, as `settled` left it, without the steps of the build."""
    there, here = Home.of(settled(base), surge()), Home.of(root, surge())
    for folder, copy in (
        (there.folder, here.folder),
        (there.trusted, here.trusted),
        (there.key.parent, here.key.parent),
    ):
        shutil.copytree(folder, copy)
    return office(root)
