"""The ledger, in a file and on a server: appended to by many, changed by nobody, never opened by an older Afield."""

import sqlite3
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from afield.errors import StoreError
from afield.records.decision import Entry
from afield.store.database import open_database
from afield.store.ledger import SCHEMA, Ledger
from tests.store.conftest import Fresh

AT = datetime(2023, 7, 1, 18, 15)


def entry(kind: str = "promoted", subject: str = "r1", application: str = "surge") -> Entry:
    recorded = datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
    return Entry(application, kind, subject, "afield", "it was better", AT, recorded, "r0", {"p": 0.01, "n": "960"})


def run(url: str, statement: str) -> None:
    """Run a statement behind the ledger's back."""
    with open_database(url).engine.begin() as connection:
        connection.execute(text(statement))


def test_an_entry_comes_back_with_its_place(url: str) -> None:
    ledger = Ledger(url)
    first, second = ledger.append(entry()), ledger.append(entry("rolled_back"))
    assert (first.sequence, second.sequence) == (1, 2)
    assert ledger.entries("surge") == (first, second)
    assert Ledger(url).entries("surge") == (first, second)


def test_entries_are_chosen_by_application_kind_subject_and_place(url: str) -> None:
    ledger = Ledger(url)
    for one in (entry(), entry("stage"), entry(subject="r2"), entry(application="signs"), entry("stage", "r2")):
        ledger.append(one)

    def chosen(kinds: tuple[str, ...] = (), subject: str | None = None, after: int = 0) -> list[int]:
        return [one.sequence for one in ledger.entries("surge", kinds, subject, after)]

    assert chosen() == [1, 2, 3, 5]
    assert chosen(kinds=("stage", "alert")) == [2, 5]
    assert chosen(subject="r2") == [3, 5]
    assert chosen(kinds=("stage",), after=2) == [5]
    assert ledger.entries("none") == ()


@pytest.mark.parametrize("statement", ["UPDATE afield_ledger SET reason = 'never'", "DELETE FROM afield_ledger"])
def test_the_database_refuses_to_change_an_entry(url: str, statement: str) -> None:
    ledger = Ledger(url)
    kept = ledger.append(entry())
    with pytest.raises(DBAPIError, match="append-only"):
        run(url, statement)
    assert ledger.entries("surge") == (kept,)


@pytest.mark.parametrize(
    ("scheme", "statement"),
    [
        (
            "sqlite",
            "INSERT OR REPLACE INTO afield_ledger SELECT 1, application, 'x', subject, actor, reason, at, recorded, "
            "replaces, evidence FROM afield_ledger",
        ),
        ("postgresql", "TRUNCATE afield_ledger"),
    ],
)
def test_the_database_refuses_what_is_its_own_way_round(url: str, scheme: str, statement: str) -> None:
    if not url.startswith(scheme):
        pytest.skip(f"a statement of {scheme}")
    ledger = Ledger(url)
    kept = ledger.append(entry())
    with pytest.raises(DBAPIError, match="append-only"):
        run(url, statement)
    assert ledger.entries("surge") == (kept,)


def test_a_newer_ledger_is_refused_before_anything_is_changed(url: str) -> None:
    ledger = Ledger(url)
    kept = ledger.append(entry())
    run(url, f"INSERT INTO afield_schema VALUES ({SCHEMA + 1})")  # noqa: S608 - a number of our own
    with pytest.raises(StoreError, match=f"schema {SCHEMA + 1}.*upgrade Afield"):
        Ledger(url)
    assert ledger.entries("surge") == (kept,)


def test_a_making_that_was_cut_short_is_taken_up(url: str) -> None:
    open_database(url)
    run(url, "CREATE TABLE afield_schema (version INTEGER NOT NULL PRIMARY KEY)")
    assert Ledger(url).append(entry()).sequence == 1


def test_a_file_is_written_ahead(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_many_processes_append_without_loss_gap_or_double(url: str) -> None:
    code = (
        "import sys; from datetime import UTC, datetime; from afield.records.decision import Entry\n"
        "from afield.store.ledger import Ledger\n"
        "ledger = Ledger(sys.argv[1])\n"
        "for number in range(25):\n"
        "    now = datetime.now(UTC)\n"
        "    at = now.replace(tzinfo=None)\n"
        "    ledger.append(Entry('surge', 'stage', f'{sys.argv[2]}-{number}', 'a', 'b', at, now))\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, url, str(name)]) for name in range(3)]
    assert [process.wait() for process in processes] == [0, 0, 0]
    found = Ledger(url).entries("surge")
    assert [one.sequence for one in found] == list(range(1, 76))
    for name in range(3):
        own = [one.subject for one in found if one.subject.startswith(f"{name}-")]
        assert own == [f"{name}-{number}" for number in range(25)]


def test_many_may_make_it_at_the_same_moment(fresh: Fresh) -> None:
    for _ in range(4):
        place, together = fresh(), threading.Barrier(6)

        def opened(place: str = place, together: threading.Barrier = together) -> tuple[Entry, ...]:
            together.wait()
            return Ledger(place).entries("surge")

        with ThreadPoolExecutor(6) as threads:
            assert [one.result() for one in [threads.submit(opened) for _ in range(6)]] == [()] * 6


def test_numbers_that_are_not_finite_are_kept_as_text(url: str) -> None:
    ledger = Ledger(url)
    odd = Entry("surge", "stage", "r", "a", "b", AT, datetime.now(UTC), evidence={"x": float("nan"), "y": float("inf")})
    ledger.append(odd)
    assert ledger.entries("surge")[0].evidence == {"x": "nan", "y": "inf"}


def test_times_of_the_wrong_sort_are_refused(url: str) -> None:
    ledger = Ledger(url)
    with pytest.raises(StoreError, match="domain time"):
        ledger.append(Entry("surge", "stage", "r", "a", "b", AT, AT))
    with pytest.raises(StoreError, match="domain time"):
        ledger.append(Entry("surge", "stage", "r", "a", "b", datetime.now(UTC), datetime.now(UTC)))


def test_a_file_that_is_no_ledger_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database at all, and long enough to be seen as one" * 10)
    with pytest.raises(StoreError, match=r"ledger\.db.*not a database"):
        Ledger(f"sqlite:///{tmp_path / 'ledger.db'}")


@pytest.mark.parametrize("wrong", ["nonsense", "oracle://x/y", "mssql://x/y"])
def test_a_url_that_cannot_be_used_says_what_can(wrong: str) -> None:
    with pytest.raises(StoreError, match=r"sqlite:///PATH|SQLite or PostgreSQL"):
        Ledger(wrong)


def test_a_password_is_not_shown() -> None:
    with pytest.raises(StoreError) as caught:
        Ledger("postgresql://afield:secret@127.0.0.1:1/x")
    assert "secret" not in str(caught.value)
    assert "afield:***@127.0.0.1:1/x cannot be used" in str(caught.value)


def test_what_does_not_fit_a_column_is_refused_alike(url: str) -> None:
    with pytest.raises(StoreError, match="subject is longer than 200 characters"):
        Ledger(url).append(entry(subject="r" * 201))
