"""The ledger: who did what to which release, when and why; appended to, never changed."""

import math
import time
from collections.abc import Collection
from datetime import datetime

import msgspec
from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    literal,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.schema import CreateTable

from afield.errors import ConflictError, StoreError
from afield.records.decision import Entry
from afield.store.database import BUSY, busy, open_database
from afield.store.lease import Lease, Leases, lost, still_held

SCHEMA = 1
ATTEMPTS = 20
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
        self._database = open_database(url)
        self._engine, self._place = self._database.engine, self._database.place
        with self._database.explained():
            version = self._version()
            if version is None:
                self._make()
            elif version > SCHEMA:
                raise StoreError(
                    f"the ledger {self._place} has schema {version}, this Afield knows {SCHEMA}; "
                    "upgrade Afield. Nothing was changed"
                )

    @property
    def leases(self) -> Leases:
        """Who leads which application; their table is made where it is missing.

        Raises:
            StoreError: the ledger cannot be used.
        """
        return Leases(self._database)

    def append(self, entry: Entry, under: Lease | None = None) -> Entry:
        """Append an entry; it comes back with its place in the ledger.

        Numbers in its evidence that are not finite are kept as text ("nan", "inf"), which JSON can hold.

        Args:
            entry: what was decided.
            under: the lease of a leader: its word counts only while nobody else has taken the lease, which the
                database looks at in the same statement.

        Raises:
            LeaseError: somebody else holds the lease by now; nothing was appended.
            ConflictError: others appended first, twenty times in a row.
            StoreError: it does not fit its columns, or the ledger cannot be written.
        """
        values = self._values(entry)
        # One statement numbers and inserts, so that readers see numbers in the order of commits, without gaps.
        following = select(func.coalesce(func.max(_ENTRIES.c.sequence), 0) + 1).scalar_subquery()
        row = select(following, *(literal(values[field]) for field in _FIELDS[1:]))
        if under is not None:
            row = row.where(still_held(under))
        statement = insert(_ENTRIES).from_select(_FIELDS, row).returning(_ENTRIES.c.sequence)
        for _ in range(ATTEMPTS):
            with self._database.explained():
                try:
                    with self._engine.begin() as connection:
                        sequence = connection.execute(statement).scalar_one_or_none()
                except IntegrityError:
                    continue
            if sequence is None and under is not None:
                raise lost(under)
            evidence = msgspec.json.decode(values["evidence"], type=dict[str, float | str])
            return msgspec.structs.replace(entry, evidence=evidence, sequence=sequence)
        raise ConflictError(f"{self._place}: others appended first, {ATTEMPTS} times; the entry is kept, try again")

    def _values(self, entry: Entry) -> dict[str, str]:
        """What stands in the columns of a row, the place of the entry left out."""
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
        for column in _ENTRIES.columns:
            longest = getattr(column.type, "length", None)
            if longest is not None and len(values[column.name]) > longest:
                raise StoreError(f"{entry.kind}: its {column.name} is longer than {longest} characters; shorten it")
        return values

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
        with self._database.explained(), self._engine.connect() as connection:
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

    def applications(self) -> tuple[str, ...]:
        """The applications that have entries, by name.

        Raises:
            StoreError: the ledger cannot be read.
        """
        query = select(_ENTRIES.c.application).distinct().order_by(_ENTRIES.c.application)
        with self._database.explained(), self._engine.connect() as connection:
            return tuple(connection.execute(query).scalars())

    def _version(self) -> int | None:
        """The schema that the ledger was made with; None where it was not finished."""
        with self._engine.connect() as connection:
            if not inspect(connection).has_table(_SCHEMA.name):
                return None
            version: int | None = connection.execute(select(func.max(_SCHEMA.c.version))).scalar_one()
            return version

    def _make(self) -> None:
        """Make what is missing; the version comes last, so that a making that was cut short is taken up again."""
        deadline = time.monotonic() + BUSY
        while time.monotonic() < deadline:
            try:
                with self._engine.connect() as connection:
                    self._database.alone(connection)
                    self._make_tables(connection)
                    connection.commit()
                return
            except (IntegrityError, OperationalError) as error:
                # Another process makes it at the same moment. SQLite does not wait for it where a file becomes WAL.
                if isinstance(error, OperationalError) and not busy(error):
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
