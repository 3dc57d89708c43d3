"""Quarantined rows out to be edited, and back."""

import json
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from afield.curation.repairing import Author, by_function, by_hand, export
from afield.errors import DataError

AUTHOR = Author("eve", "typing", datetime(2024, 3, 1))
ROWS = pl.DataFrame(
    [
        ("i1", "orders", "cleaning", "f.csv", 3, "no_time", "at", "no time", '{"zone":"7","at":null}', False),
        ("i2", "orders", "contract", "orders", 9, "min", "wait", "is below 0", '{"zone":7,"wait":-1.5}', False),
        ("i3", "orders", "contract", "orders", 10, "min", "wait", "is below 0", '{"zone":8,"wait":-1.0}', True),
    ],
    schema=["id", "table", "stage", "source", "row", "rule", "field", "reason", "raw", "repaired"],
    orient="row",
)


@pytest.mark.parametrize("name", ["aside.csv", "aside.jsonl"])
def test_what_was_edited_is_a_repair_and_what_was_not_is_none(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    export(ROWS, file)
    assert by_hand(ROWS, file, AUTHOR) == ()
    text = file.read_text()
    assert "i3" not in text, "a row that was repaired is not asked for again"
    file.write_text(text.replace("-1.5", "1.5"))
    (repair,) = by_hand(ROWS, file, AUTHOR)
    assert (repair.id, repair.by, repair.reason, repair.row) == ("i2", "eve", "typing", 9)
    assert {key: float(value) for key, value in json.loads(repair.mended).items()} == {"zone": 7.0, "wait": 1.5}


def test_a_function_gives_the_fields_that_it_changes(tmp_path: Path) -> None:
    repairs = by_function(ROWS, lambda row: {"at": "2024-01-01"} if row["_rule"] == "no_time" else None, "m:f", AUTHOR)
    assert [(each.id, json.loads(each.mended)) for each in repairs] == [("i1", {"zone": "7", "at": "2024-01-01"})]


def test_a_field_that_the_row_does_not_have_is_refused() -> None:
    with pytest.raises(DataError, match=r"m:f, on f.csv, row 3: when is no field of the row; it has zone, at"):
        by_function(ROWS, lambda _: {"when": "now"}, "m:f", AUTHOR)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.jsonl", '{"id":"i9","zone":1}', "a.jsonl, row 1: 'i9' is the id of no row in the quarantine"),
        ("a.jsonl", '{"id":"i1"', "cannot be read"),
        ("a.jsonl", "[1]", "line 1: is not an object"),
        ("a.csv", "zone\n1\n", "'' is the id of no row"),
    ],
)
def test_a_file_that_does_not_fit_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    file = tmp_path / name
    file.write_text(text)
    with pytest.raises(DataError, match=message):
        by_hand(ROWS, file, AUTHOR)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.csv: cannot be read"):
        by_hand(ROWS, tmp_path / "gone.csv", AUTHOR)
