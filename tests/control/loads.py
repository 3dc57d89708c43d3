"""Clients of a whole service, and what has to be kept of what it accepted."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import msgspec
import polars as pl

from afield.control.office import Office
from afield.control.process import Running
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Ingest
from afield.replay import Client
from surge.traffic import Recorded
from tests.workshop.village import CITY, UNTIL


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


class Load:
    """Clients that ask and send through a balancer; keeps what was accepted."""

    def __init__(self, port: int, clients: int = 4) -> None:
        self.answers: list[str] = []
        self.facts: list[str] = []
        self.broken: list[str] = []
        self._port = port
        self._done = threading.Event()
        traffic = Recorded(CITY.read().tables, Window(UNTIL, UNTIL + CITY.slot), CITY.slot, quotes=20)
        self._quotes = traffic.requests(UNTIL)
        self._fact = next(fact for fact in traffic.facts(UNTIL) if fact.kind == "order")
        self._clients = [threading.Thread(target=self._play, args=(number,)) for number in range(clients)]

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
                    self._send(
                        connection, msgspec.structs.replace(self._fact, id=f"load-{self._port}-{client}-{number}")
                    )
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


def tick(service: Running, at: datetime = UNTIL) -> None:
    """Let the clock of the events go on, so that feature rows are published."""
    client = Client(service.url)
    client.ingest(Ingest(watermark=at))
    client.close()


def until(holds: Callable[[], bool], alive: Callable[[], None] = lambda: None, patience: float = 30.0) -> None:
    deadline = time.monotonic() + patience
    while not holds():
        alive()
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def everything_is_kept_once(office: Office, load: Load) -> None:
    events = office.tables.scan("predictions").filter(pl.col("kind") == "answer").collect()["id"].to_list()
    loaded = office.tables.scan("orders").filter(pl.col("order_id").str.starts_with("load-"))
    orders = loaded.collect()["order_id"].to_list()
    for accepted, kept in ((load.answers, Counter(events)), (load.facts, Counter(orders))):
        assert len(accepted) == len(set(accepted))
        assert [identity for identity in accepted if kept[identity] != 1] == []
    assert len(load.broken) <= 8, "only connections that were open to the one that was killed break"
