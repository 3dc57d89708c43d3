"""Surge as a value: options, goals and hazards."""

import pytest

from afield.application import Operate, load
from afield.drills.catalogue import DRILLS
from afield.errors import UsageError
from afield.workshop.plan import Build
from surge.application import GOAL, hazards, surge


@pytest.mark.parametrize("slot", ["15m", "60m"])
@pytest.mark.parametrize("effort", ["full", "quick"])
def test_both_halves_load_for_every_option(slot: str, effort: str) -> None:
    application = load("surge", {"slot": slot, "effort": effort})
    plan, operate = application.part(application.build, Build), application.part(application.operate, Operate)
    assert plan.slot == operate.step
    assert plan.part == operate.output
    assert operate.baseline in plan.features.names
    assert set(plan.watched) <= set(plan.features.names)
    kinds = {table.kind for table in plan.tables.values() if table.kind}
    assert operate.emergency is not None
    assert {*kinds, operate.emergency.kind} == set(operate.facts), "a fact has a table, or is of an emergency"


def test_what_is_usual_stays_out_of_the_name_of_the_home() -> None:
    assert surge(effort="full").options == {"slot": "60m"}
    assert surge(effort="quick").options == {"slot": "60m", "effort": "quick"}


@pytest.mark.parametrize("options", [{"slot": "30m"}, {"effort": "heroic"}])
def test_an_option_with_another_value_is_refused_with_those_that_there_are(options: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="use one of"):
        surge(**options)


def test_every_goal_is_bound_to_a_measure_and_every_drill_that_a_hazard_names_exists() -> None:
    assert all(leaf.measure for leaf in GOAL.leaves())
    rows = hazards()
    assert len({row.name for row in rows}) == len(rows) >= 5
    assert len(rows) >= 15
    assert {row.drill for row in rows} <= set(DRILLS)
    assert all(row.mitigations and row.undo for row in rows)
