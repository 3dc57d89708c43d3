"""The summary in a terminal."""

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from afield.errors import DataError
from afield.reporting.summary import summary


def told(report: dict[str, Any], width: int = 100) -> str:
    console = Console(file=StringIO(), width=width, soft_wrap=True)
    console.print(summary(report))
    file = console.file
    assert isinstance(file, StringIO)
    return file.getvalue()


def test_the_three_arms_stand_side_by_side_with_differences_and_commands(sample: dict[str, Any]) -> None:
    text = told(sample)
    assert text.startswith("Kept by Afield made 4,242 fewer mistakes than never updated.")
    lines = text.splitlines()
    assert any(line.split()[-3:] == ["9,874", "6,442", "11,206"] for line in lines)
    assert "−0.1614 (−12.4" in text
    assert "−0.2051 to −0.1177" in text
    for command in sample["next"]:
        assert f"  {command}" in lines


def test_it_fits_eighty_columns(sample: dict[str, Any]) -> None:
    rows = [line for line in told(sample, 80).splitlines() if line.startswith("  ") and "curl" not in line]
    assert max(len(line.rstrip()) for line in rows) <= 80


def test_measures_that_the_data_cannot_give_are_left_out(sample: dict[str, Any]) -> None:
    for arm in ("never_updated", "kept", "baseline"):
        sample["felt"][arm]["minutes_waited"] = None
    assert "Minutes waited" not in told(sample)
    sample["felt"] = None
    assert "Wrongly surged" not in told(sample)


def test_text_is_shown_as_it_is(sample: dict[str, Any]) -> None:
    sample["next"] = ["echo [bold]not markup[/bold]"]
    assert "[bold]not markup[/bold]" in told(sample)


def test_a_missing_key_is_named(sample: dict[str, Any]) -> None:
    del sample["next"]
    with pytest.raises(DataError, match="next"):
        summary(sample)
