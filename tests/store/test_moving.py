"""A history moved from a file to a server: whole and numbered as it was, or refused with nothing changed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from afield.errors import UsageError
from afield.records.decision import Entry
from afield.store import moving
from afield.store.ledger import Ledger
from afield.store.moving import move_ledger
from afield.store.naming import named_ledger
from afield.testing.postgres import Server


def row(number: int, application: str = "surge") -> Entry:
    now = datetime.now(UTC)
    return Entry(
        application, "stage", f"r{number}", "afield", "why", now.replace(tzinfo=None), now, evidence={"n": 1.5}
    )


@pytest.fixture
def home(tmp_path: Path) -> Path:
    ledger = Ledger(f"sqlite:///{tmp_path / 'surge-60m' / 'ledger.db'}")
    for number in range(5):
        ledger.append(row(number, "surge" if number % 2 else "other"))
    return tmp_path


def test_every_row_is_there_with_its_number_and_the_file_aside(home: Path, server: Server) -> None:
    url = server.url()
    before = Ledger(f"sqlite:///{home / 'surge-60m' / 'ledger.db'}").entries("surge")
    assert move_ledger(home, url) == 5
    assert named_ledger(home) == url
    assert Ledger(url).entries("surge") == before
    assert not (home / "surge-60m" / "ledger.db").exists()
    assert (home / "surge-60m" / "ledger.db.moved").exists()
    with pytest.raises(UsageError, match="already"):
        move_ledger(home, url)


def test_what_was_interrupted_goes_on(home: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    url = server.url()

    def fail(root: Path, url: str) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(moving, "name_ledger", fail)
        with pytest.raises(KeyboardInterrupt):
            move_ledger(home, url)
    assert (home / "surge-60m" / "ledger.db").exists()
    assert named_ledger(home) == ""
    assert move_ledger(home, url) == 5
    assert len(Ledger(url).entries("surge")) == 2


def test_what_would_mix_histories_or_lose_rows_is_refused(home: Path, server: Server) -> None:
    url, file = server.url(), home / "surge-60m" / "ledger.db"
    with pytest.raises(UsageError, match="PostgreSQL"):
        move_ledger(home, f"sqlite:///{home / 'other.db'}")
    Ledger(url).append(row(9))
    with pytest.raises(UsageError, match="another home"):
        move_ledger(home, url)
    lease = Ledger(f"sqlite:///{file}").leases.acquire("surge", "process 1 on here", "here", 60.0)
    assert lease is not None
    with pytest.raises(UsageError, match="led by process 1"):
        move_ledger(home, server.url())
    Ledger(f"sqlite:///{home / 'signs' / 'ledger.db'}")
    with pytest.raises(UsageError, match="2 ledgers"):
        move_ledger(home, server.url())
    assert file.exists()
    assert named_ledger(home) == ""
