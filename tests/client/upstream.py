"""A service upstream for devices, with what may go wrong on the way."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from afield.records.decision import ControlState
from afield.records.traffic import Event, Fact, Ingest
from afield.release.signing import Signer, Statement, sign_statement
from afield.serving import bundles, ingestion, publishing
from afield.serving.access import Access
from afield.serving.bundles import Bundles
from afield.serving.http import Reply, Request, refused
from afield.serving.ingestion import Ingestion
from afield.serving.service import Service
from afield.store.snapshots import Follower
from afield.testing.stand import Stand
from afield.testing.toy import operate


@dataclass
class Server:
    """The routes that devices use, over a stand.

    Attributes:
        down: nothing answers.
        mute: takes what is posted, and the answers are lost.
        ignores_ranges: as a plain file server.
        cut: bytes after which a download breaks off; None: never.
        changed: the bytes of a reply, as somebody on the way changes them.
        date: what it says of the time; "" its own.
        status: of every reply to what is posted; 0: as it comes.
        refuses: an event with this id is refused.
        refusal: status of every reply; 0: as it comes.
        asked: what was asked, with the range.
    """

    stand: Stand
    down: bool = False
    mute: bool = False
    ignores_ranges: bool = False
    cut: int | None = None
    changed: Callable[[str, bytes], bytes] = lambda _, body: body
    date: str = ""
    status: int = 0
    refuses: str = ""
    refusal: int = 0
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._follower = Follower(self.stand.snapshots)
        kinds = operate({}).facts
        self._service = Service(
            bundles.routes(Bundles(self.stand.bundles), self._control, dict),
            publishing.routes(self.stand.snapshots),
            ingestion.routes(Ingestion(kinds, self._append, self._keep)),
            access=Access(),
            counted=lambda *_: None,
        )

    def reply(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
        self.asked.append((path, headers.get("range", "")))
        if self.ignores_ranges:
            headers.pop("range", None)
        if "idempotency-key" in headers:
            self.keys.append(headers["idempotency-key"])
        if self.refusal:
            return refused(self.refusal, "not you, or not now")
        if method == "POST" and self.status:
            return refused(self.status, "later")
        if self.refuses and self.refuses.encode() in body:
            return refused(400, f"{self.refuses} is refused")
        return self._service.reply(Request(method, path, headers, body))

    def _keep(self, event: Event) -> None:
        self.events.append(event)

    def _control(self) -> ControlState:
        self._follower.refresh()
        return self._follower.control or ControlState(0, "")

    def _append(self, batch: Ingest, count: int) -> None:
        assert count == len(batch.facts) + len(batch.outcomes)
        self.facts.extend(batch.facts)

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()

    def paths(self, beginning: str) -> list[str]:
        """What was asked below a path."""
        return [path for path, _ in self.asked if path.startswith(beginning)]


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["content-length"])))

        def date_time_string(self, timestamp: float | None = None) -> str:
            return server.date or super().date_time_string(timestamp)

        def _answer(self, body: bytes) -> None:
            self.close_connection = server.down
            if server.down:
                return
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = server.reply(self.command, self.path, headers, body)
            if server.mute and self.command == "POST":
                self.close_connection = True
                return
            content = server.changed(self.path, reply.body)
            self.send_response(reply.status)
            for name, value in (("content-type", reply.kind), *reply.headers):
                self.send_header(name, value)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            cut = server.cut
            if cut is not None and len(content) > cut and "range" in headers:
                self.wfile.write(content[:cut])
                self.close_connection = True
                return
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler


def ordered(stand: Stand, release: str, sequence: int, application: str = "toy") -> str:
    """A signed statement with which devices may go (back) to a release."""
    statement = Statement("rollback", application, release, sequence, datetime(2026, 3, 2, tzinfo=UTC), "by hand")
    return sign_statement(statement, Signer(stand.folder / "keys" / "signing.key")).decode()


def model_path(stand: Stand, release: str) -> str:
    """Where the service has the model of a release."""
    manifest = stand.manifest(release)
    (digest,) = (file.digest for file in manifest.files if file.name.startswith("parts/"))
    return f"/v1/bundles/{release}/{digest}"
