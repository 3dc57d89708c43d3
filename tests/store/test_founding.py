"""A home keeps one ledger: named once, noted where only its owner reads it, never another beside it."""

from pathlib import Path

import pytest

from afield.errors import StoreError, UsageError
from afield.store.founding import name_ledger
from afield.store.ledger import Ledger
from afield.store.naming import named_ledger


def test_what_is_named_once_holds_from_then_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'elsewhere.db'}"
    assert named_ledger(tmp_path / "home") == ""
    name_ledger(tmp_path / "home", url)
    name_ledger(tmp_path / "home", url)
    assert named_ledger(tmp_path / "home") == url
    assert (tmp_path / "home" / "ledger.url").stat().st_mode & 0o077 == 0


def test_another_place_is_refused_and_passwords_are_not_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.url").write_text("postgresql://me:secret@here/x")
    with pytest.raises(UsageError, match="split its history") as caught:
        name_ledger(tmp_path, "postgresql://me:hidden@there/x")
    assert "secret" not in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_a_home_with_a_ledger_of_its_own_is_not_given_another(tmp_path: Path) -> None:
    Ledger(f"sqlite:///{tmp_path / 'surge-60m' / 'ledger.db'}")
    with pytest.raises(UsageError, match="holds a ledger already"):
        name_ledger(tmp_path, f"sqlite:///{tmp_path / 'other.db'}")


def test_what_cannot_be_opened_is_not_noted(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        name_ledger(tmp_path, "postgresql://afield@127.0.0.1:1/x")
    assert named_ledger(tmp_path) == ""
