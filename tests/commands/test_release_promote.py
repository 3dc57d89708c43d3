"""`afield release promote` and `rollback`."""

import shutil
import sqlite3
from pathlib import Path

import pytest

from afield.application import load
from afield.audit.notes import note
from afield.clock import WallClock
from afield.commands.output import progress
from afield.commands.release_promote import login, moment
from afield.control.office import open_office
from afield.records.decision import ControlState
from afield.store.snapshots import publish_control
from tests.commands.conftest import Town
from tests.commands.releases import another, entries, office, spoil
from tests.commands.town import APP, START


def test_a_promoted_release_climbs_the_ladder(town: Town) -> None:
    second = another(town)
    done = town("release", "promote", APP, second[:10], "--reason", "looks good", "--actor", "ada", "--json")
    assert done.code == 0
    assert (done.value["challenger"], done.value["stage"]) == (second, "shadow")
    last = entries(town)[-1]
    assert (last.kind, last.subject, last.actor, last.reason) == ("offered", second, "ada", "looks good")


def test_with_now_it_is_live_at_once_in_probation(town: Town) -> None:
    champion, second = town.release, another(town)
    done = town("release", "promote", APP, second, "--now", "--json")
    assert (done.value["champion"], done.value["last_good"], done.value["stage"]) == (second, champion, "probation")
    assert (entries(town)[-1].replaces, entries(town)[-1].actor) == (champion, login())


def test_a_release_that_climbs_or_is_live_is_not_offered_again(town: Town) -> None:
    champion, second = town.release, another(town)
    town("release", "promote", APP, second)
    before = len(entries(town))
    assert "is on the ladder already" in town("release", "promote", APP, second).err
    assert "is the champion already" in town("release", "promote", APP, champion).err
    assert len(entries(town)) == before


def test_a_release_that_does_not_verify_is_not_promoted(town: Town) -> None:
    second = another(town)
    spoil(town, second)
    before = entries(town)
    done = town("release", "promote", APP, second, "--now")
    assert done.code == 1
    assert "model.onnx" in done.err
    assert entries(town) == before


def test_a_rollback_goes_back_to_the_predecessor(town: Town) -> None:
    champion, second = town.release, another(town)
    town("release", "promote", APP, second, "--now")
    done = town("release", "rollback", APP, "--reason", "riders complain", "--json")
    assert (done.code, done.value["champion"]) == (0, champion)
    assert entries(town)[-1].reason == "riders complain"


def test_a_rollback_can_name_where_to(town: Town) -> None:
    champion, second = town.release, another(town)
    town("release", "promote", APP, second, "--now")
    assert town("release", "rollback", APP, "--to", champion[:8], "--json").value["champion"] == champion


def test_without_a_predecessor_there_is_no_rollback(town: Town) -> None:
    before = entries(town)
    done = town("release", "rollback", APP)
    assert (done.code, entries(town)) == (1, before)
    assert "no earlier release to go back to; see: afield release history town" in done.err


def test_a_rollback_to_a_release_that_does_not_verify_is_refused(town: Town) -> None:
    champion, second = town.release, another(town)
    town("release", "promote", APP, second, "--now")
    spoil(town, champion)
    before = entries(town)
    assert town("release", "rollback", APP).code == 1
    assert entries(town) == before


def test_a_newer_ledger_is_refused_before_anything_is_changed(town: Town) -> None:
    file, second = town.folder / "ledger.db", another(town)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE afield_schema SET version = 99")
        connection.commit()
    connection.close()
    before = file.read_bytes()
    for arguments in (("promote", APP, second, "--now"), ("rollback", APP), ("list", APP)):
        done = town("release", *arguments)
        assert done.code == 1
        assert "schema 99, this Afield knows 1; upgrade Afield" in done.err
    assert file.read_bytes() == before


def test_a_service_whose_clock_follows_events_gives_the_time_of_a_decision(town: Town) -> None:
    publish_control(town.folder / "snapshots", ControlState(version=1, champion=town.release, now=START))
    second = another(town)
    town("release", "promote", APP, second)
    assert entries(town)[-1].at == START


def test_otherwise_the_clock_of_the_place_gives_it(town: Town) -> None:
    opened = office(town)
    assert isinstance(opened.clock, WallClock)
    shutil.rmtree(Path(opened.home.snapshots), ignore_errors=True)
    assert abs((moment(opened) - opened.clock.now()).total_seconds()) < 60


def test_in_probation_another_s_release_queues_instead_of_cutting_it_short(town: Town) -> None:
    second = another(town)
    town("release", "promote", APP, second, "--now")
    third = another(town, 2)
    done = town("release", "promote", APP, third, "--now")
    assert done.code == 1
    assert "is in probation; without --now this one queues behind it" in done.err
    assert town("release", "promote", APP, third, "--json").value["queue"] == [third]


def test_an_approval_is_recorded_with_who_and_why(town: Town) -> None:
    second = another(town)
    assert "is not on the ladder" in town("release", "approve", APP, second, "--reason", "fine").err
    town("release", "promote", APP, second, "--actor", "ada")
    done = town("release", "approve", APP, second, "--reason", "seen it", "--actor", "bob", "--json")
    assert done.value == {"release": second, "approvals": ["bob"], "needed": 0}
    assert (entries(town)[-1].kind, entries(town)[-1].actor, entries(town)[-1].reason) == ("approved", "bob", "seen it")
    assert town("release", "approve", APP, second, "--reason", "mine", "--actor", "ada").code == 1
    assert town("release", "approve", APP, second, "--reason", " ", "--actor", "eve").code == 2


def test_the_power_calculation_is_told_before_a_climb_and_kept(town: Town) -> None:
    done = town("release", "promote", APP, another(town))
    assert "power: a mean loss that differs by 10% is found with 95% probability within" in done.err
    assert entries(town)[-1].evidence["required_ticks"] > 24


def test_the_history_says_on_what_evidence_and_drafts_a_retrospective(town: Town) -> None:
    town("release", "promote", APP, another(town), "--now")
    assert "person's" in town("release", "history", APP).out
    town("release", "rollback", APP, "--reason", "riders complain")
    drafted = town("release", "history", APP, "--retro", "--json").value
    assert set(drafted) == {"start", "stop", "keep"}
    assert drafted["stop"] == ["putting releases live at once: 1 of 1 that were had to be taken back"]
    assert "Stop\n  - putting releases" in town("release", "history", APP, "--retro").out


DRILLED = "tests.commands.town:drilled"


def test_what_drills_do_not_speak_for_does_not_go_live(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    of_code(monkeypatch, "as it is")
    second = another(town)
    before = entries(town)
    done = town("release", "promote", DRILLED, second, "--now")
    assert done.code == 1
    assert "no drills were run; run: afield drill tests.commands.town:drilled" in done.err
    assert entries(town) == before
    opened = open_office(load(DRILLED), town.root, progress)
    note(opened, "drill", False, "flood FAILED", "afield drill")
    assert "did not pass (flood FAILED)" in town("release", "promote", DRILLED, second, "--now").err
    note(opened, "drill", True, "flood held", "afield drill")
    assert town("release", "promote", DRILLED, second, "--now").code == 0


def test_drills_of_other_code_speak_for_nothing(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    opened = open_office(load(DRILLED), town.root, progress)
    of_code(monkeypatch, "as it is")
    note(opened, "drill", True, "flood held", "afield drill")
    assert opened.unproven() == ""
    of_code(monkeypatch, "another")
    assert "the code has changed since the drills passed" in opened.unproven()


def of_code(monkeypatch: pytest.MonkeyPatch, digest: str) -> None:
    """Let the code that runs have this digest: the tests are a package of several folders, whose order changes."""
    monkeypatch.setattr("afield.audit.notes.code_digest", lambda _: digest)
    monkeypatch.setattr("afield.control.office.code_digest", lambda _: digest)
