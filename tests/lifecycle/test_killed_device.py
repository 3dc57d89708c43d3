"""A device's process and a whole service: killed in the middle of deliveries, everything it said counts once there."""

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.client.client import Client
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.office import Office
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.records.facts import Window
from afield.records.traffic import Ingest
from afield.telemetry.spool import Spool
from surge.traffic import Recorded
from tests.control.loads import say, tick
from tests.workshop.village import CITY, UNTIL, copied

QUOTE = json.dumps({"pickup_location": 3, "order_time": UNTIL.isoformat()}).encode()
DELIVERIES = ("/v1/telemetry", "/v1/events")
PROGRAM = """
import sys
from pathlib import Path
from afield.application import load
from afield.client.client import Client

folder, url, trusted, quote, ingest = sys.argv[1:]
client = Client(load("surge", {"slot": "60m"}), Path(folder), url, trusted=Path(trusted), every=0.01)
client.start()
client.wait(60.0)
while True:
    answer = client.ask(quote.encode())
    client.tell(ingest.replace("NAME", f"order-{answer.id}").encode())
    print(answer.id, flush=True)
"""


class Way:
    """The way to a service; it ends a device in the middle of a delivery.

    Attributes:
        end: ends the device at the next delivery; None: nobody is ended.
        taken: whether the service takes that delivery first; its answer is lost in either case.
    """

    def __init__(self, port: int) -> None:
        self.end: Callable[[], None] | None = None
        self.taken = False
        self.url = ""
        self._port = port
        self._lock = threading.Lock()

    def carry(self, handler: BaseHTTPRequestHandler) -> None:
        """Carry one request, and its answer unless the device is ended."""
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        end = None
        if handler.path in DELIVERIES:
            with self._lock:
                end, self.end = self.end, None
        if end is None or self.taken:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            connection.request(handler.command, handler.path, body, dict(handler.headers))
            reply = connection.getresponse()
            content = reply.read()
            connection.close()
        if end is not None:
            end()
            handler.close_connection = True
            return
        handler.send_response_only(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("connection", "content-length"):
                handler.send_header(name, value)
        handler.send_header("content-length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content)

    @contextmanager
    def open(self) -> Iterator["Way"]:
        way = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                way.carry(self)

            def do_POST(self) -> None:
                way.carry(self)

            def log_message(self, format: str, *args: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Office:
    return copied(tmp_path_factory.getbasetemp(), tmp_path)


def killed(way: Way, *, taken: bool, folder: Path, trusted: Path) -> list[str]:
    """The answers of a device that was killed while it delivered, before the service took that or after it had."""
    traffic = Recorded(CITY.read().tables, Window(UNTIL, UNTIL + CITY.slot), CITY.slot, quotes=1)
    order = next(fact for fact in traffic.facts(UNTIL) if fact.kind == "order")
    ingest = msgspec.json.encode(Ingest((msgspec.structs.replace(order, id="NAME"),))).decode()
    command = [sys.executable, "-c", PROGRAM, str(folder), way.url, str(trusted), QUOTE.decode(), ingest]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        given = [process.stdout.readline()]
        way.taken, way.end = taken, process.kill
        given += process.stdout.readlines()
    return [line.strip() for line in given if line.endswith("\n")]


@pytest.mark.slow
def test_a_device_that_is_killed_while_it_delivers_counts_once_for_all_that_it_said(
    office: Office, tmp_path: Path
) -> None:
    folder, home, port = tmp_path / "device", office.home, free_port()
    given: list[str] = []
    terms = Terms(port=port, by_events=True)
    with serving("surge", office.application.options, home.root, terms, say) as service, Way(port).open() as way:
        tick(service)
        for taken in (False, True, True, False, True):
            given += killed(way, taken=taken, folder=folder, trusted=home.trusted)
        last = Client(office.application, folder, way.url, trusted=home.trusted)
        last.synchronise()
        standing = last.standing()
        last.stop()

    with Spool(home.telemetry, writer="reader") as spool:
        history = History(office.tables, office.plan.tables, office.plan.features.lookback)
        intake = Intake(history, office.tables, office.plan.tables, home.facts, home.telemetry, spool, say)
        counted = intake.answers(Window(UNTIL, UNTIL + CITY.slot))["id"].to_list()
    arrived = office.tables.scan("predictions").filter(pl.col("kind") == "answer").collect()["id"].to_list()
    orders = office.tables.scan("orders").collect()["order_id"].to_list()
    assert set(given) <= set(counted)
    assert len(counted) == len(set(counted))
    assert len(arrived) > len(counted), "what the service had taken came again, or this shows nothing"
    assert (standing.events.delivered, standing.events.spooled, standing.events.dropped) == (len(counted), 0, 0)
    # At most one answer, and one order, of each process was kept and not yet said when its end came.
    assert len(counted) - len(given) <= 5
    assert {f"order-{name}" for name in given[:-1]} <= set(orders)
    assert (standing.facts.spooled, standing.facts.dropped) == (0, 0)
