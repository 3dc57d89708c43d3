"""`afield release`: list, show, verify, history."""

import shutil
from dataclasses import replace

import msgspec
import pytest

from afield.commands.release_promote import login
from afield.release.bundle import write
from afield.release.signing import Signer
from tests.commands.conftest import Town
from tests.commands.releases import another, office, spoil
from tests.commands.town import APP
from tests.commands.town import build as build_town
from tests.commands.town import town as application


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
    assert [(row["kind"], row["actor"]) for row in rows] == [("build", login()), ("promoted", login())]
    assert town.release[:12] in town("release", "history", APP).out
