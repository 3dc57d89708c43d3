"""A service of small routes on a socket, in a thread of the test."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec
import uvloop

from afield.serving.access import Access
from afield.serving.http import Reply, Request
from afield.serving.pending import Limits
from afield.serving.routing import MODEL, Route
from afield.serving.server import bound, serve
from afield.serving.service import Patience, Service
from afield.serving.wire import Connection


class Kitchen:
    """What the routes did, and what they wait for."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.go.set()
        self.begun = threading.Semaphore(0)
        self.together: list[int] = []
        self.counted: list[tuple[str, int, int]] = []
        self.shed: list[str] = []
        self.left = self.closed = False
        self.stall = 0.0  # seconds that one of many takes
        self.watched: list[tuple[str, int, float]] = []

    def routes(self) -> Mapping[str, Route]:
        return {
            "/echo": Route("echo", {"POST": _echoed, "GET": _echoed}, largest=2000),
            "/long": Route("long", {"GET": lambda _: Reply(200, b"x" * 3_000_000, "text/plain")}),
            "/fails": Route("fails", {"GET": lambda _: Reply(1 // 0, b"")}),
            "/empty": Route("empty", {"GET": lambda _: Reply(304, b"", headers=(("etag", '"1"'),))}),
            "/split": Route("split", {"GET": lambda _: Reply(200, b"", headers=(("x-id", "a\r\nevil: 1"),))}),
            "/cook": Route("cook", {"POST": self._cook}, lane=MODEL),
            "/stew": Route(
                "stew", {"POST": lambda request: self._many((request,))[0]}, together=self._many, lane=MODEL
            ),
            "/many": Route("many", {"POST": lambda request: self._many((request,))[0]}, together=self._many),
            "/{name}/it": Route("named", {"GET": lambda request: Reply(200, msgspec.json.encode(request.names))}),
        }

    def _cook(self, request: Request) -> Reply:
        self.begun.release()
        assert self.go.wait(20)
        return _echoed(request)

    def _many(self, requests: Sequence[Request]) -> Sequence[Reply]:
        self.together.append(len(requests))
        end = time.perf_counter() + self.stall * len(requests)
        while time.perf_counter() < end:
            pass
        return [_echoed(request) for request in requests]

    def service(self, patience: Patience) -> Service:
        def leave() -> None:
            self.left = True

        def close() -> None:
            self.closed = True

        return Service(
            self.routes(),
            access=Access(),
            counted=lambda label, status, count: self.counted.append((label, status, count)),
            leave=leave,
            close=close,
            patience=patience,
            shed=self.shed.append,
            watch=lambda handled, reply, seconds: self.watched.append((handled.identity, reply.status, seconds)),
        )


def _echoed(request: Request) -> Reply:
    told = {"method": request.method, "path": request.path, "query": request.query, "body": request.body.decode()}
    return Reply(200, msgspec.json.encode(told))


class Wired:
    """A running service."""

    def __init__(self, kitchen: Kitchen, limits: Limits, patience: Patience) -> None:
        self.kitchen = kitchen
        self.among: set[Connection] = set()
        listener = bound("127.0.0.1", 0)
        self.port = listener.getsockname()[1]
        self._loop = uvloop.new_event_loop()
        self._stop = asyncio.Event()
        serving = serve(kitchen.service(patience), listener, self._stop, limits, self.among)
        self._thread = threading.Thread(target=self._loop.run_until_complete, args=(serving,))
        self._thread.start()

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), 20)
        connection.settimeout(20)
        return connection

    def ask_to_stop(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)

    def stopped(self) -> None:
        """Wait until it has stopped."""
        self._thread.join()
        self._loop.close()


@contextmanager
def wired(limits: Limits = Limits(), patience: Patience = Patience()) -> Iterator[Wired]:  # noqa: B008 - frozen
    kitchen = Kitchen()
    service = Wired(kitchen, limits, patience)
    try:
        yield service
    finally:
        kitchen.go.set()
        service.ask_to_stop()
        service.stopped()
