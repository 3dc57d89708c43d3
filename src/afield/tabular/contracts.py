"""What the tables of a tabular application promise: rows once each, finite numbers, outcomes of rows that are there."""

import dataframely as dy

from afield.data.contract import Contract, Reference
from afield.tabular.columns import Columns
from afield.tabular.tables import OUTCOMES, ROWS

LEAST = {"yes_or_no": 0.0, "count": 0.0, "number": None}
MOST = {"yes_or_no": 1.0, "count": None, "number": None}


def contracts(columns: Columns) -> tuple[Contract, ...]:
    """One for each table; only `rows` must have a row."""
    asked: dict[str, dy.Column] = {name: dy.Float64(nullable=True) for name in columns.numbers}
    asked |= {name: dy.String(nullable=True) for name in columns.categories}
    moments = {"at": dy.Datetime(), "known_at": dy.Datetime()}
    rows: type[dy.Schema] = type("Rows", (dy.Schema,), {"row": dy.String(primary_key=True), **moments, **asked})
    said = {
        "outcome": dy.String(primary_key=True),
        "row": dy.String(),
        "value": dy.Float64(min=LEAST[columns.kind], max=MOST[columns.kind]),
    }
    outcomes: type[dy.Schema] = type("Outcomes", (dy.Schema,), {**said, **moments})
    return (
        Contract(ROWS, rows, time="known_at", filled=True),
        Contract(OUTCOMES, outcomes, references=(Reference("row", ROWS, "row"),), time="known_at"),
    )
