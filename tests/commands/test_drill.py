"""`afield drill`: what it hands to the drills, and its exit."""

import json
from pathlib import Path

import pytest

from afield.application import Application
from afield.cli import VERBS, run
from afield.commands import drill as command
from afield.drills.seen import Drilled


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("AFIELD_HOME", str(tmp_path))
    return tmp_path


def drilled(passed: bool) -> Drilled:
    return Drilled("model-outage", "the model raises", "none fails", "none failed", 1.0, passed)


@pytest.mark.parametrize(("passed", "code"), [(True, 0), (False, 1)])
def test_one_drill_that_fails_is_a_failure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], home: Path, passed: bool, code: int
) -> None:
    handed: list[tuple[object, ...]] = []

    def drill(application: Application, root: Path, only: str | None, _: object, lent: object) -> tuple[Drilled, ...]:
        assert lent is None
        handed.append((dict(application.options), root, only))
        return drilled(True), drilled(passed)

    monkeypatch.setattr(command, "drill", drill)
    assert run(["drill", "surge", "--only", "model-outage", "--json"], VERBS) == code
    assert handed == [({"slot": "60m", "effort": "quick"}, home / "rehearsal", "model-outage")]
    assert [each["passed"] for each in json.loads(capsys.readouterr().out)["drills"]] == [True, passed]


@pytest.mark.parametrize(
    "wrong",
    [
        ["surge", "--release", "abc"],
        ["nothing"],
        [],
        ["surge", "--only", "earthquake"],
        ["surge", "--slot", "7m"],
        ["surge", "--only"],
    ],
)
def test_wrong_usage_exits_2_and_breaks_nothing(home: Path, wrong: list[str]) -> None:
    assert run(["drill", *wrong], VERBS) == 2
    assert list(home.iterdir()) == []
