"""A small server with what the phone needs of the service: its pages, bundles, and what it is sent."""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec

from afield.records.decision import ControlState
from afield.records.release import Golden, Manifest, Part
from afield.records.traffic import Ingest, Mode, TelemetryBatch
from afield.release.bundle import write
from afield.release.canonical import canonical
from afield.release.signing import Signer, Trusted
from afield.serving.bundles import Bundles, routes
from afield.serving.http import Reply, Request, refused
from afield.serving.pages import Pages

START = datetime(2026, 5, 1, 10)
CHAMPION = "/v1/bundles/champion"
Answers = Callable[[dict[str, object]], bytes | None]


@dataclass
class Site:
    """What the server serves, and what it was sent.

    Attributes:
        down: nothing answers while it is set.
        mode: in force at the server.
        slices: modes that are in force there for slices of lines.
        order: a signed rollback, where the server has one.
        mute: takes what it is sent, and says nothing: the answers are lost.
        changed: the bytes of a bundle, as somebody on the way changes them.
        reads: the answer to `POST /v1/read`; None: 503.
        cut: bytes after which the first longer stretch of a bundle's file halts; no file is given any more then, until
            it is None again.
        halted: path of the file that halted.
        dead: what halted breaks off once it is set.
        date: what it says of the time; "" its own.
        ranges: path and range of the files that were asked for.
    """

    folder: Path
    pages: Pages
    signer: Signer
    champion: str = ""
    mode: Mode = "automate"
    slices: dict[str, Mode] = field(default_factory=dict)
    order: str = ""
    down: bool = False
    mute: bool = False
    changed: Callable[[bytes], bytes] = bytes
    reads: Answers = lambda _: None
    cut: int | None = None
    halted: str = ""
    dead: threading.Event = field(default_factory=threading.Event)
    date: str = ""
    url: str = ""
    asked: list[str] = field(default_factory=list)
    ranges: list[tuple[str, str]] = field(default_factory=list)
    telemetry: list[TelemetryBatch] = field(default_factory=list)
    ingests: list[Ingest] = field(default_factory=list)
    read: list[dict[str, object]] = field(default_factory=list)

    def release(
        self, files: dict[str, bytes], parts: tuple[Part, ...], sequence: int, signer: Signer | None = None
    ) -> str:
        """Write a signed bundle and make it the champion."""
        golden = Golden(START, (), {}, {}, {})
        manifest = Manifest(
            application="signs", options={}, created=START, sequence=sequence, parts=parts, files=(), feature_set="",
            code="", data={}, windows={}, seed=0, environment={}, evaluation={"cer": 0.05},
        )  # fmt: skip
        content = {**files, "golden.json": canonical(golden), "card.md": b"# Signs\n"}
        self.champion = write(self.folder / "bundles", manifest, content, signer or self.signer)
        return self.champion

    def get(self, path: str, headers: Mapping[str, str]) -> Reply:
        """The reply to GET; files of bundles come from the service's own routes."""
        self.asked.append(path)
        bundles = Bundles(self.folder / "bundles")
        match path.split("/")[1:]:
            case ["v1", "keys"]:
                keys = Trusted(self.folder / "keys").keys()
                return Reply(
                    200,
                    msgspec.json.encode({"keys": {name: key.public_bytes_raw().hex() for name, key in keys.items()}}),
                )
            case ["v1", "bundles", "champion"]:
                order = {"order": self.order} if self.order else {}
                return Reply(
                    200,
                    msgspec.json.encode({"release": self.champion, "mode": self.mode, "slices": self.slices} | order),
                )
            case ["v1", "bundles", release]:
                content = bundles.statement(release)
                return refused(404, "no such release") if content is None else Reply(200, self.changed(content))
            case ["v1", "bundles", release, file]:
                return self._file(bundles, Request("GET", path, headers, names={"release": release, "file": file}))
        return self.pages.find(path) or refused(404, "nothing here")

    def _file(self, bundles: Bundles, request: Request) -> Reply:
        self.ranges.append((request.path, request.headers.get("range", "")))
        if self.cut is not None and self.halted:
            return refused(503, "the line is dead")
        handler = routes(bundles, lambda: ControlState(0, self.champion), dict)["/v1/bundles/{release}/{file}"]
        reply = handler.methods["GET"](request)
        return Reply(reply.status, self.changed(reply.body), reply.kind, reply.headers)

    def post(self, path: str, body: bytes) -> Reply:
        """The reply to POST; bodies are decoded as strictly as the service does."""
        if path == "/v1/telemetry":
            self.telemetry.append(msgspec.json.decode(body, type=TelemetryBatch))
        elif path == "/v1/events":
            self.ingests.append(msgspec.json.decode(body, type=Ingest))
        elif path == "/v1/read":
            self.read.append(json.loads(body))
            answer = self.reads(self.read[-1])
            return refused(503, "nobody reads") if answer is None else Reply(200, answer)
        else:
            return refused(404, "nothing here")
        return Reply(202, b"{}")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Serve on a free port of the loopback address."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def do_GET(self) -> None:
            if not site.down:
                headers = {name.lower(): value for name, value in self.headers.items()}
                self._send(site.get(self.path.partition("?")[0], headers))

        def do_POST(self) -> None:
            if site.down:
                return
            reply = site.post(self.path, self.rfile.read(int(self.headers["content-length"])))
            if not site.mute:
                self._send(reply)

        def _send(self, reply: Reply) -> None:
            self.send_response(reply.status)
            for name, value in (("content-type", reply.kind), *reply.headers):
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            if site.cut is None or reply.status != 206 or len(reply.body) <= site.cut:
                self.wfile.write(reply.body)
            else:
                self.wfile.write(reply.body[: site.cut])
                site.halted = self.path
                site.dead.wait(60)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return site.date or super().date_time_string(timestamp)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    return Handler
