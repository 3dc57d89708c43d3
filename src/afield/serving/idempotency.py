"""`Idempotency-Key`: a request that is sent again is answered as before, once, by whichever worker gets it.

The form is that of the IETF's draft (draft-ietf-httpapi-idempotency-key-header). Replies are kept in files that the
workers share, those of each caller (token) apart. Each is encrypted with its client's own key, so that nobody else can
read an answer there.
"""

import fcntl
import hashlib
import hmac
import os
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from afield.errors import RequestError, ServingError
from afield.serving.http import Reply, Request, failed, refused
from afield.serving.routing import Handler, Route, Together

HEADER = "idempotency-key"
REPLAYED = ("idempotency-replayed", "true")
LONGEST_KEY = 255
MOST = 4096
KEEP = 24 * 3600.0

_PRINT, _NONCE = 32, 12
_EVERY = 64  # so many new keys between two looks for old ones


class Replies:
    """The replies that may be asked for again: at most `most`, for `keep` seconds."""

    def __init__(
        self, folder: Path, *, most: int = MOST, keep: float = KEEP, clock: Callable[[], float] = time.time
    ) -> None:
        """Keep replies in `folder`, which the workers of a service share; `clock` gives seconds since 1970."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._folder = folder
        self._most = most
        self._keep = keep
        self._clock = clock
        self._added = 0

    def once(self, key: str, request: Request, give: Handler) -> Reply:
        """The reply to a request with this key: the one that was given before, or else that of `give`, then kept.

        A refusal is not kept: the request may be mended and sent with the same key.

        Raises:
            RequestError: the key is none.
        """
        if not 0 < len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            raise RequestError(f"1 to {LONGEST_KEY} printable ASCII characters are expected", "Idempotency-Key")
        caller = hashlib.sha256(request.headers.get("authorization", "").encode()).digest()
        named = b"\0%b\0%b\0%b" % (caller, request.path.encode(), key.encode())
        file = self._folder / hashlib.sha256(b"name" + named).hexdigest()
        cipher = hashlib.sha256(b"cipher" + named).digest()
        fingerprint = hmac.digest(cipher, request.body, "sha256")
        descriptor = _claimed(file)
        if descriptor is None:
            return _busy(file, fingerprint)
        try:
            kept = self._kept(descriptor)
            if not kept:
                return self._given(descriptor, file, fingerprint, cipher, lambda: give(request))
        finally:
            os.close(descriptor)
        if not hmac.compare_digest(kept[:_PRINT], fingerprint):
            return _other()
        before = _opened(kept[_PRINT:], cipher)
        return Reply(before.status, before.body, before.kind, (*before.headers, REPLAYED))

    def _kept(self, descriptor: int) -> bytes:
        """What is kept of a reply; nothing where it is too old, or where a process ended before it had one."""
        state = os.fstat(descriptor)
        content = os.pread(descriptor, state.st_size, 0)
        return content if len(content) > _PRINT and state.st_mtime + self._keep > self._clock() else b""

    def _given(
        self, descriptor: int, file: Path, fingerprint: bytes, cipher: bytes, give: Callable[[], Reply]
    ) -> Reply:
        """The reply, kept where it is none of a failure."""
        try:
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, fingerprint, 0)
        except OSError as error:
            raise ServingError(
                f"replies cannot be kept at the moment ({error.strerror}); send it again later"
            ) from error
        reply = None
        try:
            reply = give()
        finally:
            if reply is None or reply.status >= 300:
                file.unlink(missing_ok=True)
        try:
            content = _sealed(reply, cipher)
            if os.pwrite(descriptor, content, _PRINT) < len(content):
                file.unlink(missing_ok=True)
            os.utime(descriptor, (self._clock(), self._clock()))
        except OSError:  # it was answered and recorded: that goes back, and is done again if it is asked again
            file.unlink(missing_ok=True)
        self._added += 1
        if self._added % _EVERY == 0:
            self._forget()
        return reply

    def _forget(self) -> None:
        """Delete what is too old, and the oldest beyond what is kept at most."""
        found = []
        for entry in os.scandir(self._folder):
            with suppress(FileNotFoundError):
                found.append((entry.stat().st_mtime, entry.path))
        found.sort()
        least = self._clock() - self._keep
        for place, (written, path) in enumerate(found):
            if written < least or len(found) - place > self._most:
                Path(path).unlink(missing_ok=True)


def once(family: Mapping[str, Route], replies: Replies) -> Mapping[str, Route]:
    """These routes, answering a POST with an `Idempotency-Key` once; others cost one look at their headers."""
    return {
        path: replace(
            route,
            methods={**route.methods, "POST": _kept_by(replies, route.methods["POST"])},
            together=_apart(replies, route.methods["POST"], route.together) if route.together else None,
        )
        for path, route in family.items()
    }


def _kept_by(replies: Replies, give: Handler) -> Handler:
    def handler(request: Request) -> Reply:
        key = request.headers.get(HEADER)
        return give(request) if key is None else replies.once(key, request, give)

    return handler


def _apart(replies: Replies, give: Handler, together: Together) -> Together:
    """Answers those with a key one by one, and the others together."""
    single = _kept_by(replies, give)

    def handler(requests: Sequence[Request]) -> Sequence[Reply]:
        plain = [request for request in requests if HEADER not in request.headers]
        given = iter(together(plain) if plain else ())
        if len(plain) == len(requests):
            return list(given)
        return [_replied(single, request) if HEADER in request.headers else next(given) for request in requests]

    return handler


def _replied(handler: Handler, request: Request) -> Reply:
    try:
        return handler(request)
    except Exception as error:  # as the service does for a single request
        return failed(error)


def _claimed(file: Path) -> int | None:
    """The file, open and locked; None while another request holds it."""
    while True:
        try:
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            raise ServingError(
                f"replies cannot be kept at the moment ({error.strerror}); send it again later"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        if os.fstat(descriptor).st_nlink:
            return descriptor
        os.close(descriptor)  # it was deleted in between


def _busy(file: Path, fingerprint: bytes) -> Reply:
    with suppress(FileNotFoundError):
        begun = file.read_bytes()[:_PRINT]
        if begun and not hmac.compare_digest(begun, fingerprint):
            return _other()
    return refused(409, "the request with this Idempotency-Key is being answered; ask again", (("retry-after", "1"),))


def _other() -> Reply:
    return refused(422, "this Idempotency-Key came before with another body; give each request its own")


def _sealed(reply: Reply, cipher: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE)
    return nonce + ChaCha20Poly1305(cipher).encrypt(nonce, msgspec.msgpack.encode(reply), None)


def _opened(content: bytes, cipher: bytes) -> Reply:
    try:
        plain = ChaCha20Poly1305(cipher).decrypt(content[:_NONCE], content[_NONCE:], None)
    except InvalidTag as error:
        raise ServingError("the reply that was kept under this Idempotency-Key is damaged; use another key") from error
    return msgspec.msgpack.decode(plain, type=Reply)
