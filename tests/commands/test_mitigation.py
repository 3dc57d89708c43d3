"""`afield mode` and `afield override`."""

from datetime import timedelta

import pytest

from afield.commands.release_promote import login
from afield.records.decision import ControlState, Entry
from afield.store.ledger import Ledger
from afield.store.snapshots import publish_control
from tests.commands.conftest import Town
from tests.commands.town import APP, START

LATER = (START + timedelta(hours=2)).isoformat()
SET = ("--scope", "22", "--output", "multiplier", "--value", "1", "--expires", LATER, "--reason", "flood")


@pytest.fixture
def town(town: Town) -> Town:
    """A town whose service stands at the start."""
    publish_control(town.folder / "snapshots", ControlState(version=1, champion=town.release, now=START))
    return town


def entries(town: Town) -> tuple[Entry, ...]:
    return Ledger(f"sqlite:///{town.folder / 'ledger.db'}").entries("town", kinds=("mode", "override"))


def test_a_mode_is_set_for_all_by_whom_and_why(town: Town) -> None:
    done = town("mode", APP, "off", "--reason", "an attack", "--actor", "ada", "--json")
    assert (done.code, done.value) == (0, {"mode": "off", "mode_by_unit": {}, "overrides": []})
    (row,) = entries(town)
    assert (row.kind, row.subject, row.actor, row.reason, row.at) == ("mode", "*", "ada", "an attack", START)
    assert "mode off" in town("release", "history", APP).out


def test_a_unit_with_a_mode_of_its_own_is_named_when_the_general_one_changes(town: Town) -> None:
    assert "mode prompt for 22" in town("mode", APP, "prompt", "--unit", "22", "--reason", "a fair").out
    done = town("mode", APP, "off", "--reason", "an attack")
    assert "mode off everywhere, but of their own: 22 prompt" in done.out
    assert entries(town)[-1].actor == login()


def test_an_override_is_set_until_it_expires_and_lifted(town: Town) -> None:
    done = town("override", APP, "flood", *SET, "--json")
    assert done.code == 0
    (held,) = done.value["overrides"]
    wanted = ("flood", "22", "multiplier", 1.0, LATER)
    assert (held["name"], held["scope"], held["output"], held["value"], held["expires"]) == wanted
    assert town("override", APP, "flood", "--lift", "--reason", "over", "--json").value["overrides"] == []
    assert [row.reason for row in entries(town)] == ["flood", "over"]


def test_a_slice_is_switched_and_set_at_once(town: Town) -> None:
    done = town("mode", APP, "prompt", "--slice", "airports", "--reason", "a strike", "--json")
    assert done.value["mode_by_unit"] == {"slice:airports": "prompt"}
    (held,) = town("override", APP, "flood", "--slice", "manhattan", *SET[2:], "--json").value["overrides"]
    assert held["scope"] == "slice:manhattan"


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("mode", APP, "of", "--reason", "x"), 2, "of"),
        (("mode", APP, "off"), 2, "reason"),
        (("mode", APP, "off", "--reason", " "), 2, "--reason is empty; say in one line why"),
        (("override", APP, "flood", *SET[:-1], ""), 2, "--reason is empty; say in one line why"),
        (
            ("mode", APP, "off", "--slice", "moon", "--reason", "x"),
            2,
            "there is: airports, manhattan, outside manhattan",
        ),
        (
            ("mode", APP, "off", "--unit", "airports", "--reason", "x"),
            2,
            "a slice and no unit; write --slice 'airports'",
        ),
        (("mode", APP, "off", "--unit", "slice:moon", "--reason", "x"), 2, "a slice and no unit; write --slice 'moon'"),
        (("override", APP, "flood", "--scope", "manhattan", *SET[2:]), 2, "write --slice 'manhattan'"),
        (("mode", APP, "off", "--slice", "airports", "--unit", "22", "--reason", "x"), 2, "a mode is for one of them"),
        (("override", APP, "flood", "--reason", "x"), 2, "an override needs --scope"),
        (("override", APP, "flood", "--slice", "airports", *SET), 2, "an override needs --scope or --slice"),
        (("override", APP, "flood", "--slice", "moon", *SET[2:]), 2, "--slice moon: the application declares no such"),
        (("override", APP, "flood", *SET[:5], "3", *SET[6:]), 2, "contradicts the guard clamp:multiplier"),
        (("override", APP, "flood", *SET, "--lift"), 2, "leave --scope"),
        (("override", APP, "flood", *SET[:2], "--output", "price", *SET[4:]), 2, "there is: forecast, multiplier"),
        (("override", APP, "flood", *SET[:6], "--expires", START.isoformat(), *SET[8:]), 1, "is not after"),
        (("override", APP, "flood", "--lift", "--reason", "x"), 1, "no override 'flood' to lift"),
    ],
)
def test_what_could_not_hold_is_refused_and_nothing_is_noted(
    town: Town, arguments: tuple[str, ...], code: int, message: str
) -> None:
    done = town(*arguments)
    assert done.code == code
    assert message in done.err
    assert entries(town) == ()


@pytest.mark.parametrize("asked", [("mode", APP, "off", "--reason", "x"), ("override", APP, "flood", *SET)])
def test_a_home_without_a_ledger_is_told_and_stays_as_it_is(empty_town: Town, asked: tuple[str, ...]) -> None:
    done = empty_town(*asked)
    assert done.code == 1
    assert f"{empty_town.folder} has no ledger" in done.err
    assert f"run: afield build {APP}, or name the home that is meant: AFIELD_HOME" in done.err
    assert not empty_town.folder.exists()
