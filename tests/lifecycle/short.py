"""The demonstration on a village and cut to a few days; an application module for tests."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from afield.application import Application
from afield.records.facts import Window
from afield.replay import Scenario
from afield.workshop.plan import Build
from surge import demonstration as whole
from surge.application import surge
from tests.workshop.village import WEEK, plan

DAY = timedelta(days=1)


def short() -> Application:
    """Surge, built as a village and demonstrated in days."""
    return replace(surge(), build="tests.lifecycle.short:build", demonstration="tests.lifecycle.short:demonstration")


def build(options: Mapping[str, str]) -> Build:
    """The village's build; its few weeks are too short to bound what missing weather may cost."""
    made = plan(options)
    stresses = tuple(replace(each, most=None) for each in made.assessment.stresses)
    return replace(made, assessment=replace(made.assessment, stresses=stresses))


def demonstration(options: Mapping[str, str], data: Path | None) -> Scenario:
    """Four days: a bad candidate on the first, a broken model on the last."""
    whole.HISTORY, whole.REPLAYED, whole.CALM, whole.DENSITY = 9 * WEEK, 4 * DAY, DAY, 1.0
    scenario = whole.demonstration(options, data)
    start = scenario.window.start
    assert scenario.window == Window(start, start + 4 * DAY)
    # Four days of a village decide nothing small: the bad release is five times too high.
    return replace(scenario, bad_candidate=start + 6 * timedelta(hours=1), bad_factor=5.0, outage=start + 3 * DAY)
