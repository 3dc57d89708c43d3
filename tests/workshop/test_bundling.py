"""A bundle that a step made, put where releases lie."""

from pathlib import Path

import pytest

from afield.errors import ReleaseError
from afield.release.bundle import load
from afield.release.signing import Signer, Trusted
from afield.testing.stand import Stand
from afield.workshop.bundling import place


@pytest.fixture
def made(tmp_path: Path) -> tuple[Stand, str, Signer]:
    stand = Stand(tmp_path / "made")
    return stand, stand.release(), Signer(tmp_path / "made" / "keys" / "signing.key")


def test_it_keeps_its_digest_and_verifies_and_a_second_time_changes_nothing(
    made: tuple[Stand, str, Signer], tmp_path: Path
) -> None:
    stand, digest, signer = made
    for _ in range(2):
        assert place(stand.bundles, tmp_path / "bundles", signer) == digest
    assert load(tmp_path / "bundles", digest, Trusted(stand.trusted)).digest == digest


def test_one_that_was_changed_where_it_lies_is_told(made: tuple[Stand, str, Signer], tmp_path: Path) -> None:
    stand, digest, signer = made
    place(stand.bundles, tmp_path / "bundles", signer)
    (tmp_path / "bundles" / digest / "card.md").write_text("better")
    with pytest.raises(ReleaseError):
        place(stand.bundles, tmp_path / "bundles", signer)
