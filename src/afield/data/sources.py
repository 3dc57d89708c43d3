"""A source of labelled history: what `read` gives, and how a source says that its content changed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import polars as pl

QUARANTINE = pl.Schema(
    {
        "source": pl.String,
        "row": pl.Int64,
        "rule": pl.String,
        "field": pl.String,
        "reason": pl.String,
        "raw": pl.String,
    }
)


@dataclass(frozen=True, slots=True)
class Extract:
    """Everything a source gave in one reading.

    Attributes:
        tables: history by table name, clean; a context table that was not there is empty and typed.
        rows_read: data rows of the main table that were read: kept plus quarantined, always.
        quarantined: rows of the main table set aside, columns as in `QUARANTINE`; `row` counts data rows of `source`
            from 1.
        messages: what was missing, left out or assumed, one sentence each.
        density: scale of generated demand against the real files; None for recorded data.
        generated: whether the rows were made up by a simulation.
        aside: rows of other tables that were set aside, by table, columns as in `QUARANTINE`.
        positions: table → `source` and `row` (from 1) of each of its rows, where they are known.
        private: fields of `raw` that tell of a person.
    """

    tables: Mapping[str, pl.LazyFrame]
    rows_read: int
    quarantined: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=QUARANTINE))
    messages: tuple[str, ...] = ()
    density: float | None = None
    generated: bool = False
    aside: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    positions: Mapping[str, pl.LazyFrame] = field(default_factory=dict)
    private: tuple[str, ...] = ()


class Source(Protocol):
    """Where history comes from."""

    def read(self) -> Extract:
        """Read, clean and type everything, or change nothing.

        Raises:
            DataError: a file is damaged, empty or lacks a column; the message names it.
        """
        ...

    def fingerprint(self) -> str:
        """SHA-256 (hex) that changes whenever `read` would give something else."""
        ...
