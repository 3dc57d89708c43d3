"""The facts of the last weeks in memory: loaded from the tables, kept up from the spool."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

import polars as pl

from afield.records.traffic import Fact
from afield.workshop.plan import Table


class TableStore(Protocol):
    """What history needs of the store."""

    def exists(self, name: str) -> bool:
        """Whether the table has a version."""
        ...

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        """The table's rows."""
        ...


class History:
    """Facts by table, those of the lookback."""

    def __init__(self, store: TableStore, tables: Mapping[str, Table], lookback: timedelta) -> None:
        """Start empty; `load` brings what the store has."""
        self._store = store
        self._tables = tables
        self._lookback = lookback
        self._kinds = {table.kind: name for name, table in tables.items() if table.kind}
        self._frames = {name: pl.DataFrame(schema=dict(table.schema)) for name, table in tables.items()}
        self._seen: dict[str, set[str]] = {name: set() for name in self._kinds.values()}
        self._newest: datetime | None = None

    def load(self) -> None:
        """Bring the lookback before what became known last into memory from the store."""
        for name, table in self._tables.items():
            if not self._store.exists(name):
                continue
            rows = table.cast(self._store.scan(name), name)
            newest = rows.select(pl.col("known_at").max()).collect().item() if table.identity else None
            if newest is not None:
                rows = rows.filter(pl.col(str(table.time)) >= newest - self._lookback)
            frame = table.once(rows).collect()
            self._frames[name] = frame
            if table.identity:
                self._seen[name] = set(frame[table.identity].to_list())

    def take(self, facts: Iterable[Fact]) -> int:
        """Add facts that were not there; how many were new. A fact sent again changes nothing."""
        new: dict[str, list[Fact]] = {}
        for fact in facts:
            name = self._kinds[fact.kind]
            if fact.id not in self._seen[name]:
                self._seen[name].add(fact.id)
                new.setdefault(name, []).append(fact)
        for name, rows in new.items():
            table = self._tables[name]
            frame = pl.concat([self._frames[name], as_frame(rows, table)])
            self._frames[name] = frame if table.identity else table.once(frame.lazy()).collect()
        return sum(len(rows) for rows in new.values())

    def newest(self, before: datetime) -> datetime | None:
        """When the newest fact that clients or a build brought was known, as far as it lies before a moment."""
        for name, table in self._tables.items():
            if table.identity:
                known = self._frames[name].filter(pl.col("known_at") <= before)["known_at"].max()
                if isinstance(known, datetime):
                    self._newest = max(known, self._newest or known)
        return self._newest

    @property
    def held(self) -> Mapping[str, pl.LazyFrame]:
        """The history as it is held, nothing let go."""
        return {name: frame.lazy() for name, frame in self._frames.items()}

    def frames(self, before: datetime) -> Mapping[str, pl.LazyFrame]:
        """The history that a tick at `before` may look at; rows that are too old to matter are let go."""
        for name, table in self._tables.items():
            if table.time is not None and self._frames[name].height:
                self._forget(name, table, before - self._lookback)
        return self.held

    def _forget(self, name: str, table: Table, before: datetime) -> None:
        """Drop rows older than `before`, not at every tick but when a tenth of the lookback has gathered."""
        frame = self._frames[name]
        oldest = frame[table.time].min() if table.time else None
        if isinstance(oldest, datetime) and oldest < before - self._lookback / 10:
            kept = frame.filter(pl.col(str(table.time)) >= before)
            if table.identity:
                gone = frame.filter(pl.col(str(table.time)) < before)[table.identity]
                self._seen[name].difference_update(gone.to_list())
            self._frames[name] = kept


def as_frame(facts: Iterable[Fact], table: Table) -> pl.DataFrame:
    """Facts of one kind as rows of their table; times in `fields` are ISO 8601 text."""
    rows = list(facts)
    columns: dict[str, pl.Series] = {}
    for name, dtype in table.schema.items():
        if name == table.identity:
            columns[name] = pl.Series(name, [row.id for row in rows], dtype=dtype)
        elif name == "at":
            columns[name] = pl.Series(name, [row.at for row in rows], dtype=dtype)
        elif name == "known_at":
            columns[name] = pl.Series(name, [row.known_at or row.at for row in rows], dtype=dtype)
        elif dtype == pl.Datetime:
            moments = [_moment(row.fields.get(name)) for row in rows]
            columns[name] = pl.Series(name, moments, dtype=dtype)
        else:
            columns[name] = pl.Series(name, [row.fields.get(name) for row in rows], dtype=dtype)
    return pl.DataFrame(columns)


def _moment(value: str | int | float | bool | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value))
