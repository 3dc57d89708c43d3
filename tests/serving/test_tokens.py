"""Tokens: made once, kept as digests, followed as their file changes."""

import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import ServingError, UsageError
from afield.serving.access import Access, Tokens
from afield.serving.tokens import (
    ROLES,
    Granted,
    Token,
    changing,
    digest_of,
    find,
    new_token,
    read_tokens,
    token_to_send,
)

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
HOST = {"host": "localhost"}


def bearer(token: str) -> dict[str, str]:
    return {**HOST, "authorization": f"Bearer {token}"}


def kept(file: Path, name: str = "app", roles: tuple[Granted, ...] = ("predict",), life: timedelta | None = DAY) -> str:
    text, token = new_token(name, roles, NOW, life)
    with changing(file) as tokens:
        tokens.append(token)
    return text


def test_the_file_holds_digests_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    text = kept(file)
    secret = text.rpartition("_")[2]
    assert secret not in file.read_text()
    assert digest_of(text) in file.read_text()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [token.name for token in read_tokens(file)] == ["app"]


def test_two_tokens_of_the_same_name_differ() -> None:
    assert new_token("a", ("predict",), NOW, None)[0] != new_token("a", ("predict",), NOW, None)[0]


@pytest.mark.parametrize(
    ("name", "roles", "life"),
    [("", ("predict",), DAY), ("a b", ("predict",), DAY), ("x" * 65, ("predict",), DAY), ("a", (), DAY),
     ("a", ("predict",), timedelta(0))],
)  # fmt: skip
def test_a_token_that_opens_nothing_or_has_no_name_is_not_made(
    name: str, roles: tuple[Granted, ...], life: timedelta
) -> None:
    with pytest.raises(UsageError):
        new_token(name, roles, NOW, life)


@given(st.text(max_size=600))
def test_no_text_but_the_token_is_found(text: str) -> None:
    token = Token("app", "00", digest_of("afield_00_secret-of-the-test"), ROLES, NOW, None)
    assert find([token], text) is None
    assert find([token], "afield_00_secret-of-the-test") is token


def test_a_plain_file_counts_as_one_token_with_every_role(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("sixteen-letters!\n")
    (token,) = read_tokens(file)
    assert (token.roles, token.expires) == (ROLES, None)
    assert find([token], "sixteen-letters!") is token
    with pytest.raises(ServingError, match="plain token"), changing(file):
        pytest.fail("it would be lost")
    assert file.read_text() == "sixteen-letters!\n"


@pytest.mark.parametrize(
    "content", [b"brief", b"\xff" * 40, b"{", b'{"tokens": [{"name": 1}]}', b'{"tokens": [], "schema": 2}', b"x" * 600]
)
def test_a_file_that_is_none_is_refused_and_its_content_is_not_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "tokens.json"
    file.write_bytes(content)
    with pytest.raises(ServingError) as raised:
        read_tokens(file)
    assert content.decode("latin-1") not in str(raised.value)


def test_a_file_that_others_may_write_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    kept(file)
    file.chmod(0o666)
    with pytest.raises(ServingError, match="chmod 600"):
        read_tokens(file)


def test_tokens_made_at_once_are_all_kept(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    makers = [threading.Thread(target=kept, args=(file, f"t{number}")) for number in range(12)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert {token.name for token in read_tokens(file)} == {f"t{number}" for number in range(12)}


def test_a_running_service_takes_up_new_tokens_and_refuses_revoked_ones(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    tokens = Tokens(file)
    access = Access((), tokens, lambda: NOW.timestamp())
    assert access.refusal(HOST, "predict") is None, "loopback without tokens is open"
    text = kept(file)
    assert tokens.refresh()
    assert access.refusal(HOST, "predict") == (401, access.refusal(HOST, "predict")[1])  # type: ignore[index]
    assert access.refusal(bearer(text), "predict") is None
    with changing(file) as found:
        found.clear()
    assert tokens.refresh()
    assert access.refusal(bearer(text), "predict") is not None
    assert not tokens.refresh()


def test_once_there_were_tokens_their_loss_lets_nobody_in(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    text = kept(file)
    tokens = Tokens(file)
    file.unlink()
    assert tokens.refresh()
    access = Access((), tokens, lambda: NOW.timestamp())
    assert access.refusal(bearer(text), "predict") is not None
    assert access.refusal(HOST, "predict") is not None
    assert "missing" in access.problem


def test_a_file_that_was_damaged_leaves_the_tokens_in_force_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    text = kept(file)
    access = Access((), Tokens(file), lambda: NOW.timestamp())
    file.write_text("{")
    assert not access.refresh()
    assert "no file of tokens" in access.problem
    assert access.refusal(bearer(text), "predict") is None


def test_a_token_expires_without_a_change_of_the_file(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    text = kept(file)
    now = [NOW.timestamp()]
    access = Access((), Tokens(file), lambda: now[0])
    assert access.refusal(bearer(text), "predict") is None
    now[0] += DAY.total_seconds()
    refusal = access.refusal(bearer(text), "predict")
    assert refusal is not None
    assert refusal[0] == 401
    assert "expired" in refusal[1]


def test_beyond_loopback_a_service_without_a_token_in_force_does_not_start(tmp_path: Path) -> None:
    file = tmp_path / "tokens.json"
    with pytest.raises(ServingError, match="is missing"):
        Tokens(file, optional=False)
    kept(file, life=DAY)
    with pytest.raises(ServingError, match="no token that is in force"):
        Tokens(file, optional=False)


@pytest.mark.parametrize(
    ("content", "says"), [(None, "cannot be read"), ("", "is empty"), ("\n", "is empty"), ('{"a": 1}', "more than a")]
)
def test_a_file_without_one_token_to_send_is_refused(tmp_path: Path, content: str | None, says: str) -> None:
    file = tmp_path / "token"
    if content is not None:
        file.write_text(content)
    with pytest.raises(UsageError, match=says):
        token_to_send(file)
