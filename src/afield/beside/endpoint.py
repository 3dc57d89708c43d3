"""The endpoint to which others send CloudEvents: HTTP, a token beyond loopback, every input within limits."""

import contextlib
import ipaddress
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec

from afield import __version__
from afield.beside.inbox import Accepted
from afield.beside.pace import Pace
from afield.errors import AfieldError, RequestError, ServingError, TelemetryError
from afield.serving.access import Access
from afield.serving.tokens import Granted

ROUTE = "/v1/cloudevents"
LARGEST = 4 * 2**20
SLOWEST = 10.0
"""Seconds in which a client has to have sent what it sends next."""
LONGEST = 30.0
"""Seconds that a request may take as a whole."""
CLIENTS = 32
LOOK = 0.05
ROLE: Granted = "operate"
"""What a token must allow: outcomes are evidence on which models are judged."""

Take = Callable[[Mapping[str, str], bytes], Accepted]
_Connection = socket.socket | tuple[bytes, socket.socket]


@contextmanager
def listening(address: str, port: int, take: Take, access: Access) -> Iterator[str]:
    """Take what comes at an address and `port` (0: any that is free), in threads of its own; gives the endpoint's URL.

    Args:
        address: of this machine, an IPv4 or IPv6 address or a name.
        port: where to listen there.
        take: keeps the events of a request.
        access: who may send; see `afield.serving.access.access`.

    Raises:
        ServingError: the port is taken, or the address is not one of this machine.
    """
    try:
        server = _Server((address, port), take, access)
    except OSError as error:
        raise ServingError(
            f"cannot listen at {address}, port {port}: {error.strerror}; give another --port or --address"
        ) from error
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": LOOK}, name="endpoint", daemon=True)
    thread.start()
    try:
        host = f"[{address}]" if server.address_family == socket.AF_INET6 else address
        yield f"http://{host}:{server.server_address[1]}{ROUTE}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    """At most `CLIENTS` at once, none for longer than `LONGEST`; others wait in the listener's queue."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], take: Take, access: Access) -> None:
        self.take, self.access, self.pace = take, access, Pace()
        self.address_family = _family(address[0])
        self._places = threading.BoundedSemaphore(CLIENTS)
        self._since: dict[_Connection, float] = {}
        super().__init__(address, _Handler)

    def service_actions(self) -> None:
        late = time.monotonic() - LONGEST
        for connection, since in tuple(self._since.items()):
            if since < late and isinstance(connection, socket.socket):
                with contextlib.suppress(OSError):  # it ended by itself meanwhile
                    connection.shutdown(socket.SHUT_RDWR)

    def process_request(self, request: _Connection, client_address: object) -> None:
        while not self._places.acquire(timeout=LOOK):
            self.service_actions()
        self._since[request] = time.monotonic()
        super().process_request(request, client_address)

    def process_request_thread(self, request: _Connection, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            del self._since[request]
            self._places.release()


class _Handler(BaseHTTPRequestHandler):
    """One request and its reply; the connection is closed after it."""

    timeout = SLOWEST
    server_version, sys_version = f"afield/{__version__}", ""
    server: _Server

    def do_POST(self) -> None:
        status, value, told = self._reply()
        body = msgspec.json.encode(value)
        self.send_response(status)
        for name, said in {"Content-Type": "application/json", "Content-Length": str(len(body)), **told}.items():
            self.send_header(name, said)
        with contextlib.suppress(ConnectionError):  # who hung up does not read it
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: counts are told instead."""

    def _reply(self) -> tuple[int, object, dict[str, str]]:
        """Status, body and further headers."""
        headers = {name.lower(): value for name, value in self.headers.items()}
        refusal = self._refusal(headers)
        if refusal is not None:
            status, said = refusal
            return status, {"error": said}, {"WWW-Authenticate": "Bearer"} if status == 401 else {}
        length = int(headers["content-length"])
        if wait := self.server.pace.wait(self.client_address[0], length):
            said = "you send more than is taken for long: send it again later, and several events in one batch"
            return 429, {"error": said}, {"Retry-After": str(math.ceil(wait))}
        try:
            return 202, self.server.take(headers, self.rfile.read(length)), {}
        except RequestError as error:
            return 400, {"error": str(error), "field": error.field}, {}
        except TelemetryError as error:
            return 503, {"error": f"it cannot be kept now: {error}; send it again"}, {"Retry-After": "5"}
        except AfieldError as error:
            return 500, {"error": str(error)}, {}

    def _refusal(self, headers: Mapping[str, str]) -> tuple[int, str] | None:
        """Status and reason why a request is refused before its body is read; None where it may go on."""
        self.server.access.refresh()
        if "origin" in headers:
            return 403, "pages may not send; only programs may"
        if refused := self.server.access.refusal(headers, ROLE):
            return refused
        if self.path != ROUTE:
            return 404, f"CloudEvents are taken at {ROUTE}"
        said = headers.get("content-length", "")
        if not (said.isascii() and said.isdigit() and len(said) < 12):
            return 411, "send a Content-Length"
        if int(said) > LARGEST:
            return 413, f"a body has at most {LARGEST} bytes, this one {int(said)}"
        return None


def _family(address: str) -> socket.AddressFamily:
    """Of IP version 4 or 6; a name is looked up as version 4."""
    try:
        version = ipaddress.ip_address(address).version
    except ValueError:
        version = 4
    return socket.AF_INET6 if version == 6 else socket.AF_INET
