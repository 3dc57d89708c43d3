"""How benchmarks measure and print."""

import importlib
import json
import sys
from pathlib import Path

import pytest

from benchmarks.measure import Result, in_turn, show


def test_two_things_are_measured_in_turn() -> None:
    calls: list[str] = []
    ours, theirs = in_turn(lambda: calls.append("a"), lambda: calls.append("b"), 3)
    assert calls == ["a", "b"] * 3
    assert min(ours, theirs) >= 0


def test_json_gives_one_object_a_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--json"])
    show([Result("read", 2.0, "s", "a plain script", 1.5, "at most 2 x", True), Result("write", 1.0, "s", "z", None)])
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert list(first) == ["name", "value", "unit", "against", "ratio", "goal", "met", "command", "data", "code"]
    assert (second["ratio"], second["goal"], second["met"]) == (None, None, None)


def test_a_baseline_that_is_not_installed_is_named_as_not_measured(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench"])
    show([Result("read", 2.0, "s", "a library", None)])
    assert capsys.readouterr().out.startswith("read: 2 s; a library: not measured\n")


def test_numbers_say_by_which_command_and_from_which_data_they_were_made(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/benchmarks/scale.py", "--millions", "1,5"])
    show([Result("read", 2.0, "s", "a library", None)], data="abc123")
    said = "python -m benchmarks.scale --millions 1,5; data abc123; code "
    assert said in capsys.readouterr().out
    show([Result("read", 2.0, "s", "a library", None)])
    assert "; data made by code " in capsys.readouterr().out


def test_every_benchmark_says_what_it_measures_and_can_be_run(root: Path) -> None:
    names = [path.stem for path in (root / "benchmarks").glob("*.py") if "def main(" in path.read_text()]
    assert "startup" in names
    assert all(importlib.import_module(f"benchmarks.{name}").__doc__ for name in names)
