"""A sheet: a title, what was found, tables and charts as one self-contained HTML page with its JSON beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.records.provenance import Provenance
from afield.reporting.charts import PALETTE
from afield.reporting.content import encoded
from afield.reporting.files import put
from afield.reporting.page import NUMBER, POLICY, templates

SERIES: Mapping[str, tuple[str, str]] = {
    "series_0": ("#00649d", "#62b5eb"),
    "series_1": ("#bf5301", "#f0995b"),
    "series_2": ("#00795a", "#4cc3a0"),
    "series_3": ("#9b3f8a", "#d98cc9"),
    "series_4": ("#8a6d00", "#d6b43b"),
    "series_5": ("#5b5fc7", "#a5a8f0"),
    "series_6": ("#a8324a", "#ef8597"),
    "series_7": ("#4f6b76", "#9fb8c1"),
}
"""Colours of things that have no colour by meaning: on a light ground, on a dark ground."""


SHORT = 24
"""Characters of a cell that is not broken into lines."""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: names of its columns, rows of as many texts, and a caption."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart at two widths, wide and narrow, and what it is meant to tell."""

    wide: str
    narrow: str
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a sheet: paragraphs, charts, tables, in this order."""

    title: str
    text: tuple[str, ...] = ()
    charts: tuple[Chart, ...] = ()
    grids: tuple[Grid, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a page says.

    Attributes:
        eyebrow: what it is about, in a line above the title.
        title: what was found, in a sentence.
        lead: paragraphs below it.
        sections: the rest.
        provenance: how to make the numbers again; it stands at the foot.
    """

    eyebrow: str
    title: str
    lead: tuple[str, ...]
    sections: Sequence[Section]
    provenance: Provenance


def html(sheet: Sheet) -> str:
    """The page; the same sheet gives the same bytes."""
    template = templates({"aligned": _aligned}).get_template("sheet.html")
    return template.render(sheet=sheet, policy=POLICY, palette={**PALETTE, **SERIES})


def write(sheet: Sheet, record: msgspec.Struct, folder: Path, name: str) -> Path:
    """The path of `NAME.html`, written with `NAME.json` beside it; each appears whole or not at all.

    Raises:
        StoreError: the folder or a file in it cannot be written.
        DataError: the record holds something that has no form in JSON.
    """
    return put(folder, name, encoded(msgspec.structs.asdict(record)), html(sheet).encode())


def _aligned(grid: Grid) -> list[str]:
    """The class of each column: `n`, at the right, where all its cells are numbers; `whole` where they are short."""
    columns = (tuple(row[place] for row in grid.rows) for place in range(len(grid.head)))
    return [
        "n"
        if all(NUMBER.fullmatch(cell) for cell in column)
        else "whole"
        if max((len(cell) for cell in column), default=0) <= SHORT
        else ""
        for column in columns
    ]
