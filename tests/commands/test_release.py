"""`afield release`."""

import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from afield.clock import WallClock
from afield.commands.output import progress
from afield.commands.release import login, moment
from afield.control.office import Office, open_office
from afield.records.decision import ControlState, Entry
from afield.release.bundle import write
from afield.release.signing import Signer
from afield.store.ledger import Ledger
from afield.store.snapshots import publish_control
from tests.commands.conftest import Town
from tests.commands.town import APP, START
from tests.commands.town import build as build_town
from tests.commands.town import town as application


def office(town: Town) -> Office:
    return open_office(application(), town.root, progress)


def entries(town: Town) -> tuple[Entry, ...]:
    return Ledger(f"sqlite:///{town.folder / 'ledger.db'}").entries("town")


def another(town: Town) -> str:
    """A second release: the first, signed again with a higher sequence."""
    opened = office(town)
    bundle = opened.shelf.bundle(town.release)
    files = {file.name: bundle.read(file.name) for file in bundle.manifest.files}
    manifest = msgspec.structs.replace(bundle.manifest, sequence=bundle.manifest.sequence + 1)
    return write(opened.home.bundles, manifest, files, Signer(opened.home.key))


def spoil(town: Town, release: str) -> None:
    """Change one byte of a model."""
    file = town.folder / "bundles" / release / "parts" / "forecast" / "model.onnx"
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)


def test_the_list_says_what_each_release_scored_and_which_one_is_live(town: Town) -> None:
    champion, second = town.release, another(town)
    (town.folder / "bundles" / ".draft").mkdir()
    rows = {row["release"]: row for row in town("release", "list", APP, "--json").value}
    assert rows.keys() == {champion, second}
    assert rows[champion]["stands"] == ["champion"]
    assert rows[second]["stands"] == []
    assert rows[champion]["metrics"]["rmse"] > 0
    assert champion[:12] in town("release", "list", APP).out


def test_the_list_shows_the_metrics_that_matter_most_as_the_application_calls_them(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = replace(application().words, metrics={"mae": ("Missed", "")})
    monkeypatch.setattr("tests.commands.town.town", lambda: replace(application(), words=words))
    monkeypatch.setattr(
        "tests.commands.town.build", lambda options: replace(build_town(options), metrics=("mae", "bias", "rmse"))
    )
    shown = town("release", "list", APP).out
    assert all(name in shown for name in ("Missed", "Bias", "%"))
    assert not any(name in shown for name in ("RMSE", "Poisson deviance"))


def test_the_list_goes_on_past_a_release_that_does_not_verify(town: Town) -> None:
    spoil(town, town.release)
    done = town("release", "list", APP, "--json")
    assert done.code == 0
    assert "model.onnx" in done.value[0]["problem"]
    assert "has been changed or cut short" in town("release", "list", APP).out


def test_an_empty_home_has_no_releases(empty_town: Town) -> None:
    assert "there is no release yet" in empty_town("release", "list", APP).out
    assert "nothing has happened yet" in empty_town("release", "history", APP).out


@pytest.mark.parametrize("verb", [("release", "list"), ("release", "history")])
def test_an_empty_list_is_an_empty_list_in_json(empty_town: Town, verb: tuple[str, ...]) -> None:
    done = empty_town(*verb, APP, "--json")
    assert (done.code, done.out) == (0, "[]\n")


def test_a_home_without_data_has_an_empty_catalogue(empty_town: Town) -> None:
    assert empty_town("data", "list", APP, "--json").value["tables"] == []


def test_the_card_is_shown_for_the_first_digits(town: Town) -> None:
    done = town("release", "show", APP, town.release[:6])
    assert "orders per zone and slot" in done.out
    assert town("release", "show", APP).out == done.out
    assert town("release", "show", APP, town.release[:6], "--json").value["manifest"]["application"] == "town"


def test_a_whole_release_verifies(town: Town) -> None:
    done = town("release", "verify", APP, town.release[:6], "--json")
    assert (done.code, done.value) == (0, {"release": town.release, "verified": True, "problem": ""})


def test_without_a_release_the_champion_is_verified(town: Town) -> None:
    first = town.release
    another(town)
    done = town("release", "verify", APP, "--json")
    assert (done.code, done.value["release"]) == (0, first)


def test_without_a_champion_there_is_nothing_to_verify(empty_town: Town) -> None:
    done = empty_town("release", "verify", APP)
    assert done.code == 1
    assert "has no champion yet; make one: afield build" in done.err


def test_a_changed_model_does_not_verify(town: Town) -> None:
    spoil(town, town.release)
    done = town("release", "verify", APP, town.release[:6], "--json")
    assert done.code == 1
    assert "model.onnx" in done.value["problem"]
    assert (
        "restore it from another copy, build again, or go back: afield release rollback town" in done.value["problem"]
    )


def test_a_release_by_an_untrusted_key_does_not_verify(town: Town) -> None:
    shutil.rmtree(town.root / "trusted")
    done = town("release", "verify", APP, town.release[:6])
    assert done.code == 1
    assert "not trusted" in done.out


def test_a_release_whose_features_this_code_does_not_reproduce_does_not_verify(town: Town) -> None:
    opened = office(town)
    bundle = opened.shelf.bundle(town.release)
    files = {file.name: bundle.read(file.name) for file in bundle.manifest.files}
    golden = msgspec.json.decode(files["golden.json"])
    golden["features"]["mean_24h"][0] += 1.0
    files["golden.json"] = msgspec.json.encode(golden)
    changed = write(opened.home.bundles, bundle.manifest, files, Signer(opened.home.key))
    done = town("release", "verify", APP, changed)
    assert done.code == 1
    assert "golden feature 'mean_24h'" in done.out


@pytest.mark.parametrize(("text", "message"), [("", "begins with ''"), ("../x", "begins with '../x'"), ("0" * 65, "")])
def test_text_that_begins_no_release_is_wrong_usage(town: Town, text: str, message: str) -> None:
    done = town("release", "show", APP, text)
    assert done.code == 2
    assert f"no release under {town.folder / 'bundles'}" in done.err
    assert message in done.err


def test_digits_that_begin_two_releases_are_refused(town: Town) -> None:
    twin = town.release[0] + "0" * 63
    (town.folder / "bundles" / twin).mkdir()
    done = town("release", "show", APP, town.release[0])
    assert done.code == 2
    assert "give more digits" in done.err


def test_history_tells_who_did_what_and_why(town: Town) -> None:
    rows = town("release", "history", APP, "--json").value
    assert [row["kind"] for row in rows] == ["build", "promoted"]
    assert town.release[:12] in town("release", "history", APP).out


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
