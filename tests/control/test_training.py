"""What a training in a process of its own came to."""

import json
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest

from afield.control.training import Trained, Trainer
from tests.workshop.village import office

NOON = datetime(2024, 3, 4, 12)
GATES = [
    {"gate": "bias", "passed": False, "reason": "+9 %, ±5 % is allowed"},
    {"gate": "beats one_week_back", "passed": True, "reason": "0.6 of its loss"},
    {"gate": "beats the rival", "passed": False, "reason": "1.1 of its loss"},
]


class Verb:
    """Runs, instead of the verb, a process that says this and ends."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self._program = f"import sys; print({out!r}, end=''); sys.stderr.write({err!r}); sys.exit({code})"
        self._popen = subprocess.Popen

    def __call__(self, _command: list[str], **streams: object) -> object:
        return self._popen([sys.executable, "-c", self._program], **streams)  # type: ignore[call-overload]


def trained(folder: Path, patch: pytest.MonkeyPatch, verb: Verb) -> tuple[Trained | None, str]:
    told: list[str] = []
    opened = office(folder, told)
    opened.home.folder.mkdir(parents=True)
    trainer = Trainer(opened, wait=True)
    patch.setattr("afield.control.training.subprocess.Popen", verb)
    trainer.start(NOON, "four weeks are over")
    return trainer.finished(), told[-1]


def test_a_candidate_whose_gates_failed_says_which_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    verb = Verb(1, json.dumps({"release": "r", "passed": False, "gates": GATES}), "standing: unchanged\n")
    found, told = trained(tmp_path, monkeypatch, verb)
    assert found == Trained("", "four weeks are over")
    assert told == ("no candidate: gates failed: bias (+9 %, ±5 % is allowed); beats the rival (1.1 of its loss)")


def test_a_training_that_came_to_no_result_says_its_last_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = trained(tmp_path, monkeypatch, Verb(1, "", "reading\nafield: the disk is full\n"))
    assert told == "no candidate: afield: the disk is full"


def test_a_candidate_that_passed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found, _ = trained(tmp_path, monkeypatch, Verb(0, json.dumps({"release": "r", "gates": []}), ""))
    assert found == Trained("r", "four weeks are over")
