"""Traffic played through a service over HTTP, against a stand-in that notes what it is sent."""

import http.server
import json
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

import pytest

from afield import replay as replays
from afield.errors import ServingError
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Outcome
from afield.replay import BATCH, Client, Replayed, replay

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
ANSWER = {
    "id": "1", "forecast": "", "release": "r", "mode": "automate", "applied": [], "output": {"multiplier": 1.0},
    "interval": None, "level": 0.9, "facts_age": 0.0, "reason": "",
}  # fmt: skip


class Handler(http.server.BaseHTTPRequestHandler):
    """Ticks as soon as it is told a watermark; quotes that say so are refused or fallen back on."""

    protocol_version = "HTTP/1.1"
    server: "Server"

    def do_GET(self) -> None:
        self.reply(200, {"tick": self.server.tick, "problem": "asleep"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.path, body, self.headers.get("Authorization")))
        if self.path == "/v1/events":
            if body.get("watermark") and not self.server.asleep:
                self.server.tick = body.get("watermark")
            self.reply(self.server.status or 202, {})
        elif body["how"] == "refused":
            self.reply(400, {"error": "no such zone"})
        else:
            self.reply(200, ANSWER | {"applied": ["fallback:baseline"] if body["how"] == "fallback" else []})

    def reply(self, status: int, content: object) -> None:
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    tick: str | None = None
    asleep = False
    status = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.seen: list[tuple[str, dict[str, object], str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    made = Client(server.url, token="secret")
    yield made
    made.close()


class Clients:
    """Three requests a tick, and as many facts as are asked for."""

    def __init__(self, facts: int = 2) -> None:
        self.count = facts
        self.settled: list[tuple[datetime, Sequence[Answer]]] = []

    def facts(self, tick: datetime) -> list[Fact]:
        return [Fact(f"{tick.isoformat()}-{number}", "order", tick) for number in range(self.count)]

    def outcomes(self, tick: datetime) -> list[Outcome]:
        return [Outcome(tick.isoformat(), "7", tick - HOUR, tick, "meter", 3.0)]

    def requests(self, _: datetime) -> list[bytes]:
        return [json.dumps({"how": how}).encode() for how in ("good", "refused", "fallback")]

    def settle(self, tick: datetime, answers: Sequence[Answer]) -> None:
        self.settled.append((tick, answers))


def play(clients: Clients, client: Client, hours: int = 2) -> Replayed:
    return replay(clients, client, "quote", Window(NOON, NOON + hours * HOUR), HOUR, watch=lambda *_: None)


def test_ticks_are_those_of_the_half_open_window() -> None:
    assert list(Window(NOON, NOON + 3 * HOUR).ticks(HOUR)) == [NOON, NOON + HOUR, NOON + 2 * HOUR]
    assert list(Window(NOON, NOON).ticks(HOUR)) == []


def test_facts_come_before_the_watermark_and_requests_after_the_tick(server: Server, client: Client) -> None:
    play(Clients(), client, hours=1)
    paths = [(path, "watermark" in body) for path, body, _ in server.seen]
    quote = ("/v1/quote", False)
    events = [("/v1/events", False), ("/v1/events", True)]
    assert paths == [*events, quote, quote, quote, *events]
    marks = [body.get("watermark") for path, body, _ in server.seen if path == "/v1/events"]
    assert marks == [None, "2024-03-01T12:00:00", None, "2024-03-01T13:00:00"]


def test_what_was_played_is_counted_and_failures_are_told(server: Server, client: Client) -> None:
    clients = Clients()
    played = play(clients, client)
    assert (played.ticks, played.requests, played.failed, played.fallbacks) == (2, 6, 2, 2)
    assert played.facts == 6
    assert "no such zone" in played.failures[0]
    assert [len(answers) for _, answers in clients.settled] == [2, 2]


def test_outcomes_are_sent_with_the_watermark_and_a_token_with_everything(server: Server, client: Client) -> None:
    play(Clients(), client, hours=1)
    sent = [body.get("outcomes", []) for path, body, _ in server.seen if path == "/v1/events" and body.get("watermark")]
    assert [len(outcomes) for outcomes in sent] == [1, 1]
    assert {token for _, _, token in server.seen} == {"Bearer secret"}


def test_many_facts_are_sent_in_parts(server: Server, client: Client) -> None:
    play(Clients(facts=2 * BATCH + 1), client, hours=1)
    sizes = [len(body["facts"]) for path, body, _ in server.seen if path == "/v1/events" and body.get("facts")]
    assert sizes == [BATCH, BATCH, 1] * 2


def test_a_service_that_stops_ticking_is_told_in_words(
    server: Server, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "PATIENCE", 0.05)
    server.asleep = True
    with pytest.raises(ServingError, match="stands at tick None, not 2024-03-01T12:00:00: asleep"):
        play(Clients(), client)


def test_a_service_that_refuses_facts_is_told_in_words(server: Server, client: Client) -> None:
    server.status = 503
    with pytest.raises(ServingError, match="POST /v1/events: 503"):
        play(Clients(), client)


def test_a_supervisor_that_died_ends_the_replay(server: Server, client: Client) -> None:
    server.asleep = True

    def dead() -> None:
        raise ServingError("the supervisor stopped")

    with pytest.raises(ServingError, match="supervisor stopped"):
        replay(Clients(), client, "quote", Window(NOON, NOON + HOUR), HOUR, watch=lambda *_: None, alive=dead)


def test_a_service_that_is_not_there_is_told_in_words() -> None:
    client = Client("http://127.0.0.1:9", timeout=1.0)
    with pytest.raises(ServingError, match="is it running"):
        client.health()
