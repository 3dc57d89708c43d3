"""Alerts told to a receiver that the operator declared."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from afield.clock import SimulatedClock
from afield.control import notices as module
from afield.control.notices import SIGNATURE, Notices, Receiver, declare, signed
from afield.control.standing import ACKNOWLEDGED, RAISED, SILENCED, TOLD, standing
from afield.errors import UsageError
from afield.records.decision import Entry
from afield.store.ledger import Ledger

AT = datetime(2024, 3, 1, 12)
KEY = b"0123456789abcdef"
ALERT = {
    "monitor": "drift",
    "metric": "psi",
    "since": AT.isoformat(),
    "severity": "warning",
    "effect": 0.4,
    "advice": "look",
    "slice": "all",
}


@dataclass
class Heard:
    """A receiver on loopback: what it was told, and what it answers."""

    url: str = ""
    status: int = 204
    bodies: list[bytes] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)


@pytest.fixture
def heard() -> Iterator[Heard]:
    said = Heard()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
            said.signatures.append(self.headers[SIGNATURE])
            self.send_response(said.status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    said.url = f"http://127.0.0.1:{server.server_port}/alerts?team=a"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield said
    server.shutdown()
    thread.join()
    server.server_close()


def ledger(folder: Path, *kinds: str) -> Ledger:
    """A ledger with one alert, and what happened to it."""
    made = Ledger(f"sqlite:///{folder / 'ledger.db'}")
    for kind in (RAISED, *kinds):
        subject = "drift" if kind == SILENCED else "drift:psi:1"
        evidence = {RAISED: ALERT, SILENCED: {"until": "2024-03-02T00:00:00"}}.get(kind, {})
        made.append(
            Entry("app", kind, subject, "ada", "moved", AT, datetime(2024, 3, 1, tzinfo=UTC), "", dict(evidence))
        )
    return made


def telling(folder: Path, url: str, *kinds: str) -> tuple[Notices, Ledger, list[str]]:
    (folder / "secret").write_bytes(KEY + b"\n")
    declare(folder / "receiver.json", Receiver(url, str(folder / "secret"), AT))
    said: list[str] = []
    held = ledger(folder, *kinds)
    return Notices(folder / "receiver.json", held, "app", SimulatedClock(AT), said.append, pause=0.0), held, said


def test_an_alert_is_told_once_and_signed(tmp_path: Path, heard: Heard) -> None:
    notices, held, _ = telling(tmp_path, heard.url)
    notices.look()
    notices.look()
    (body,) = heard.bodies
    assert json.loads(body)["alert"]["message"] == "moved"
    moment = int(heard.signatures[0].partition(",")[0].removeprefix("t="))
    assert heard.signatures == [signed(body, KEY, moment)]
    assert standing(held.entries("app")).told == {"drift:psi:1"}


@pytest.mark.parametrize("kind", [ACKNOWLEDGED, SILENCED, TOLD])
def test_what_somebody_dealt_with_is_told_to_nobody(tmp_path: Path, heard: Heard, kind: str) -> None:
    notices, *_ = telling(tmp_path, heard.url, kind)
    notices.look()
    assert heard.bodies == []


def test_a_receiver_that_refuses_is_tried_again_and_given_up_at_last(tmp_path: Path, heard: Heard) -> None:
    notices, held, said = telling(tmp_path, heard.url)
    heard.status = 500
    for _ in range(module.ATTEMPTS + 2):
        notices.look()
    assert len(heard.bodies) == module.ATTEMPTS
    assert "given up" in said[-1]
    assert held.entries("app", (TOLD,))[0].reason.startswith("given up after 6 attempts: 127.0.0.1 answered 500")


def test_a_receiver_that_is_away_is_tried_again_later_and_holds_up_nothing(tmp_path: Path) -> None:
    notices, held, _ = telling(tmp_path, "http://127.0.0.1:9/")
    notices.start()
    notices.stop()
    notices.look()
    assert held.entries("app", (TOLD,)) == ()


def test_without_a_receiver_nothing_is_done(tmp_path: Path) -> None:
    notices, held, _ = telling(tmp_path, "http://127.0.0.1:9/")
    (tmp_path / "receiver.json").unlink()
    notices.look()
    assert held.entries("app", (TOLD,)) == ()


@pytest.mark.parametrize(
    ("url", "secret", "message"),
    [
        ("ftp://x/", KEY, "no address"),
        ("http:///x", KEY, "no address"),
        ("http://x/", b"short", "16 at least"),
        ("http://x/", None, "cannot be read"),
    ],
)
def test_a_receiver_that_cannot_be_told_is_refused(
    tmp_path: Path, url: str, secret: bytes | None, message: str
) -> None:
    if secret is not None:
        (tmp_path / "secret").write_bytes(secret)
    with pytest.raises(UsageError, match=message):
        declare(tmp_path / "receiver.json", Receiver(url, str(tmp_path / "secret"), AT))
