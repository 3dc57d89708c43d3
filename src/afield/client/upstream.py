"""The service that a device fetches from and sends to, over one kept connection."""

import http.client
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Protocol
from urllib.parse import urlsplit

from afield.errors import UnreachableError, UsageError

PIECE = 64 * 1024
HINTS = {
    401: "; give the device a token that is in force there",
    403: "; its token lacks a role: predict, and operate for facts",
}
WRITTEN = "give one as http://HOST:PORT or https://HOST"
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class Told:
    """A whole reply.

    Attributes:
        status: of HTTP.
        headers: name in lower case → value.
        body: all of it.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Coming:
    """A reply whose body is read as it arrives.

    Attributes:
        status: of HTTP.
        headers: name in lower case → value.
        pieces: the body.
    """

    status: int
    headers: Mapping[str, str]
    pieces: Iterator[bytes]


class Source(Protocol):
    """Where what a service publishes is fetched from."""

    @property
    def url(self) -> str:
        """Its address."""
        ...

    def get(self, path: str, *, largest: int, headers: Mapping[str, str] | None = None) -> Told:
        """The reply to GET, whole.

        Raises:
            UnreachableError: there was none, or it is larger than `largest` bytes.
        """
        ...

    def coming(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> AbstractContextManager[Coming]:
        """A reply whose body is read piece by piece.

        Raises:
            UnreachableError: there was none, or it broke off.
        """
        ...


class Upstream:
    """Requests to one service, one at a time, from any thread; neither redirects nor proxies are followed."""

    def __init__(
        self,
        url: str,
        *,
        token: str = "",
        patience: float = 10.0,
        heard: Callable[[datetime], None] = lambda _: None,
    ) -> None:
        """Speak to the service at `url`.

        Args:
            url: `http://HOST:PORT` or `https://…`, without a path.
            token: sent as bearer token where it is not "".
            patience: seconds without a byte after which the service counts as unreachable.
            heard: told what the service says of the time.

        Raises:
            UsageError: it is no such address, or a token would travel unencrypted beyond this machine.
        """
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError as error:
            raise UsageError(f"{_shown(url)!r} is no address of a service; {WRITTEN}") from error
        if parts.username is not None or parts.password is not None:
            raise UsageError(f"{_shown(url)!r} is no address of a service: it names a user; {WRITTEN}, a token by file")
        if parts.scheme not in ("http", "https") or not host or parts.path.strip("/") or parts.query:
            raise UsageError(f"{_shown(url)!r} is no address of a service; {WRITTEN}")
        if token and parts.scheme == "http" and host not in LOOPBACK:
            raise UsageError(f"{url}: the token would be sent unencrypted; use https")
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._heard = heard
        self._connection = kind(host, port, timeout=patience)
        self._lock = threading.Lock()
        self._closed = False

    def get(self, path: str, *, largest: int, headers: Mapping[str, str] | None = None) -> Told:
        """The reply to GET, whole.

        Raises:
            UnreachableError: there was none, or it is larger than `largest` bytes.
        """
        with self.coming("GET", path, headers=headers) as reply:
            return whole(reply, largest)

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None, largest: int = 2**22) -> Told:
        """The reply to POST of a JSON body, whole; it may have been sent twice where the first got no answer.

        Raises:
            UnreachableError: there was none, or it is larger than `largest` bytes.
        """
        with self.coming("POST", path, body, {"Content-Type": "application/json", **(headers or {})}) as reply:
            return whole(reply, largest)

    @contextmanager
    def coming(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Iterator[Coming]:
        """A reply whose body is read piece by piece; what is not read costs the connection.

        Raises:
            UnreachableError: there was none, or it broke off.
        """
        with self._lock:
            response = self._asked(method, path, body, {**self._headers, **(headers or {})})
            try:
                found = {name.lower(): value for name, value in response.getheaders()}
                self._time(found.get("date", ""))
                yield Coming(response.status, found, _pieces(response, self.url + path))
            finally:
                if self._closed or not response.isclosed():
                    self._connection.close()

    def close(self) -> None:
        """End what is under way, and ask nothing any more; this itself waits for nobody.

        A request that has no connection yet ends at the latest when its patience is over.
        """
        self._closed = True
        held = self._connection.sock
        if held is not None:
            with suppress(OSError):
                held.shutdown(socket.SHUT_RDWR)
        if self._lock.acquire(blocking=False):
            try:
                self._connection.close()
            finally:
                self._lock.release()

    def _asked(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        """The response; once more on a new connection where a kept one turns out to have been closed."""
        try:
            kept = self._connection.sock is not None
            try:
                return self._send(method, path, body, headers)
            except ConnectionError:
                if not kept:
                    raise
                self._connection.close()
                return self._send(method, path, body, headers)
        except (OSError, http.client.HTTPException) as error:
            self._connection.close()
            raise UnreachableError(f"{self.url}{path}: {_reason(error)}") from error

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        if self._connection.sock is None and not self._closed:
            self._connection.connect()
        # Looked at once the connection is there to be ended: `close` ends it, or this sees that it was called.
        if self._closed:
            raise ConnectionAbortedError("the device stops")
        self._connection.request(method, path, body, headers)
        return self._connection.getresponse()

    def _time(self, date: str) -> None:
        with suppress(ValueError):
            said = parsedate_to_datetime(date) if date else None
            if said is not None and said.tzinfo is not None:
                self._heard(said)


def answered(status: int) -> str:
    """That a service answered with this status and not with what it was asked for, and what to do about it."""
    return f"the service answered {status}{HINTS.get(status, '')}"


def _pieces(response: http.client.HTTPResponse, where: str) -> Iterator[bytes]:
    """The body as it comes; what the network does to it is told apart from what its reader does."""
    try:
        while piece := response.read1(PIECE):
            yield piece
    except (OSError, http.client.HTTPException) as error:
        raise UnreachableError(f"{where}: {_reason(error)}") from error
    # `read1` gives what there is and then nothing where the other side broke off: a whole body has no rest.
    if response.length:
        raise UnreachableError(f"{where}: the answer broke off, {response.length} bytes before its end")


def _shown(url: str) -> str:
    """An address without what stands before its last @, which may be a password, and without its query."""
    return url.rpartition("@")[2].partition("?")[0]


def whole(reply: Coming, largest: int) -> Told:
    """A reply whose body was read to its end.

    Raises:
        UnreachableError: it is larger than `largest` bytes, or broke off.
    """
    body = bytearray()
    for piece in reply.pieces:
        body += piece
        if len(body) > largest:
            raise UnreachableError(f"the service's answer is larger than the {largest} bytes that are read")
    return Told(reply.status, reply.headers, bytes(body))


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
