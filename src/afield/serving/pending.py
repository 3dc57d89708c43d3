"""A request on its way to its reply, as connections and the desk hand it to each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

import msgspec

from afield.serving.http import Reply, Request
from afield.serving.journal import Watch
from afield.serving.routing import Route

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Limits:
    """What one connection may take.

    Attributes:
        head: bytes of the request line and the headers.
        headers: how many of them.
        head_seconds: a head must be there within this time of its first byte.
        body_seconds: so must the body; and so long may a reply not move on.
        idle_seconds: a connection without a request is closed after this time.
        connections: how many are open at once.
        pipelined: requests of one connection that wait for their replies; it is not read beyond them.
    """

    head: int = 16_384
    headers: int = 100
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    idle_seconds: float = 75.0
    connections: int = 16_384
    pipelined: int = 32


class Sender(Protocol):
    """The connection that a request came from."""

    lost: bool

    def answer(self, pending: "Pending", reply: Reply, /) -> None:
        """Send the reply, behind those of earlier requests."""
        ...


class Pending(msgspec.Struct, eq=False):
    """A request on its way to its reply.

    Attributes:
        connection: where it came from.
        method, path, query, headers: as in `Request`.
        version: of HTTP.
        keep_alive: whether the connection stays open behind it.
        body: all of it once `Takes.take` is called.
        route, names: what answers and what its pattern named; None until it is admitted.
        reply: the bytes that go back, None until they are known.
        began: when its last byte was read, seconds of the loop's clock.
        within: seconds from then in which the reply is of use.
        identity: that the client gave it, or that it was given here.
        whole: when its last byte was read, by a finer clock, where somebody watches.
        plain: whether its reply is one of HTTP/1.1 with a body.
    """

    connection: Sender
    method: str
    path: str
    query: str
    headers: dict[str, str]
    version: str = "1.1"
    keep_alive: bool = False
    body: bytes = b""
    route: Route | None = None
    names: Mapping[str, str] = _NOTHING
    reply: bytes | None = None
    began: float = 0.0
    within: float = 0.0
    identity: str = ""
    whole: float = 0.0
    plain: bool = False

    @property
    def request(self) -> Request:
        """What handlers are given."""
        return Request(
            self.method, self.path, self.headers, self.body, self.query, self.names, self.identity, self.within
        )

    def answer(self, reply: Reply) -> None:
        """Send the reply, behind those of earlier requests."""
        self.connection.answer(self, reply)


class Takes(Protocol):
    """Where requests go."""

    @property
    def leaving(self) -> bool:
        """Whether connections are to be closed behind their replies."""
        ...

    @property
    def watch(self) -> Watch | None:
        """Told each request with its reply; None where nobody is."""
        ...

    def admit(self, pending: Pending) -> Reply | None:
        """Why a request is refused whose head is complete; None where its body is to be read."""
        ...

    def take(self, pending: Pending) -> None:
        """Take a whole request over; `pending.answer` is called once, now or later."""
        ...


class Known:
    """A head that was admitted a moment ago: the next of a connection mostly has the same, but for its length."""

    __slots__ = ("_keep_alive", "_method", "_pending", "_route", "_until", "_url")

    def __init__(self, method: bytes, url: bytes, until: float, pending: Pending) -> None:
        """Remember the head of `pending` until then, seconds of the loop's clock."""
        self._method, self._url, self._until, self._pending = method, url, until, pending
        # The connection changes these of a request that it ends.
        self._keep_alive, self._route = pending.keep_alive, pending.route

    def like(self, method: bytes, url: bytes, version: str, headers: dict[str, str], now: float) -> bool:
        """Whether a head says the same, and was admitted lately enough."""
        before = self._pending
        return (
            now < self._until
            and url == self._url
            and headers == before.headers
            and method == self._method
            and version == before.version
        )

    def again(self) -> Pending:
        """A request of the same head."""
        of = self._pending
        return Pending(
            of.connection,
            of.method,
            of.path,
            of.query,
            of.headers,
            of.version,
            self._keep_alive,
            b"",
            self._route,
            of.names,
            None,
            0.0,
            of.within,
            plain=of.plain,
        )
