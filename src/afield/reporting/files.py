"""The files of a report: `report.json` for programs and `report.html` for people, in one folder."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from afield.errors import StoreError
from afield.reporting.content import Section, encoded
from afield.reporting.page import page


def write(report: Mapping[str, object], folder: Path, sections: Sequence[Section] = ()) -> Path:
    """The path of `report.html`, written with `report.json` beside it.

    Each file appears whole or not at all; a report that is not well formed writes neither.

    Args:
        report: what `report.json` holds.
        folder: where both go.
        sections: those of the report with what their pictures show, for the page.

    Raises:
        DataError: the report lacks a key or holds a wrong type.
        StoreError: the folder or a file in it cannot be written.
    """
    html = page({**report, "sections": sections} if sections else report).encode()
    json = encoded(report)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _replace(folder / "report.json", json)
        return _replace(folder / "report.html", html)
    except OSError as error:
        raise StoreError(f"{folder}: the report cannot be written: {error}; give another folder") from error


def _replace(path: Path, content: bytes) -> Path:
    half = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        half.write_bytes(content)
        return half.replace(path)
    finally:
        half.unlink(missing_ok=True)
