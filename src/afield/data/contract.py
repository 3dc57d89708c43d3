"""A table's declared contract, and what breaks it: types, nulls, ranges, keys, references."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from polars.datatypes import DataType, DataTypeClass


@dataclass(frozen=True, slots=True)
class Column:
    """What a column must be.

    Attributes:
        name: of the column.
        kind: its type, exactly.
        nullable: whether a value may be missing.
        low, high: smallest and largest value allowed, both included; None: no bound.
    """

    name: str
    kind: DataType | DataTypeClass
    nullable: bool = False
    low: float | datetime | None = None
    high: float | datetime | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """Every value of `column` that is not null stands in column `to` of `table`."""

    column: str
    table: str
    to: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table promises to everything that reads it.

    Attributes:
        table: its name.
        columns: what it has; further columns are nobody's business.
        key: columns that together name a row.
        references: into other tables.
        filled: whether it must have a row.
    """

    table: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: `count` rows of `table` break `rule` at `field`; `row` is the first, from 1."""

    table: str
    rule: str
    field: str
    count: int
    row: int | None
    message: str


def check(contract: Contract, tables: Mapping[str, pl.LazyFrame]) -> tuple[Finding, ...]:
    """What breaks the contract, in one pass over its table; nothing where it holds."""
    table = contract.table
    if table not in tables:
        return (Finding(table, "table", "", 0, None, f"table {table} is missing; the source must give it"),)
    schema = tables[table].collect_schema()
    wrong = tuple(finding for column in contract.columns for finding in _typed(table, column, schema))
    if wrong:
        return wrong
    rules = tuple(_rules(contract, tables))
    seen = (
        tables[table]
        .select(
            pl.len().alias("rows"),
            *(bad.sum().alias(f"count {number}") for number, (_, _, _, bad) in enumerate(rules)),
            *(bad.arg_max().alias(f"first {number}") for number, (_, _, _, bad) in enumerate(rules)),
        )
        .collect()
        .row(0, named=True)
    )
    if seen["rows"] == 0:
        empty = Finding(table, "filled", "", 0, None, f"table {table} has no row; check the period that was read")
        return (empty,) if contract.filled else ()
    return tuple(
        Finding(
            table,
            rule,
            name,
            seen[f"count {number}"],
            seen[f"first {number}"] + 1,
            f"{table}.{name}: {seen[f'count {number}']} of {seen['rows']} rows {words}, "
            f"first in row {seen[f'first {number}'] + 1}; correct them or set them aside in cleaning",
        )
        for number, (rule, name, words, _) in enumerate(rules)
        if seen[f"count {number}"]
    )


def _typed(table: str, column: Column, schema: pl.Schema) -> Iterable[Finding]:
    found = schema.get(column.name)
    if found is None:
        words = f"is missing; the table has {', '.join(schema)}"
    elif found != column.kind:
        words = f"is {found}, {column.kind} is promised; cast it where the source reads it"
    else:
        return
    yield Finding(table, "type", column.name, 0, None, f"{table}.{column.name} {words}")


def _rules(contract: Contract, tables: Mapping[str, pl.LazyFrame]) -> Iterable[tuple[str, str, str, pl.Expr]]:
    """Rule, field, words and the Boolean expression of the rows that break it."""
    for column in contract.columns:
        value = pl.col(column.name)
        if not column.nullable:
            yield "null", column.name, "are null", value.is_null()
        if column.low is not None:
            yield "range", column.name, f"are below {column.low}", (value < column.low).fill_null(value=False)
        if column.high is not None:
            yield "range", column.name, f"are above {column.high}", (value > column.high).fill_null(value=False)
    if contract.key:
        repeated = ~pl.struct(contract.key).is_first_distinct()
        yield "key", ", ".join(contract.key), "repeat the key of an earlier row", repeated
    for reference in contract.references:
        known = tables[reference.table].select(pl.col(reference.to).unique()).collect().to_series()
        absent = ~pl.col(reference.column).is_in(known.implode()) & pl.col(reference.column).is_not_null()
        yield "reference", reference.column, f"are not in {reference.table}.{reference.to}", absent
