"""`afield compare` and `afield score`."""

import json
from pathlib import Path

import pytest

from afield.application import load
from afield.audit.notes import note
from afield.audit.proofs import Proofs
from afield.control.office import open_office
from tests.commands.conftest import Town
from tests.commands.town import APP


@pytest.mark.slow
def test_two_recipes_are_compared_on_the_same_unseen_rows(town: Town, tmp_path: Path) -> None:
    names = ("lightgbm_on_lags", "poisson_regression")
    done = town("compare", APP, *names, "--data", town.early, "--rows", 20000, "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    found = done.value
    assert [each["name"] for each in found["options"]] == list(names)
    first, second = found["options"]
    assert first["against"] == {}
    assert second["against"]["rmse"]["second"] == "lightgbm_on_lags"
    assert second["curve"][0]["rows"] == found["training_rows"] <= 20000
    assert second["size"] < first["size"]
    assert found["provenance"]["command"].startswith("afield compare")
    assert json.loads((tmp_path / "compare.json").read_bytes())["metric"] == "rmse"
    page = (tmp_path / "compare.html").read_text("utf-8")
    assert found["recommendation"] in page
    assert "http://" not in page.replace("http://www.w3.org", "")


def test_what_is_not_there_is_said_with_what_there_is(town: Town) -> None:
    done = town("compare", APP, "joy", "poisson_regression")
    assert done.code == 2
    assert "nothing to compare is called 'joy'" in done.err
    done = town("compare", APP, "poisson_regression")
    assert "name two, or none for all of the build" in done.err
    done = town("compare", APP, "poisson_regression", town.release[:12])
    assert "a release was fitted on rows of its own" in done.err
    done = town("compare", APP, "--elsewhere", "the moon")
    assert "there is no such file" in done.err
    done = town("compare", APP, "--within", "2")
    assert "a share in [0, 1)" in done.err


def test_the_score_is_the_least_section_and_names_evidence_for_every_point(town: Town, tmp_path: Path) -> None:
    done = town("score", APP, "--out", tmp_path, "--json")
    assert done.code == 0, done.err
    found = done.value
    assert found["score"] == min(found["sections"].values())
    assert len(found["tests"]) == 28
    assert all(each["evidence"] for each in found["tests"] if each["points"])
    assert all(each["next"] for each in found["tests"] if each["points"] < 1)
    assert found["provenance"]["release"] == town.release
    assert "ML Test Score" in (tmp_path / "score.html").read_text("utf-8")


def test_without_a_release_little_is_earned_and_the_next_command_is_told(empty_town: Town) -> None:
    found = empty_town("score", APP, "--json").value
    gates = next(each for each in found["tests"] if (each["section"], each["number"]) == ("infrastructure", 4))
    assert (gates["points"], gates["next"]) == (0.5, f"afield build {APP}")


def test_the_numbers_of_a_score_end_with_what_made_them(town: Town, tmp_path: Path) -> None:
    said = town("score", APP, "--out", tmp_path).out
    assert f"afield score {APP}" in said
    assert f"release {town.release[:12]}" in said.rsplit("· code ", 1)[1]


def test_a_note_earns_half_a_point_as_long_as_the_code_is_the_same(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    def meta() -> dict[str, object]:
        tests = town("score", APP, "--json").value["tests"]
        return next(each for each in tests if (each["section"], each["number"]) == ("data", 4))

    monkeypatch.setattr("afield.audit.notes.code_digest", lambda _: "as it is")
    assert meta()["points"] == 0
    office = open_office(load(APP), town.root, lambda _: None)
    note(office, "check", False, "failed: parity", "afield check")
    assert "failed: parity" in str(meta()["missing"])
    note(office, "check", True, "12 checks passed", "afield check")
    found = meta()
    assert (found["points"], found["evidence"]) == (0.5, ["ledger entry 4: 12 checks passed (`afield check`)"])
    monkeypatch.setattr("afield.audit.notes.code_digest", lambda _: "another")
    assert meta()["points"] == 0
    assert "is of other code" in str(meta()["missing"])


def test_a_gate_of_something_else_is_no_evidence_of_inclusion(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    proofs = Proofs(open_office(load(APP), town.root, lambda _: None), town.root / "rehearsal")
    monkeypatch.setattr(
        Proofs, "card", "| language_macro_f1 | passed | 0.97 |\n| fairness: rmse by borough | FAILED | x |"
    )
    assert proofs.gates("fairness: ") == []
    monkeypatch.setattr(Proofs, "card", "| fairness: rmse by borough | passed | x |")
    assert proofs.gates("fairness: ") == [f"gates of release {town.release[:12]}: fairness: rmse by borough"]
