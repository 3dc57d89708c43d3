"""What a table promises: a schema of the validation library, and what a schema alone cannot say."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import dataframely as dy
import polars as pl
from polars.datatypes import DataType, DataTypeClass
from polars.exceptions import PolarsError

from afield.errors import ContractError

Types = Mapping[str, DataType | DataTypeClass]


@dataclass(frozen=True, slots=True)
class Reference:
    """Every value of `column` that is not null stands in column `to` of `table`."""

    column: str
    table: str
    to: str


@dataclass(frozen=True, slots=True)
class Contract:
    """What a table promises to everything that reads it.

    Types, nulls, ranges, keys, uniqueness and conditional rules are the schema's; a column's unit is its metadata
    `unit`. A row that breaks a promise about rows is set aside; a table that breaks one about the whole (its columns,
    `filled`, `monotone`) is refused.

    Attributes:
        table: its name.
        schema: what each row is; further columns are nobody's business.
        owner: who answers for it.
        references: into other tables.
        time: the column that says when a row became known, or "".
        monotone: whether rows come in the order of `time`.
        fresh_within: greatest age of the newest row that users may count on, or None.
        filled: whether it must have a row.

    Raises:
        ContractError: it contradicts itself.
    """

    table: str
    schema: type[dy.Schema]
    owner: str = ""
    references: tuple[Reference, ...] = ()
    time: str = ""
    monotone: bool = False
    fresh_within: timedelta | None = None
    filled: bool = False

    def __post_init__(self) -> None:
        """Refuse what nothing can keep."""
        types, has = self.types, f"it has {', '.join(self.schema.column_names())}"
        if (self.monotone or self.fresh_within is not None) and not self.time:
            raise self._refused("order and freshness need a time; name the column in `time`")
        for column in (*(each.column for each in self.references), *([self.time] if self.time else [])):
            if column not in types:
                raise self._refused(f"column {column!r} is not in its schema; {has}")
        if self.time and not types[self.time].is_temporal():
            raise self._refused(f"time {self.time!r} is {types[self.time]}; name a column of moments or days")
        if self.fresh_within is not None and self.fresh_within <= timedelta(0):
            raise self._refused(f"nothing is fresh within {self.fresh_within}; give more than none")
        try:
            self.schema.filter(pl.DataFrame(schema=types))
        except PolarsError as error:
            first = str(error).partition("\n")[0].partition(";")[0]
            raise self._refused(f"a rule cannot be evaluated: {first}; {has}") from error

    @property
    def types(self) -> dict[str, pl.DataType]:
        """Column → type."""
        return {name: column.dtype for name, column in self.schema.columns().items()}

    @property
    def units(self) -> dict[str, str]:
        """Column → unit, of those that have one."""
        units = {name: (column.metadata or {}).get("unit") for name, column in self.schema.columns().items()}
        return {name: str(unit) for name, unit in units.items() if unit}

    @property
    def key(self) -> tuple[str, ...]:
        """The columns that together name a row."""
        return tuple(self.schema.primary_key())

    def _refused(self, words: str) -> ContractError:
        return ContractError(f"contract of {self.table} ({self.schema.__name__}): {words}")


def consistent(contracts: Sequence[Contract], tables: Mapping[str, Types]) -> None:
    """Refuse contracts that contradict each other, or the tables that an application declares.

    Raises:
        ContractError: a table is promised twice or not declared, a column has another type, or a reference leads
            nowhere, to another type, or around in a circle.
    """
    named = [contract.table for contract in contracts]
    for contract in contracts:
        where = f"contract of {contract.table}"
        if named.count(contract.table) > 1:
            raise ContractError(f"{where}: it is there twice; make one of the two")
        _like(where, contract.types, tables, contract.table)
        for reference in contract.references:
            to = {reference.to: contract.types[reference.column]}
            _like(f"{where}, reference of {reference.column}", to, tables, reference.table)
    in_order(contracts)


def in_order(contracts: Sequence[Contract]) -> tuple[Contract, ...]:
    """The contracts, each after those whose tables it refers to.

    Raises:
        ContractError: they refer to each other.
    """
    left, placed = list(contracts), list[Contract]()
    while left:
        waiting = {contract.table for contract in left}
        ready = [each for each in left if not {to.table for to in each.references if to.table != each.table} & waiting]
        if not ready:
            raise ContractError(f"contracts of {', '.join(sorted(waiting))} refer to each other; let one side go")
        placed += ready
        left = [each for each in left if each not in ready]
    return tuple(placed)


def _like(where: str, promised: Types, tables: Mapping[str, Types], table: str) -> None:
    """Refuse columns that a declared table lacks, or has in another type."""
    if table not in tables:
        raise ContractError(f"{where}: there is no table {table!r}; declared are {', '.join(tables) or 'none'}")
    for name, kind in promised.items():
        found = tables[table].get(name)
        if found is None:
            raise ContractError(f"{where}: table {table} has no column {name!r}; it has {', '.join(tables[table])}")
        if found != kind:
            raise ContractError(f"{where}: {table}.{name} is declared as {found}, {kind} is promised; make them one")
