"""Production data as a source: what the service collected, in its tables."""

import hashlib
from collections.abc import Mapping

import polars as pl

from afield.data.sources import Extract
from afield.errors import DataError
from afield.store.tables import Tables
from afield.workshop.plan import Table

PRODUCTION = "production"


class Production:
    """The tables of history as they are now; a row sent twice counts once."""

    def __init__(self, store: Tables, tables: Mapping[str, Table]) -> None:
        """Read `tables` from `store`."""
        self._store = store
        self._tables = tables

    def read(self) -> Extract:
        """Every table; one that nobody filled is empty.

        Raises:
            DataError: the service has collected nothing yet.
        """
        if not any(self._store.exists(name) for name in self._tables):
            raise DataError("the service has collected nothing yet; build from --data first, then serve")
        held = {name: self._table(name, table) for name, table in self._tables.items()}
        main = next(name for name, table in self._tables.items() if table.kind)
        rows = int(held[main].select(pl.len()).collect().item())
        return Extract(tables=held, rows_read=rows, messages=("read from what the service collected",))

    def fingerprint(self) -> str:
        """SHA-256 (hex) over the tables' versions."""
        versions = [(name, self._store.versions(name)[-1]) for name in self._tables if self._store.exists(name)]
        return hashlib.sha256(repr(versions).encode()).hexdigest()

    def _table(self, name: str, table: Table) -> pl.LazyFrame:
        if not self._store.exists(name):
            return pl.LazyFrame(schema=dict(table.schema))
        return table.once(table.cast(self._store.scan(name), name))
