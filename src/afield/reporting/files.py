"""The files of a report: `report.json` for programs and `report.html` for people, in one folder."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from afield.errors import StoreError
from afield.reporting.content import Section, encoded
from afield.reporting.page import page
from afield.store.durable import write_whole


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
    return put(folder, "report", encoded(report), html)


def put(folder: Path, name: str, json: bytes, html: bytes) -> Path:
    """The path of `NAME.html`, with `NAME.json` beside it; each file appears whole or not at all.

    Raises:
        StoreError: the folder or a file in it cannot be written.
    """
    try:
        write_whole(folder / f"{name}.json", (json,))
        write_whole(folder / f"{name}.html", (html,))
    except StoreError as error:
        raise StoreError(f"{folder}: the report cannot be written: {error}; or give another folder") from error
    return folder / f"{name}.html"
