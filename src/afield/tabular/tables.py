"""The tables of a tabular application: rows that were asked about, and what came true of them."""

from typing import TypeAlias

import polars as pl

from afield.tabular.columns import Columns
from afield.workshop.plan import Table

ROWS, OUTCOMES = "rows", "outcomes"
Schema: TypeAlias = dict[str, pl.DataType]

MOMENT = pl.Datetime("us")


def tables(columns: Columns) -> dict[str, Table]:
    """`rows` and `outcomes`, by name."""
    asked: Schema = {**dict.fromkeys(columns.numbers, pl.Float64()), **dict.fromkeys(columns.categories, pl.String())}
    rows: Schema = {"row": pl.String(), "at": MOMENT, "known_at": MOMENT, **asked}
    outcomes: Schema = {
        "outcome": pl.String(),
        "at": MOMENT,
        "known_at": MOMENT,
        "row": pl.String(),
        "value": pl.Float64(),
    }
    return {
        ROWS: Table(rows, key=("row",), time="at", kind="row", identity="row"),
        OUTCOMES: Table(outcomes, key=("outcome",), time="at", kind="outcome", identity="outcome"),
    }
