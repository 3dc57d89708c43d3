"""Tokens: who may do what and until when. Their file keeps digests, never a token itself."""

import contextlib
import fcntl
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import msgspec

from afield.errors import ServingError, StoreError, UsageError
from afield.store.durable import write_whole

Granted = Literal["predict", "observe", "operate"]
ROLES: tuple[Granted, ...] = ("predict", "observe", "operate")
SHORTEST_TOKEN = 16
LONGEST_TOKEN = 512
MARK = "afield_"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_ID_BYTES, _SECRET_BYTES = 6, 32
_NOBODY = "0" * 64


class Token(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a token.

    Attributes:
        name: who or what it was given to.
        id: its part that is no secret, by which it is found; "" for a token that came from a plain file.
        digest: SHA-256 of the whole token in hex. The token holds 256 random bits, so that no salt is needed.
        roles: what it lets its bearer do.
        created: UTC.
        expires: UTC; null for a token that does not expire.
    """

    name: str
    id: str
    digest: str
    roles: tuple[Granted, ...]
    created: datetime
    expires: datetime | None

    def expired(self, now: datetime) -> bool:
        """Whether it opens nothing any more at `now`, which has a zone."""
        return self.expires is not None and now >= self.expires


class _Kept(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    tokens: tuple[Token, ...]
    schema: Literal[1] = 1


def new_token(name: str, roles: Sequence[Granted], now: datetime, lifetime: timedelta | None) -> tuple[str, Token]:
    """A token to hand out, and what is kept of it.

    Raises:
        UsageError: the name is none, no role is named, or the lifetime is over before it begins or ends too late.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(f"{name!r} cannot name a token; use 1 to 64 letters, digits, `.`, `_` and `-`")
    if not roles:
        raise UsageError(f"a token without a role opens nothing; name one or more of {', '.join(ROLES)}")
    if lifetime is not None and lifetime <= timedelta(0):
        raise UsageError("a token that has expired already opens nothing; give it a lifetime above zero")
    try:
        expires = None if lifetime is None else now + lifetime
    except OverflowError as error:
        raise UsageError("a token cannot outlast the year 9999; give it a shorter lifetime, or none") from error
    mark = secrets.token_hex(_ID_BYTES)
    text = f"{MARK}{mark}_{secrets.token_urlsafe(_SECRET_BYTES)}"
    ordered = tuple(role for role in ROLES if role in roles)
    return text, Token(name, mark, digest_of(text), ordered, now, expires)


def digest_of(token: str) -> str:
    """SHA-256 of a token in hex."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def find(tokens: Sequence[Token], given: str) -> Token | None:
    """The token that was given, compared in a time that says nothing of it; expired ones are found as well."""
    mark = given[len(MARK) :].partition("_")[0] if given.startswith(MARK) else ""
    kept = next((token for token in tokens if token.id in (mark, "")), None)
    same = hmac.compare_digest(digest_of(given[:LONGEST_TOKEN]), kept.digest if kept else _NOBODY)
    return kept if same and len(given) <= LONGEST_TOKEN else None


def read_tokens(file: Path) -> tuple[Token, ...]:
    """The tokens in `file`. One that holds nothing but a token gives that one, with every role and for ever.

    Raises:
        ServingError: it cannot be read, others may write it, it is damaged, or it holds too short a token.
    """
    try:
        if file.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise ServingError(f"{file}: others may write it, and so give themselves tokens; run: chmod 600 {file}")
        content = file.read_bytes()
        if content.lstrip()[:1] == b"{":
            return msgspec.json.decode(content, type=_Kept).tokens
        plain = content.decode("ascii").strip()
    except OSError as error:
        raise ServingError(f"the tokens' file {file} cannot be read: {error.strerror}; mend its permissions") from error
    except (UnicodeDecodeError, msgspec.DecodeError) as error:
        raise ServingError(
            f"{file} is no file of tokens: {type(error).__name__}; move it away, then: afield token new APP NAME"
        ) from error
    if not SHORTEST_TOKEN <= len(plain) <= LONGEST_TOKEN:
        raise ServingError(f"the token in {file} is too short or too long: {SHORTEST_TOKEN} to {LONGEST_TOKEN} letters")
    return (Token("plain file", "", digest_of(plain), ROLES, datetime.fromtimestamp(0, UTC), None),)


def token_to_send(file: Path) -> str:
    """The token in a file that holds nothing else, to be sent to the service that gave it.

    Raises:
        UsageError: it cannot be read, or holds no token or more than that.
    """
    advice = "write into it the token that `afield token new` showed there, and nothing else"
    try:
        text = file.read_text("ascii").strip()
    except OSError as error:
        raise UsageError(f"token file {file} cannot be read ({error.strerror}); {advice}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"token file {file} holds no token (not ASCII); {advice}") from error
    if len(text.split()) != 1 or len(text) > LONGEST_TOKEN:
        raise UsageError(f"token file {file} {'holds more than a token' if text else 'is empty'}; {advice}")
    return text


def is_plain(tokens: Sequence[Token]) -> bool:
    """Whether they came from a file that holds nothing but a token."""
    return len(tokens) == 1 and not tokens[0].id


@contextlib.contextmanager
def changing(file: Path) -> Iterator[list[Token]]:
    """The tokens in `file` to be changed in place, kept with mode 0600 at the end; one process at a time.

    Raises:
        ServingError: the file cannot be read, or holds a plain token: that one is kept by its own means.
        StoreError: the file cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(file.with_name(f".{file.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreError(f"{file.parent}: cannot be written ({error.strerror}); mend its permissions") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        tokens = list(read_tokens(file)) if file.exists() else []
        if is_plain(tokens):
            raise ServingError(f"{file} holds a plain token; name another file, or delete that token first")
        yield tokens
        write_whole(file, (msgspec.json.format(msgspec.json.encode(_Kept(tuple(tokens)))),), mode=0o600)
    finally:
        os.close(lock)
