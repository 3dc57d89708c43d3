"""The head of a request as a parser reads it off a connection, within bounds, and the request that it begins."""

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

import httptools

from afield.serving.http import Reply, refused
from afield.serving.journal import identified
from afield.serving.pending import Known, Limits, Pending, Sender

KNOWN = 0.25
"""Seconds for which a head that was admitted need not be looked at again; a token that is revoked counts no longer."""
_KNOWN = (
    *("accept", "accept-encoding", "authorization", "connection", "content-length", "content-type", "expect", "host"),
    *("idempotency-key", "if-none-match", "origin", "range", "traceparent", "user-agent", "x-request-id"),
)
_NAMES = {form.encode(): name for name in _KNOWN for form in (name, name.title())}
"""Names of headers as they mostly come: decoding each again would cost more than reading the rest of the head."""
_ONCE = frozenset({"host", "authorization", "expect"})


class Incoming:
    """What was read of the request that comes next; the parser calls `on_url` and `on_header`.

    Attributes:
        url: the target, as it came.
        headers: name in lower case → value; without Content-Length, whose text is `stated`.
        stated: bytes of the body, as the head says; "0" where it says nothing.
        length: bytes read of the head, with the body as far as it came along; then those of the body.
        body: the parts of the body.
        problem: why the head is refused; None so far.
    """

    __slots__ = ("_known", "_limits", "body", "headers", "length", "problem", "stated", "url")

    def __init__(self, limits: Limits) -> None:
        """Nothing was read yet."""
        self._limits, self.length = limits, 0
        self._known: Known | None = None
        self.begin()

    def begin(self) -> None:
        """A request begins."""
        self.url, self.stated = b"", "0"
        self.headers: dict[str, str] = {}
        self.body: list[bytes] = []
        self.problem: Reply | None = None

    def on_url(self, url: bytes) -> None:
        """Some of the target."""
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        key = _NAMES.get(name) or name.decode("latin-1").lower()
        text = value.decode("latin-1")
        if key == "content-length":  # the parser refuses a second one
            self.stated = text
            return
        known = self.headers.get(key)
        if known is None:
            self.headers[key] = text
            if len(self.headers) > self._limits.headers:
                self.problem = refused(431, f"a request has at most {self._limits.headers} headers")
        elif key in _ONCE:
            self.problem = refused(400, f"the header {key} comes twice")
        else:
            self.headers[key] = f"{known}, {text}"

    def pending(
        self, sender: Sender, parser: httptools.HttpRequestParser, admit: Callable[[Pending], Reply | None], now: float
    ) -> tuple[Pending, Reply | None]:
        """The request that a whole head begins, and why it is refused; None where it is admitted.

        Args:
            sender: the connection.
            parser: that read the head.
            admit: judges it, where it does not say the same as one that was admitted a moment ago.
            now: seconds of the loop's clock.
        """
        method, version, headers, known = parser.get_method(), parser.get_http_version(), self.headers, self._known
        # What was read so far, with the body as far as it came along, is more than the head.
        suspect, self.length = self.length > self._limits.head, 0
        reply: Reply | None = None
        if known is not None and known.like(method, self.url, version, headers, now):
            pending = known.again()
        else:
            pending = self._read(sender, method, version, parser.should_keep_alive() and not parser.should_upgrade())
            if suspect and _length(self.url, headers) > self._limits.head:
                reply = too_long(self._limits)
            else:
                reply = admit(pending)
            if reply is None:
                self._known = Known(method, self.url, now + KNOWN, pending)
        pending.identity = identified(headers)
        return pending, reply

    def _read(self, sender: Sender, method: bytes, version: str, keep_alive: bool) -> Pending:
        target, _, query = self.url.partition(b"?")
        if not target.startswith(b"/"):
            target = self._absolute(target)
        path = (unquote_to_bytes(target) if b"%" in target else target).decode("utf-8", "replace")
        pending = Pending(
            sender, method.decode("ascii"), path, query.decode("latin-1"), self.headers, version, keep_alive
        )
        pending.plain = version == "1.1" and method != b"HEAD"
        return pending

    def _absolute(self, target: bytes) -> bytes:
        """The path of a target in absolute form, as proxies send it, whose host counts instead of the header's.

        RFC 9112, 3.2.2. What is no such target stays.
        """
        try:
            parsed = httptools.parse_url(target)
        except httptools.HttpParserError:
            return target
        if parsed.host:
            host = parsed.host.decode("latin-1")
            self.headers["host"] = (f"[{host}]" if ":" in host else host) + (f":{parsed.port}" if parsed.port else "")
        return parsed.path or b"/"


def too_long(limits: Limits) -> Reply:
    """The refusal of a head with too many bytes."""
    return refused(431, f"the head of a request has at most {limits.head} bytes")


def _length(url: bytes, headers: dict[str, str]) -> int:
    return len(url) + sum([len(name) + len(text) for name, text in headers.items()])
