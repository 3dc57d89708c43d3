"""How verbs speak."""

import json
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.commands.output import Context, result, table
from afield.records.evidence import Interval


def spoken(value: object, capsys: pytest.CaptureFixture[str]) -> object:
    """What stands on stdout after giving the value as JSON."""
    result(Context(Path(), json=True), value, "unseen")
    return json.loads(capsys.readouterr().out)


def test_records_times_paths_and_numpy_numbers_have_a_form_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"at": datetime(2023, 7, 1, 18), "folder": Path("a/b"), "n": np.int64(3), "x": np.float64(0.5)}
    assert spoken(value, capsys) == {"at": "2023-07-01T18:00:00", "folder": "a/b", "n": 3, "x": 0.5}
    assert spoken(Interval(0.0, 1.0, 0.95), capsys) == {"low": 0.0, "high": 1.0, "level": 0.95}


def test_a_number_that_is_not_finite_becomes_null(capsys: pytest.CaptureFixture[str]) -> None:
    assert spoken({"x": float("nan")}, capsys) == {"x": None}


def test_json_is_one_line_however_long(capsys: pytest.CaptureFixture[str]) -> None:
    result(Context(Path(), json=True), ["[bold]word[/bold]"] * 100, "unseen")
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_value_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match="a object has no form"):
        result(Context(Path(), json=True), object(), "unseen")


def test_a_table_sets_numbers_to_the_right_and_shortens_them(capsys: pytest.CaptureFixture[str]) -> None:
    result(Context(Path()), None, table(("model", "rmse"), [("kept", 1.23456), ("baseline", 12.0)]))
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert "  kept       1.235" in lines
    assert "  baseline      12" in lines
    assert msgspec.json.encode(lines)
