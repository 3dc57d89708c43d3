"""A secret: made once, private, the same for everybody who may read it."""

from pathlib import Path

import pytest

from afield.errors import StoreError
from afield.store.secret import LENGTH, secret


def test_a_secret_is_made_once_and_stays(tmp_path: Path) -> None:
    first = secret(tmp_path / "home" / "privacy.key")
    assert len(first) == LENGTH
    assert secret(tmp_path / "home" / "privacy.key") == first


def test_two_secrets_differ(tmp_path: Path) -> None:
    assert secret(tmp_path / "one") != secret(tmp_path / "two")


def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    secret(tmp_path / "key")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_one_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret(tmp_path / "key")
    (tmp_path / "key").chmod(0o644)
    with pytest.raises(StoreError, match="chmod 600"):
        secret(tmp_path / "key")
