"""Signs as a value: goals that something measures, hazards that are complete, halves that load."""

from afield.application import Operate, load
from afield.audit.checking import goals, hazards
from afield.drills.catalogue import DRILLS
from afield.drills.drill import known
from afield.workshop.plan import Build
from signs.application import signs
from signs.concluding import SURE
from signs.words import MEASURES, WORDS


def test_it_is_found_by_its_name_and_both_halves_load() -> None:
    application = load("signs", {})
    assert application.name == "signs"
    plan, operate = application.part(application.build, Build), application.part(application.operate, Operate)
    assert {table.kind for table in plan.tables.values() if table.kind} == set(operate.facts)
    assert operate.output == plan.part
    assert operate.baseline in plan.baselines.values()


def test_every_hazard_is_complete_and_its_drill_exists() -> None:
    rows = signs().requirements.hazards
    assert len(rows) >= 15
    assert all(known(row.drill) for row in rows)
    found = hazards(rows, DRILLS)
    assert found.passed, found.findings


def test_every_leaf_of_the_goals_is_measured() -> None:
    application = signs()
    plan = application.part(application.build, Build)
    found = goals(application.requirements.goal, {*plan.metrics, *application.felt})
    assert found.passed, found.findings


def test_metrics_and_what_is_felt_are_called_by_name() -> None:
    application = signs()
    plan = application.part(application.build, Build)
    assert set(plan.metrics) <= set(WORDS.metrics)
    assert application.felt == tuple(measure.name for measure in MEASURES)


def test_what_travellers_feel_is_said_with_the_limit_that_is_in_force() -> None:
    assert all(f"{SURE:.0%}".removesuffix("%") in measure.line for measure in MEASURES)
