"""HTTP/1.1 on a socket: requests read within bounds, replies in the order of their requests.

It follows RFC 9112: keep-alive, pipelining, chunked bodies, `Expect: 100-continue`, HEAD, half-closed connections. A
request is refused as soon as its headers say that it must be; what is left of its body is then thrown away.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import cast

import httptools

from afield.serving.heads import CONTINUE, encoded, plain
from afield.serving.http import LARGEST_BODY, Reply, refused
from afield.serving.incoming import Incoming, too_long
from afield.serving.pending import Limits, Pending, Takes

LINGER = 1.0
"""Seconds for which a refused client may go on sending before its connection is cut."""
_IDLE, _HEAD, _BODY, _BUSY, _LEAVING = range(5)


class Connection(asyncio.Protocol):
    """One client's connection.

    Attributes:
        lost: whether it is closed.
        let_go: whether it is to be closed behind its next reply.
        on_url, on_header: what the parser calls, beside the methods at the end.
    """

    def __init__(self, desk: Takes, limits: Limits, among: set["Connection"], clock: Callable[[], float]) -> None:
        """A connection that enters itself into `among` while it is open; `clock` gives seconds."""
        self._desk, self._limits, self._open, self._clock = desk, limits, among, clock
        self._queue: deque[Pending] = deque()
        self._state, self._since, self._stuck = _IDLE, 0.0, 0
        self._incoming = incoming = Incoming(limits)
        self.on_url, self.on_header = incoming.on_url, incoming.on_header
        self._parser: httptools.HttpRequestParser | None = None
        self._current: Pending | None = None
        self.lost = self.let_go = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, or refuse a connection too many."""
        transport = cast("asyncio.Transport", transport)
        self._transport = transport
        self._since = self._clock()
        if len(self._open) >= self._limits.connections:
            self._state = _LEAVING
            reply = refused(503, "too many connections are open; try again later", (("retry-after", "1"),))
            transport.write(encoded(reply, "1.1", keep_alive=False))
            transport.close()
            return
        self._open.add(self)

    def connection_lost(self, _: Exception | None) -> None:
        """Let go of everything."""
        self.lost = True
        self._open.discard(self)
        self._queue.clear()
        self._parser = self._current = None

    def data_received(self, data: bytes) -> None:
        """Read on."""
        if self._state == _LEAVING:
            return
        if self._parser is None:
            self._parser = httptools.HttpRequestParser(self)
        if self._state in (_IDLE, _BUSY):
            self._state, self._since = _HEAD, self._clock()
        if self._state == _HEAD:
            self._incoming.length += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return  # answered in HTTP/1.1 as if it had not been asked for; the connection ends behind it
        except httptools.HttpParserError as error:
            self._refuse(refused(400, f"this is not HTTP/1.1: {error}"))
            return
        if self._state == _HEAD and self._incoming.length > self._limits.head:
            self._refuse(too_long(self._limits))

    def eof_received(self) -> bool:
        """Whether the connection stays open for the replies that are due."""
        if self._queue and self._state != _LEAVING:
            self._queue[-1].keep_alive = False
            self._state = _BUSY
            return True
        return False

    def pause_writing(self) -> None:
        """The client does not read its replies: read no further requests."""
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The client reads again."""
        if len(self._queue) < self._limits.pipelined:
            self._transport.resume_reading()

    def check(self, now: float) -> None:
        """Close it where it takes too long; called every now and then."""
        if self._transport.is_closing() and self._transport.get_write_buffer_size() == 0:
            return
        left = self._transport.get_write_buffer_size()
        if left and left == self._stuck and now - self._since > self._limits.body_seconds:
            self._transport.abort()
            return
        if left != self._stuck:
            self._stuck, self._since = left, now
        waited, limits = now - self._since, self._limits
        if left or self._state == _BUSY:
            return
        if self._state == _IDLE and (waited > limits.idle_seconds or self._desk.leaving):
            self._transport.close()
        elif self._state == _LEAVING and waited > LINGER and not self._queue:
            self._transport.abort()
        elif self._state == _HEAD and waited > limits.head_seconds:
            self._refuse(refused(408, f"the head of the request did not come within {limits.head_seconds:g} s"))
        elif self._state == _BODY and waited > limits.body_seconds:
            self._refuse(refused(408, f"the body of the request did not come within {limits.body_seconds:g} s"))

    def close(self) -> None:
        """End it at once."""
        self._transport.abort()

    def answer(self, pending: Pending, reply: Reply) -> None:
        """Send a reply once those before it have gone."""
        if self.lost:
            return
        desk, queue = self._desk, self._queue
        if desk.leaving or self.let_go:
            pending.keep_alive = False
        if desk.watch is not None:
            desk.watch(pending, reply, time.perf_counter() - pending.whole if pending.whole else 0.0)
        if pending.plain and pending.keep_alive and not reply.headers:
            content = plain(reply, pending.identity)
        else:
            content = encoded(
                reply,
                pending.version,
                keep_alive=pending.keep_alive,
                head=pending.method == "HEAD",
                identity=pending.identity,
            )
        pending.reply = content
        if not queue or queue[0] is not pending:
            return
        if len(queue) == 1:
            queue.popleft()
            self._transport.write(content)
            if pending.keep_alive and self._state == _BUSY:
                self._state, self._since = _IDLE, self._clock()
                return
            last = pending
        else:
            ready = []
            while queue and queue[0].reply is not None:
                last = queue.popleft()
                ready.append(last.reply or b"")
                if not last.keep_alive:
                    break
            self._transport.write(b"".join(ready))
            if len(queue) + len(ready) >= self._limits.pipelined > len(queue):
                self._transport.resume_reading()
        if not last.keep_alive:
            self._leave(linger=self._state == _BODY or last is self._current)
        elif not queue and self._state == _BUSY:
            self._state, self._since = _IDLE, self._clock()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """A request begins."""
        self._incoming.begin()
        if self._state != _LEAVING:
            self._state = _HEAD

    def on_headers_complete(self) -> None:
        """Admit the request or refuse it, before its body is read."""
        parser, incoming = self._parser, self._incoming
        if self._state == _LEAVING or parser is None:
            return
        if incoming.problem is not None:
            self._refuse(incoming.problem)
            return
        pending, reply = incoming.pending(self, parser, self._desk.admit, self._since)
        self._queue.append(pending)
        self._current, self._state = pending, _BODY
        if reply is not None or incoming.stated != "0" or "transfer-encoding" in incoming.headers:
            self._begin_body(pending, reply)

    def _begin_body(self, pending: Pending, reply: Reply | None) -> None:
        """Go on to the body, or send the refusal of a request, which ends the connection where a body is due."""
        stated, headers = self._incoming.stated, pending.headers
        if reply is None:
            largest = pending.route.largest if pending.route else LARGEST_BODY
            if len(stated) > 18 or int(stated) > largest:
                reply = _too_large(largest, f"the body has {stated[:30]} bytes")
            elif "expect" in headers and headers["expect"].lower() == "100-continue" and len(self._queue) == 1:
                self._transport.write(CONTINUE)
        if reply is not None:
            pending.route = None
            if stated != "0" or "transfer-encoding" in headers:
                pending.keep_alive = False
            pending.answer(reply)

    def on_body(self, data: bytes) -> None:
        """Some of the body."""
        pending = self._current
        if self._state != _BODY or pending is None or pending.route is None:
            return
        incoming = self._incoming
        incoming.body.append(data)
        incoming.length += len(data)
        if incoming.length > pending.route.largest:
            pending.keep_alive, largest, pending.route = False, pending.route.largest, None
            pending.answer(_too_large(largest, "the body is larger"))

    def on_message_complete(self) -> None:
        """Hand the whole request over."""
        pending, self._current = self._current, None
        if self._state == _LEAVING or pending is None:
            return
        self._state, self._incoming.length = (_BUSY if self._queue else _IDLE), 0
        if pending.route is None:
            return
        parts = self._incoming.body
        if parts:
            pending.body = parts[0] if len(parts) == 1 else b"".join(parts)
        pending.began = self._clock()
        if self._desk.watch is not None:
            pending.whole = time.perf_counter()
        if len(self._queue) >= self._limits.pipelined:
            self._transport.pause_reading()
        self._desk.take(pending)

    def _refuse(self, reply: Reply) -> None:
        """Answer what cannot be read any further, behind what is due before it, and end."""
        pending = self._current
        if pending is None or pending.reply is not None:
            pending = Pending(self, "", "", "", {})
            self._queue.append(pending)
        pending.keep_alive, pending.route, self._current = False, None, pending
        pending.answer(reply)
        self._state, self._since = _LEAVING, self._clock()

    def _leave(self, *, linger: bool) -> None:
        """End it behind what was written; where the client still sends, it is let go on for a second to hear that."""
        self._state, self._since = _LEAVING, self._clock()
        self._queue.clear()
        if linger and self._transport.can_write_eof():
            self._transport.write_eof()
            self._transport.resume_reading()
        else:
            self._transport.close()


def _too_large(largest: int, said: str) -> Reply:
    return refused(413, f"{said}; at most {largest} are read: send it in parts")
