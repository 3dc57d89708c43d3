"""The files of a report appear whole or not at all."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from afield.errors import DataError, StoreError
from afield.reporting.files import write
from afield.reporting.page import page


def test_both_files_are_written_and_nothing_else(sample: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "out" / "report"
    path = write(sample, folder)
    assert path == folder / "report.html"
    assert sorted(entry.name for entry in folder.iterdir()) == ["report.html", "report.json"]
    assert path.read_text() == page(sample)
    assert msgspec.json.decode((folder / "report.json").read_bytes()) == sample


def test_an_earlier_report_survives_one_that_is_not_well_formed(sample: dict[str, Any], tmp_path: Path) -> None:
    write(sample, tmp_path)
    before = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
    del sample["data"]["source"]
    with pytest.raises(DataError, match="source"):
        write(sample, tmp_path)
    assert {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()} == before


def test_a_folder_that_cannot_be_written_is_named(sample: dict[str, Any], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(StoreError, match="give another folder"):
        write(sample, blocked)
