import shutil
import stat
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import ReleaseError
from afield.release.canonical import canonical
from afield.release.signing import Signer, Statement, Trusted, sign_statement, verify_statement

STATEMENT = Statement("rollback", "surge", "a" * 64, 9, datetime(2024, 3, 1, tzinfo=UTC), "worse in the rain")


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    signer = Signer(folder / "private" / "signing.pem")
    signer.publish(folder / "trusted")
    return signer, Trusted(folder / "trusted")


def test_a_key_is_made_on_first_use_for_its_owner_only(tmp_path):
    file = tmp_path / "keys" / "signing.pem"
    first = Signer(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [path.name for path in file.parent.iterdir()] == ["signing.pem"]
    assert Signer(file).id == first.id


def test_a_key_that_others_can_read_is_refused(tmp_path):
    file = tmp_path / "signing.pem"
    Signer(file)
    file.chmod(0o644)
    with pytest.raises(ReleaseError, match="chmod 600"):
        Signer(file)


def test_a_file_without_a_key_is_refused(tmp_path):
    file = tmp_path / "signing.pem"
    file.write_text("nothing")
    file.chmod(0o600)
    with pytest.raises(ReleaseError, match="no private key"):
        Signer(file)


def test_a_signed_statement_reads_back(keys):
    signer, trusted = keys
    assert verify_statement(sign_statement(STATEMENT, signer), trusted) == STATEMENT


@given(st.data())
def test_any_changed_byte_of_a_statement_is_noticed(keys, data):
    signer, trusted = keys
    signed = bytearray(sign_statement(STATEMENT, signer))
    place = data.draw(st.integers(0, len(signed) - 1))
    signed[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ReleaseError):
        verify_statement(bytes(signed), trusted)


@given(st.binary(max_size=200))
def test_no_bytes_pass_for_a_statement(keys, raw):
    with pytest.raises(ReleaseError):
        verify_statement(raw, keys[1])


def test_a_statement_of_a_newer_schema_asks_for_an_upgrade(keys):
    signer, trusted = keys
    statement = {**{name: getattr(STATEMENT, name) for name in STATEMENT.__struct_fields__}, "schema": 2, "more": 1}
    signature = signer.sign(canonical(statement)).hex()
    with pytest.raises(ReleaseError, match="upgrade"):
        verify_statement(canonical({"key": signer.id, "signature": signature, "statement": statement}), trusted)


def test_a_huge_statement_is_not_parsed(keys):
    with pytest.raises(ReleaseError, match="at most"):
        verify_statement(b"[" * 1_000_000, keys[1])


def test_keys_rotate_while_the_old_signatures_still_count(tmp_path):
    old, new = Signer(tmp_path / "old.pem"), Signer(tmp_path / "new.pem")
    trusted = Trusted(tmp_path / "trusted")
    with pytest.raises(ReleaseError, match="not trusted"):
        verify_statement(sign_statement(STATEMENT, old), trusted)
    old.publish(tmp_path / "trusted")
    new.publish(tmp_path / "trusted")
    for signer in (old, new):
        assert verify_statement(sign_statement(STATEMENT, signer), trusted) == STATEMENT


def test_a_withdrawn_key_counts_no_more(tmp_path):
    signer = Signer(tmp_path / "signing.pem")
    published = signer.publish(tmp_path / "trusted")
    trusted = Trusted(tmp_path / "trusted")
    published.unlink()
    with pytest.raises(ReleaseError, match="not trusted"):
        verify_statement(sign_statement(STATEMENT, signer), trusted)


def test_a_private_key_or_rubbish_among_the_trusted_keys_is_named(tmp_path):
    signer = Signer(tmp_path / "signing.pem")
    (tmp_path / "trusted").mkdir()
    shutil.copy(tmp_path / "signing.pem", tmp_path / "trusted" / "oops.pem")
    with pytest.raises(ReleaseError, match=r"oops\.pem"):
        verify_statement(sign_statement(STATEMENT, signer), Trusted(tmp_path / "trusted"))
