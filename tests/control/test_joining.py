"""Two services on one home behind a balancer; one is killed."""

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.control.joining import Joined
from afield.control.office import Office
from afield.control.orphans import end, running_with
from afield.control.process import Running, serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError, UsageError
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Ingest
from afield.replay import Client
from afield.testing.balancer import Balancer
from surge.application import surge
from surge.traffic import Recorded
from tests.workshop.village import CITY, UNTIL, copied

ENOUGH = 80


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


def test_there_is_nothing_to_join_where_nothing_was_published(tmp_path: Path) -> None:
    service = Joined(surge(), tmp_path / "own", tmp_path / "share", Terms(), "b", say)
    with pytest.raises(ServingError, match="start that one first"):
        service.start()


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--as"):
        Joined(surge(), tmp_path, tmp_path, Terms(), "../b", say)


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Office]:
    opened = copied(tmp_path_factory.getbasetemp(), tmp_path / "share")
    yield opened
    for left in running_with(opened.home.folder / "service.json"):
        end(left)


@contextmanager
def second(office: Office, root: Path, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """A service that joins, as its own command; it and its workers are one group of processes."""
    command = [sys.executable, "-m", "afield", "serve", "surge", "--slot", "60m", "--port", str(port)]
    command += ["--join", str(office.home.root), "--as", "host-b"]
    environment = {**os.environ, "AFIELD_HOME": str(root)}
    process = subprocess.Popen(command, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """As the machine's plug is pulled."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


class Load:
    """Clients that ask and send through a balancer; keeps what was accepted."""

    def __init__(self, port: int) -> None:
        self.answers: list[str] = []
        self.facts: list[str] = []
        self.broken: list[str] = []
        self._port = port
        self._done = threading.Event()
        traffic = Recorded(CITY.read().tables, Window(UNTIL, UNTIL + CITY.slot), CITY.slot, quotes=20)
        self._quotes = traffic.requests(UNTIL)
        self._fact = next(fact for fact in traffic.facts(UNTIL) if fact.kind == "order")
        self._clients = [threading.Thread(target=self._play, args=(number,)) for number in range(4)]

    def __enter__(self) -> "Load":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for client in self._clients:
            client.join()

    def _play(self, client: int) -> None:
        number = 0
        while not self._done.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            try:
                for _ in range(10):
                    number += 1
                    self._ask(connection, self._quotes[number % len(self._quotes)])
                    self._send(connection, msgspec.structs.replace(self._fact, id=f"load-{client}-{number}"))
            except (OSError, http.client.HTTPException) as error:
                self.broken.append(type(error).__name__)
            finally:
                connection.close()

    def _ask(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        connection.request("POST", "/v1/quote", body)
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status == 200, content
        self.answers.append(msgspec.json.decode(content, type=Answer).id)

    def _send(self, connection: http.client.HTTPConnection, fact: Fact) -> None:
        connection.request("POST", "/v1/events", msgspec.json.encode(Ingest((fact,))))
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status == 202, content
        self.facts.append(fact.id)


def first_tick(service: Running) -> None:
    """Let the clock of the events begin, so that feature rows are published."""
    client = Client(service.url)
    client.ingest(Ingest(watermark=UNTIL))
    client.close()


def until(holds: Callable[[], bool], alive: Callable[[], None] = lambda: None, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        alive()
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.slow
def test_a_service_that_joined_and_is_killed_under_load_loses_nothing_it_accepted(
    office: Office, tmp_path: Path
) -> None:
    first, other = free_port(), free_port()
    terms = Terms(port=first, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        first_tick(service)
        with second(office, tmp_path / "own", other) as joined, Balancer((first, other)) as balancer:
            until(lambda: balancer.ready == (first, other), service.alive)
            with Load(balancer.port) as load:
                until(lambda: len(load.answers) > ENOUGH and len(load.facts) > ENOUGH, service.alive)
                kill(joined)
                before = len(load.answers)
                until(lambda: balancer.ready == (first,), service.alive)
                until(lambda: len(load.answers) > before + ENOUGH, service.alive)
    spool = office.home.joined / "host-b"
    everything_is_kept_once(office, load)
    accounts = [file.read_bytes() for file in spool.glob("*/*.settled")]
    assert len(accounts) == 2, "the killed service had accepted answers and facts, and both were delivered for it"


@pytest.mark.slow
def test_when_the_first_service_is_killed_the_other_goes_on_and_nothing_is_lost(office: Office, tmp_path: Path) -> None:
    first, other = free_port(), free_port()
    terms = Terms(port=first, by_events=True)
    with serving("surge", office.application.options, office.home.root, terms, say) as service:
        first_tick(service)
        with second(office, tmp_path / "own", other), Balancer((first, other)) as balancer:
            until(lambda: balancer.ready == (first, other), service.alive)
            with Load(balancer.port) as load:
                until(lambda: len(load.answers) > ENOUGH and len(load.facts) > ENOUGH, service.alive)
                service.process.kill()
                for process in running_with(office.home.folder / "service.json"):
                    os.kill(process, signal.SIGKILL)
                before = len(load.answers)
                until(lambda: balancer.ready == (other,))
                until(lambda: len(load.answers) > before + ENOUGH)
    with serving("surge", office.application.options, office.home.root, terms, say):
        pass
    everything_is_kept_once(office, load)


def everything_is_kept_once(office: Office, load: Load) -> None:
    events = office.tables.scan("predictions").filter(pl.col("kind") == "answer").collect()["id"].to_list()
    loaded = office.tables.scan("orders").filter(pl.col("order_id").str.starts_with("load-"))
    orders = loaded.collect()["order_id"].to_list()
    for accepted, kept in ((load.answers, Counter(events)), (load.facts, Counter(orders))):
        assert len(accepted) == len(set(accepted))
        assert [identity for identity in accepted if kept[identity] != 1] == []
    assert len(load.broken) <= 8, "only connections that were open to the one that was killed break"
