"""The endpoint to which others send CloudEvents: HTTP on loopback, every input within limits."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket

import msgspec

from afield import __version__
from afield.beside.inbox import Accepted
from afield.errors import AfieldError, RequestError, ServingError, TelemetryError

ROUTE = "/v1/cloudevents"
LARGEST = 4 * 2**20
SLOWEST = 10.0
"""Seconds in which a client has to have sent what it sends next."""
CLIENTS = 32
_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

Take = Callable[[Mapping[str, str], bytes], Accepted]


@contextmanager
def listening(port: int, take: Take) -> Iterator[str]:
    """Take what comes at `port` of loopback (0: any that is free), in threads of its own; gives the endpoint's address.

    Raises:
        ServingError: the port is taken.
    """
    try:
        server = _Server(("127.0.0.1", port), take)
    except OSError as error:
        raise ServingError(f"cannot listen at 127.0.0.1, port {port}: {error.strerror}; give another --port") from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name="endpoint", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}{ROUTE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """At most `CLIENTS` at once; others wait in the listener's queue."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], take: Take) -> None:
        self.take = take
        self._places = threading.BoundedSemaphore(CLIENTS)
        super().__init__(address, _Handler)

    def process_request(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        self._places.acquire()
        super().process_request(request, client_address)

    def process_request_thread(self, request: socket | tuple[bytes, socket], client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._places.release()


class _Handler(BaseHTTPRequestHandler):
    """One request and its reply; the connection is closed after it."""

    timeout = SLOWEST
    server_version, sys_version = f"afield/{__version__}", ""
    server: _Server

    def do_POST(self) -> None:
        status, value = self._reply()
        body = msgspec.json.encode(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if status == 503:
            self.send_header("Retry-After", "5")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: counts are told instead."""

    def _reply(self) -> tuple[int, object]:
        host, length = self.headers.get("Host", "").rpartition(":")[0] or self.headers.get("Host", ""), self._length()
        if host not in _LOOPBACK or "Origin" in self.headers:
            return 403, {"error": "only programs of this machine may send, by the name 127.0.0.1 or localhost"}
        if self.path != ROUTE:
            return 404, {"error": f"CloudEvents are taken at {ROUTE}"}
        if length is None:
            return 411, {"error": "send a Content-Length"}
        if length > LARGEST:
            return 413, {"error": f"a body has at most {LARGEST} bytes, this one {length}"}
        headers = {name.lower(): value for name, value in self.headers.items()}
        try:
            return 202, self.server.take(headers, self.rfile.read(length))
        except RequestError as error:
            return 400, {"error": str(error), "field": error.field}
        except TelemetryError as error:
            return 503, {"error": f"it cannot be kept now: {error}; send it again"}
        except AfieldError as error:
            return 500, {"error": str(error)}

    def _length(self) -> int | None:
        said = self.headers.get("Content-Length", "")
        return int(said) if said.isascii() and said.isdigit() and len(said) < 12 else None
