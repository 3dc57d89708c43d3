"""`afield release verify --rebuild`: a release comes out of its data, windows and seed again, or it is said why not."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from afield.audit import rebuilding
from surge.recipes import REGRESSION
from tests.commands.conftest import Town
from tests.commands.town import APP
from tests.commands.town import build as build_town


def test_a_release_is_built_again_byte_for_byte_and_leaves_nothing_behind(
    town: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    before = sorted(town.folder.rglob("*"))
    done = town("release", "verify", APP, "--rebuild", "--json")
    assert sorted(town.folder.rglob("*")) == before
    assert not list((tmp_path / "temporary").iterdir())
    assert done.code == 0
    found = done.value
    assert found["agrees"]
    assert found["problem"] == ""
    assert {each["part"]: each["identical"] for each in found["parts"]} == {
        "forecast": True,
        "capacity": True,
        "rival": True,
    }
    assert (found["golden"], found["rows"]) == (0.0, 5000)
    assert (found["libraries"], found["same_features"]) == ({}, True)
    assert "--rebuild" in found["provenance"]["command"]
    assert set(found["provenance"]["data"]) > {"facts", "orders"}


def test_a_release_is_not_rebuilt_unless_that_is_asked_for(town: Town) -> None:
    assert "agrees" not in town("release", "verify", APP, "--json").value


def test_another_recipe_does_not_reproduce_a_release(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    stiff = (replace(REGRESSION, thin=1.0, penalty=1.0),)
    monkeypatch.setattr("tests.commands.town.build", lambda options: replace(build_town(options), recipes=stiff))
    monkeypatch.setattr(rebuilding, "code_digest", lambda _: "another")
    done = town("release", "verify", APP, "--rebuild")
    assert done.code == 1
    assert "is NOT reproduced" in done.out
    assert "the code is not the one that it was built with" in done.out


def test_libraries_that_differ_are_named(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    known = rebuilding.environment("tests")
    monkeypatch.setattr(rebuilding, "environment", lambda _: {**known, "numpy": "99.0"})
    monkeypatch.setattr(rebuilding, "_compared", lambda *_: (((), 0.0, 1), ""))
    done = town("release", "verify", APP, "--rebuild")
    assert done.code == 0  # what it answers is what counts
    assert f"numpy: {known['numpy']} when it was built, 99.0 here" in done.out


def test_where_the_data_are_gone_a_release_is_not_rebuildable(town: Town) -> None:
    shutil.rmtree(town.folder / "datasets")
    done = town("release", "verify", APP, "--rebuild")
    assert done.code == 1
    assert "is not rebuildable: its data are not there any more" in done.out


def test_code_that_makes_other_features_does_not_build_it(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = (replace(REGRESSION, columns=("expected", "no_such_feature"), logs=()),)
    monkeypatch.setattr("tests.commands.town.build", lambda options: replace(build_town(options), recipes=lacking))
    done = town("release", "verify", APP, "--rebuild", "--json")
    assert done.code == 1
    assert "no_such_feature" in done.value["problem"]
