"""The ledger: releases, decisions and alerts as rows that are appended and never changed.

SQLite in WAL mode by default, any SQLAlchemy URL otherwise. One row says which schema the tables have.
"""

from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    DateTime,
    Engine,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    create_engine,
    event,
    insert,
    inspect,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from afield.errors import StoreError
from afield.records.decision import Entry

SCHEMA = 1

_TABLES = MetaData()
_SCHEMA = Table("schema_version", _TABLES, Column("version", Integer, nullable=False))
_ENTRIES = Table(
    "entries",
    _TABLES,
    Column("sequence", Integer, primary_key=True, autoincrement=True),
    Column("application", String(200), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", DateTime, nullable=False),
    Column("recorded", DateTime, nullable=False),
    Column("replaces", String(200), nullable=False),
    Column("evidence", Text, nullable=False),
    sqlite_autoincrement=True,
)
_REFUSALS = tuple(
    f"CREATE TRIGGER IF NOT EXISTS entries_no_{verb.lower()} BEFORE {verb} ON entries "
    "BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END"
    for verb in ("UPDATE", "DELETE")
)


class Ledger:
    """An append-only journal that many processes may share."""

    def __init__(self, url: str) -> None:
        """Open the ledger at an SQLAlchemy URL; it is made where there is none.

        Raises:
            StoreError: it cannot be opened, or a newer Afield wrote it; nothing was changed.
        """
        self._url = make_url(url).render_as_string(hide_password=True)
        self._engine = _engine(url)
        try:
            with self._engine.begin() as connection:
                _prepare(connection, self._url)
        except SQLAlchemyError as error:
            raise StoreError(f"ledger {self._url}: cannot be opened ({error.__cause__ or error})") from error

    def append(self, entry: Entry) -> Entry:
        """Append a row; the entry with the sequence that it was given.

        Raises:
            StoreError: it could not be written; nothing was changed.
        """
        row = {
            **{name: getattr(entry, name) for name in ("application", "kind", "subject", "actor", "reason", "at")},
            "recorded": entry.recorded.astimezone(UTC).replace(tzinfo=None),
            "replaces": entry.replaces,
            "evidence": msgspec.json.encode(entry.evidence).decode(),
        }
        try:
            with self._engine.begin() as connection:
                key = connection.execute(insert(_ENTRIES).values(row)).inserted_primary_key
        except SQLAlchemyError as error:
            raise StoreError(f"ledger {self._url}: the row was not written ({error.__cause__ or error})") from error
        return msgspec.structs.replace(entry, sequence=int(key[0]) if key else 0)

    def entries(
        self, application: str, kinds: Sequence[str] = (), subject: str | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """Rows of an application in the order of appending, those with a sequence above `after`.

        Args:
            application: whose.
            kinds: only these; all where none is named.
            subject: only those about this release, alert or override.
            after: sequence that has been seen already.

        Raises:
            StoreError: the ledger cannot be read.
        """
        query = select(_ENTRIES).where(_ENTRIES.c.application == application, _ENTRIES.c.sequence > after)
        if kinds:
            query = query.where(_ENTRIES.c.kind.in_(kinds))
        if subject is not None:
            query = query.where(_ENTRIES.c.subject == subject)
        try:
            with self._engine.connect() as connection:
                rows = connection.execute(query.order_by(_ENTRIES.c.sequence)).mappings().all()
        except SQLAlchemyError as error:
            raise StoreError(f"ledger {self._url}: cannot be read ({error.__cause__ or error})") from error
        return tuple(
            Entry(
                **{
                    **row,
                    "recorded": row["recorded"].replace(tzinfo=UTC),
                    "evidence": msgspec.json.decode(row["evidence"], type=dict[str, float | str]),
                }
            )
            for row in rows
        )

    def close(self) -> None:
        """Let the connections go."""
        self._engine.dispose()


def _engine(url: str) -> Engine:
    parsed = make_url(url)
    engine = create_engine(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)

        @event.listens_for(engine, "connect")
        def _set(connection: object, _record: object) -> None:
            cursor = connection.cursor()  # type: ignore[attr-defined]
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

    return engine


def _prepare(connection: Connection, url: str) -> None:
    """Make the tables in an empty database; refuse one that a newer version wrote."""
    if inspect(connection).has_table("schema_version"):
        version = connection.execute(select(_SCHEMA.c.version)).scalar()
        if version is not None and version > SCHEMA:
            raise StoreError(f"ledger {url}: has schema {version}, this Afield knows {SCHEMA}; upgrade afield")
        if version is not None:
            return
    _TABLES.create_all(connection)
    connection.execute(insert(_SCHEMA).values(version=SCHEMA))
    if connection.dialect.name == "sqlite":
        for statement in _REFUSALS:
            connection.execute(text(statement))
