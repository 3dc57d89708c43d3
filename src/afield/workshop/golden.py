"""Golden rows of a release: a small world of raw facts, and the features and outputs that follow from it."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.features.compute import compute
from afield.features.feature import FeatureSet
from afield.workshop.plan import Table

Cell = str | int | float | bool | None
Plain = Mapping[str, list[dict[str, Cell]]]


def to_plain(history: Mapping[str, pl.LazyFrame]) -> dict[str, list[dict[str, Cell]]]:
    """Tables as rows that JSON can hold; times become ISO 8601 text."""
    return {
        name: [{column: _plain(value) for column, value in row.items()} for row in table.collect().to_dicts()]
        for name, table in history.items()
    }


def from_plain(rows: Plain, tables: Mapping[str, Table]) -> dict[str, pl.LazyFrame]:
    """The tables again, in the types of `tables`; a table that is not among the rows is empty."""
    return {name: _frame(rows.get(name, []), table).lazy() for name, table in tables.items()}


def computing(
    feature_set: FeatureSet, tables: Mapping[str, Table], key_type: pl.DataType
) -> Callable[[datetime, tuple[str, ...], Plain], dict[str, NDArray[np.float64]]]:
    """The function from golden rows' raw history to feature columns, in the order of the keys."""
    key = feature_set.keys[0]

    def make(tick: datetime, keys: tuple[str, ...], rows: Plain) -> dict[str, NDArray[np.float64]]:
        spine = pl.DataFrame({key: pl.Series(keys).cast(key_type), feature_set.origin: pl.Series([tick] * len(keys))})
        columns = compute(feature_set, spine, from_plain(rows, tables))
        return as_columns(columns, feature_set.names)

    return make


def as_columns(frame: pl.DataFrame, names: Sequence[str]) -> dict[str, NDArray[np.float64]]:
    """Columns of a frame as float64 arrays; null becomes NaN."""
    matrix = frame.select(pl.col(list(names)).cast(pl.Float64).fill_null(np.nan)).to_numpy(order="fortran")
    return {name: matrix[:, place] for place, name in enumerate(names)}


def _frame(rows: list[dict[str, Cell]], table: Table) -> pl.DataFrame:
    columns = {}
    for name, dtype in table.schema.items():
        values: list[object] = [row.get(name) for row in rows]
        if dtype == pl.Datetime:
            values = [None if value is None else datetime.fromisoformat(str(value)) for value in values]
        elif dtype == pl.Date:
            values = [None if value is None else date.fromisoformat(str(value)) for value in values]
        columns[name] = pl.Series(name, values, dtype=dtype)
    return pl.DataFrame(columns)


def _plain(value: object) -> Cell:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    raise TypeError(f"a {type(value).__name__} has no place in golden rows")
