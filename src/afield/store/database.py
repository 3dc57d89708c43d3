"""The database of a ledger: opened by URL, SQLite in a file or PostgreSQL, its failures told in the tree of errors."""

import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError, SQLAlchemyError

from afield.errors import StoreError

BUSY = 30
"""Seconds to wait for a file that another connection writes."""
PATIENCE = 10
"""Seconds after which a server that does not answer, or a statement that does not end, counts as gone."""
# PostgreSQL refuses what two make at the same moment, in more ways than one: the second waits for the first.
_ALONE = {"sqlite": "PRAGMA journal_mode=WAL", "postgresql": "SELECT pg_advisory_xact_lock(hashtext('afield_ledger'))"}


@dataclass(frozen=True, slots=True)
class Database:
    """A database that was opened.

    Attributes:
        engine: connects to it.
        place: its URL without the password, for people.
    """

    engine: Engine
    place: str

    @property
    def kind(self) -> str:
        """The name of its kind: sqlite or postgresql."""
        return self.engine.dialect.name

    def alone(self, connection: Connection) -> None:
        """Let nobody else make tables until this transaction ends; a file becomes one that is written ahead."""
        connection.execute(text(_ALONE[self.kind]))

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turn what the database raises into the tree of errors."""
        try:
            yield
        except SQLAlchemyError as error:
            cause = getattr(error, "orig", None) or error
            raise StoreError(
                f"the ledger {self.place} cannot be used: {str(cause).partition(chr(10))[0]}; "
                "look at the file or server, and restore it from a backup if it is damaged"
            ) from error


def open_database(url: str) -> Database:
    """The database at a SQLAlchemy URL; a server is not asked yet, the folder of a file is made.

    Raises:
        StoreError: no ledger can be kept there.
    """
    try:
        parsed = make_url(url)
        place = parsed.render_as_string(hide_password=True)
        kind = parsed.get_backend_name()
        if kind not in _ALONE:
            raise StoreError(f"{place}: no ledger can be kept there; use a SQLite or PostgreSQL URL")
        return Database(_file(parsed) if kind == "sqlite" else _server(parsed), place)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StoreError(f"the ledger's URL cannot be used: {error}; write sqlite:///PATH") from error
    except ImportError as error:
        raise StoreError(
            f"{place}: its driver is not installed ({error}); run: pip install 'afield[postgres]'"
        ) from error
    except OSError as error:
        raise StoreError(f"{place}: {error.strerror}; mend the folder's permissions") from error


def busy(error: OperationalError) -> bool:
    """Whether SQLite says that another connection holds the file; extended codes keep the reason in the low byte."""
    code: int = getattr(error.orig, "sqlite_errorcode", 0)
    return code & 0xFF == sqlite3.SQLITE_BUSY


def _file(url: URL) -> Engine:
    """A file is opened for each use: it is cheap, and nothing is shared with a forked process."""
    Path(url.database or "").absolute().parent.mkdir(parents=True, exist_ok=True)
    return create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY})


def _server(url: URL) -> Engine:
    """Connections are kept, and looked at before each use: a server that was started again is found again."""
    if url.drivername == "postgresql":
        url = url.set(drivername="postgresql+psycopg")
    waits = {
        "connect_timeout": str(PATIENCE),
        "tcp_user_timeout": str(PATIENCE * 1000),
        "options": f"-c statement_timeout={round(PATIENCE * 1000)}",
    }
    engine = create_engine(
        url,
        poolclass=QueuePool,
        pool_pre_ping=True,
        pool_timeout=PATIENCE,
        connect_args={name: value for name, value in waits.items() if name not in url.query},
    )
    weakref.finalize(engine, engine.pool.dispose)
    return engine
