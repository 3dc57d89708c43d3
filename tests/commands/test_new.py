"""`afield new`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from afield.cli import VERBS, run
from tests.tabular.test_draft import sold

ANSWERS = ["--answer", "model", "--labels", "the till", "--worst", "empty shelves"]


def new(*arguments: object) -> int:
    return run(["new", *map(str, arguments)], VERBS)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    return tmp_path


def test_without_a_file_a_generated_one_is_brought_and_said_to_be(here: Path) -> None:
    assert new("late_parcels") == 0
    assert (here / "late_parcels/late_parcels/example.csv").is_file()
    assert "generated=True" in (here / "late_parcels/late_parcels/building.py").read_text()


def test_nothing_is_made_before_the_three_questions_are_answered(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sold().write_csv(here / "f.csv")
    assert new("shelves", "--from", "f.csv", "--target", "Sold", "--time", "When") == 2
    said = capsys.readouterr().err
    assert all(word in said for word in ("look-up or a model", "labels come from", "worst mistake"))
    assert not (here / "shelves").exists()


def test_a_look_up_needs_no_application(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert new("shelves", "--answer", "look-up") == 0
    assert "Nothing was made" in capsys.readouterr().out
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("Shelves", "cannot be an application's name"),
        ("class", "cannot be an application's name"),
        ("json", "a Python package already"),
    ],
)
def test_a_name_that_would_not_work_is_refused(
    here: Path, capsys: pytest.CaptureFixture[str], name: str, said: str
) -> None:
    assert new(name, *ANSWERS) == 2
    assert said in capsys.readouterr().err


def test_what_is_there_is_left_alone(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (here / "shelves").mkdir()
    sys.path.insert(0, str(here))
    assert new("shelves", *ANSWERS) == 2
    assert "is there already" in capsys.readouterr().err
    assert list((here / "shelves").iterdir()) == []


def test_a_folder_that_cannot_be_written_leaves_nothing(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("shutil.copyfile", full)
    assert new("shelves") == 1
    assert list(here.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("file", [False, True])
def test_a_new_application_builds_serves_and_passes_its_own_tests(here: Path, file: bool) -> None:
    if file:
        sold(3000).write_csv(here / "f.csv")
        assert new("shelves", "--from", "f.csv", "--target", "Sold", "--time", "When", *ANSWERS) == 0
    else:
        assert new("shelves") == 0
    folder = here / "shelves"
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "COV"))}
    for command in (["afield", "build", "shelves.application:shelves"], ["pytest", "-q"]):
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, env=clean, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
