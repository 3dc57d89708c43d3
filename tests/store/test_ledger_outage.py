"""A ledger that is locked, slow or gone: told plainly, and used again once it answers."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from afield.errors import StoreError
from afield.records.decision import Entry
from afield.store import database
from afield.store.ledger import Ledger
from afield.testing.postgres import Server


def row(kind: str = "stage") -> Entry:
    now = datetime.now(UTC)
    return Entry("surge", kind, "r", "afield", "why", now.replace(tzinfo=None), now)


def test_a_file_that_somebody_holds_is_told_and_read_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 0)
    file = tmp_path / "ledger.db"
    ledger = Ledger(f"sqlite:///{file}")
    kept = ledger.append(row())
    lease = ledger.leases.acquire("surge", "one", "here", 1000.0)
    assert lease is not None
    with closing(sqlite3.connect(file, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            ledger.append(row("alert"), lease)
        with pytest.raises(StoreError, match="locked"):
            ledger.leases.renew(lease, 1000.0)
        assert ledger.entries("surge") == (kept,)
        holder.execute("ROLLBACK")
    ledger.append(row("alert"), lease)


def test_connections_that_a_server_cut_are_made_again(server: Server) -> None:
    ledger = Ledger(server.url())
    ledger.append(row())
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE 'ledger%'")
    assert ledger.append(row("alert")).sequence == 2


def test_a_server_s_table_that_somebody_holds_is_told_in_time(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 1)
    url = server.url()
    ledger = Ledger(url)
    with database.open_database(url).engine.connect() as holder:
        holder.exec_driver_sql("LOCK TABLE afield_ledger")
        with pytest.raises(StoreError, match="statement timeout"):
            ledger.append(row())
    assert ledger.append(row()).sequence == 1
