"""`afield check`."""

from afield.application import Operate
from afield.commands.check import measures
from surge.application import surge
from tests.commands.conftest import Town
from tests.commands.town import APP

MISLEADING = ["usable", "too_good", "served", "drifting", "redundant", "proxies"]
NAMES = ["contract", "no_peeking", "parity", "partition", *MISLEADING, "split", "goals", "hazards"]


def test_an_application_that_keeps_its_promises_passes(town: Town) -> None:
    done = town("check", APP, "--data", town.early, "--json")
    assert (done.code, done.value["passed"]) == (0, True), done.value
    assert [each["name"] for each in done.value["checks"]] == NAMES


def test_planted_faults_are_found_and_named(town: Town) -> None:
    done = town("check", "tests.commands.town:faulty", "--data", town.early)
    assert done.code == 1
    assert "no peeking: mean_24h" in done.out
    assert "goal 'everybody is happy' is bound to 'joy', which nothing measures" in done.out
    assert "there is no drill 'earthquake'" in done.out
    assert "too good: mean_24h: alone it leaves 0.0" in done.out


def test_warnings_are_told_apart_from_failures(town: Town) -> None:
    done = town("check", APP, "--data", town.early)
    assert done.code == 0
    assert "warning, redundant: lag_1 and mean_1h: values correlate by 1.0000" in done.out
    assert "to look at" in done.out
    assert "FAILED" not in done.out


def test_surges_goals_are_bound_to_metrics_monitors_and_what_people_felt() -> None:
    application = surge()
    known = measures(application, application.part(application.operate, Operate))
    assert {"rmse", "bias", "hot_keys", "false_negatives", "performance", "drift", "missed_surges"} <= set(known)
    assert {leaf.measure for leaf in application.requirements.goal.leaves()} <= set(known)
