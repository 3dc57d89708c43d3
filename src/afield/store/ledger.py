"""The ledger: who did what to which release, when and why; appended to, never changed."""

import math
import sqlite3
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    NullPool,
    QueuePool,
    String,
    Table,
    Text,
    create_engine,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateTable

from afield.errors import ConflictError, StoreError
from afield.records.decision import Entry

SCHEMA = 1
ATTEMPTS = 20
_BUSY = 30
_PAUSE = 0.02

_METADATA = MetaData()
_SCHEMA = Table("afield_schema", _METADATA, Column("version", Integer, primary_key=True, autoincrement=False))
_ENTRIES = Table(
    "afield_ledger",
    _METADATA,
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("application", String(200), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("subject", String(200), nullable=False),
    Column("actor", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", String(40), nullable=False),
    Column("recorded", String(40), nullable=False),
    Column("replaces", String(200), nullable=False),
    Column("evidence", Text, nullable=False),
)
_FIELDS = tuple(column.name for column in _ENTRIES.columns)

_REFUSE = "the ledger is append-only"
# SQLite's INSERT OR REPLACE removes a row without a DELETE: an insert may only come after the last row.
_TRIGGERS = {
    "sqlite": [
        f"CREATE TRIGGER IF NOT EXISTS afield_ledger_{event.lower()} BEFORE {event} ON afield_ledger {condition} "
        f"BEGIN SELECT RAISE(ABORT, '{_REFUSE}'); END"
        for event, condition in (
            ("UPDATE", ""),
            ("DELETE", ""),
            ("INSERT", "WHEN NEW.sequence <= (SELECT COALESCE(MAX(sequence), 0) FROM afield_ledger)"),
        )
    ],
    "postgresql": [
        "CREATE OR REPLACE FUNCTION afield_ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{_REFUSE}'; END $$",
        "CREATE OR REPLACE TRIGGER afield_ledger_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON afield_ledger "
        "FOR EACH STATEMENT EXECUTE FUNCTION afield_ledger_refuse()",
    ],
}


class Ledger:
    """Entries in the order in which they were appended, by any number of processes."""

    def __init__(self, url: str) -> None:
        """Open the ledger at a SQLAlchemy URL, and make it where there is none.

        SQLite and PostgreSQL are known: the database itself refuses to change or remove an entry.

        Raises:
            StoreError: it was written by a newer Afield (nothing is changed then), is none, or cannot be reached.
        """
        try:
            parsed = make_url(url)
            self._place = parsed.render_as_string(hide_password=True)
            if parsed.get_backend_name() not in _TRIGGERS:
                raise StoreError(f"{self._place}: no ledger can be kept there; use a SQLite or PostgreSQL URL")
            embedded = parsed.get_backend_name() == "sqlite"
            if embedded:
                Path(parsed.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
            # A file is opened for each use: it is cheap, and nothing is shared with a forked process.
            self._engine = create_engine(
                parsed,
                poolclass=NullPool if embedded else QueuePool,
                connect_args={"timeout": _BUSY} if embedded else {},
            )
        except (ArgumentError, NoSuchModuleError, ImportError) as error:
            raise StoreError(f"the ledger's URL cannot be used: {error}; write sqlite:///PATH") from error
        except OSError as error:
            raise StoreError(f"{self._place}: {error.strerror}; mend the folder's permissions") from error
        with self._explained():
            version = self._version()
            if version is None:
                self._make()
            elif version > SCHEMA:
                raise StoreError(
                    f"the ledger {self._place} has schema {version}, this Afield knows {SCHEMA}; "
                    "upgrade Afield. Nothing was changed"
                )

    def append(self, entry: Entry) -> Entry:
        """Append an entry; it comes back with its place in the ledger.

        Numbers in its evidence that are not finite are kept as text ("nan", "inf"), which JSON can hold.

        Raises:
            ConflictError: others appended first, twenty times in a row.
            StoreError: its times are not what they must be, or the ledger cannot be written.
        """
        if entry.at.tzinfo is not None or entry.recorded.tzinfo is None:
            raise StoreError(
                f"{entry.kind} of {entry.subject}: `at` must be naive (domain time), `recorded` aware (UTC)"
            )
        evidence = {
            name: value if isinstance(value, str) or math.isfinite(value) else str(value)
            for name, value in entry.evidence.items()
        }
        values = {
            **msgspec.structs.asdict(entry),
            "at": entry.at.isoformat(),
            "recorded": entry.recorded.isoformat(),
            "evidence": msgspec.json.encode(evidence).decode(),
        }
        # One statement numbers and inserts, so that readers see numbers in the order of commits, without gaps.
        following = select(func.coalesce(func.max(_ENTRIES.c.sequence), 0) + 1).scalar_subquery()
        row = select(following, *(literal(values[field]) for field in _FIELDS[1:]))
        statement = insert(_ENTRIES).from_select(_FIELDS, row).returning(_ENTRIES.c.sequence)
        for _ in range(ATTEMPTS):
            with self._explained():
                try:
                    with self._engine.begin() as connection:
                        sequence = connection.execute(statement).scalar_one()
                except IntegrityError:
                    continue
            return msgspec.structs.replace(entry, evidence=evidence, sequence=sequence)
        raise ConflictError(f"{self._place}: others appended first, {ATTEMPTS} times; the entry is kept, try again")

    def entries(
        self, application: str, kinds: Collection[str] = (), subject: str | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        """The entries of an application, oldest first.

        Args:
            application: its name.
            kinds: only these; all where it is empty.
            subject: only about this release, alert or override.
            after: only those with a higher sequence.

        Raises:
            StoreError: the ledger cannot be read.
        """
        query = select(_ENTRIES).where(_ENTRIES.c.application == application, _ENTRIES.c.sequence > after)
        if kinds:
            query = query.where(_ENTRIES.c.kind.in_(kinds))
        if subject is not None:
            query = query.where(_ENTRIES.c.subject == subject)
        with self._explained(), self._engine.connect() as connection:
            rows = connection.execute(query.order_by(_ENTRIES.c.sequence)).mappings().all()
        return tuple(
            Entry(
                application=row["application"],
                kind=row["kind"],
                subject=row["subject"],
                actor=row["actor"],
                reason=row["reason"],
                at=datetime.fromisoformat(row["at"]),
                recorded=datetime.fromisoformat(row["recorded"]),
                replaces=row["replaces"],
                evidence=msgspec.json.decode(row["evidence"], type=dict[str, float | str]),
                sequence=row["sequence"],
            )
            for row in rows
        )

    def _version(self) -> int | None:
        """The schema that the ledger was made with; None where it was not finished."""
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(_SCHEMA.name):
                return None
            version: int | None = connection.execute(select(func.max(_SCHEMA.c.version))).scalar_one()
            return version

    def _make(self) -> None:
        """Make what is missing; the version comes last, so that a making that was cut short is taken up again."""
        deadline = time.monotonic() + _BUSY
        while time.monotonic() < deadline:
            try:
                with self._engine.connect() as connection:
                    if connection.dialect.name == "sqlite":
                        connection.execute(text("PRAGMA journal_mode=WAL"))
                    self._make_tables(connection)
                    connection.commit()
                return
            except (IntegrityError, OperationalError) as error:
                # Another process makes it at the same moment. SQLite does not wait for it where a file becomes WAL.
                if isinstance(error, OperationalError) and not _busy(error):
                    raise
                time.sleep(_PAUSE)
        raise ConflictError(f"{self._place}: others make the ledger at the same moment; try again")

    def _make_tables(self, connection: Connection) -> None:
        for table in _METADATA.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))
        for trigger in _TRIGGERS[connection.dialect.name]:
            connection.execute(text(trigger))
        absent = select(literal(SCHEMA)).where(~select(_SCHEMA.c.version).exists())
        connection.execute(insert(_SCHEMA).from_select(["version"], absent))

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turn what the database raises into the tree of errors."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise StoreError(
                f"the ledger {self._place} cannot be used: {str(cause).partition(chr(10))[0]}; "
                "look at the file or server, and restore it from a backup if it is damaged"
            ) from error


def _busy(error: OperationalError) -> bool:
    """Whether SQLite says that another connection holds the file; extended codes keep the reason in the low byte."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY
