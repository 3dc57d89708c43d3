"""Generated traffic beside a live service, in simulated time."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest

from afield import live
from afield.clock import SimulatedClock
from afield.errors import ServingError
from afield.records.facts import Window
from afield.records.traffic import Fact, Ingest

NOON = datetime(2024, 3, 1, 12)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


def fact(kind: str, at: datetime) -> Fact:
    return msgspec.convert({"id": f"{kind}:{at:%H%M}", "kind": kind, "at": at, "fields": {}}, Fact)


class World:
    """Somebody asks at a quarter past and a quarter to; the weather is told before each hour."""

    window = Window(NOON, NOON + 2 * HOUR)

    def facts(self, tick: datetime) -> Sequence[Fact]:
        return [fact("weather", tick - MINUTE)]

    def arrivals(self, tick: datetime) -> Sequence[tuple[datetime, Fact, bytes]]:
        moments = [tick + minutes * MINUTE for minutes in (15, 45)]
        return [(at, fact("order", at), f"{at:%H:%M}".encode()) for at in moments]


@dataclass
class Heard:
    """Stands for the client; notes what the service would hear, and when."""

    clock: SimulatedClock
    said: list[tuple[str, str, str]] = field(default_factory=list)
    fails: bool = False

    def __call__(self, url: str) -> "Heard":
        self.url = url
        return self

    def ask(self, route: str, body: bytes) -> None:
        if self.fails:
            raise ServingError("cannot be reached")
        self.said.append((f"{self.clock.now():%H:%M}", route, body.decode()))

    def ingest(self, batch: Ingest) -> None:
        self.said += [(f"{self.clock.now():%H:%M}", "fact", each.id) for each in batch.facts]


@dataclass
class Passing:
    """An event whose waiting moves the clock instead; set after `waits` of them."""

    clock: SimulatedClock
    waits: float = float("inf")

    def is_set(self) -> bool:
        return self.waits <= 0

    def wait(self, seconds: float) -> bool:
        assert seconds <= live.LOOK
        self.waits -= 1
        self.clock.advance(self.clock.now() + MINUTE)
        return self.is_set()


def asking(
    monkeypatch: pytest.MonkeyPatch, *, begun: datetime, waits: float = float("inf"), fails: bool = False
) -> tuple[list[tuple[str, str, str]], list[str]]:
    """What the service heard, and what was told."""
    clock, told = SimulatedClock(begun), list[str]()
    heard = Heard(clock, fails=fails)
    monkeypatch.setattr(live, "Client", heard)
    office = SimpleNamespace(clock=clock, operate=SimpleNamespace(step=HOUR, asked=SimpleNamespace(route="quote")))
    live._ask(office, World(), "http://here", Passing(clock, waits), threading.Event(), told.append)
    return heard.said, told


def test_what_happened_before_the_start_is_told_at_once_and_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told = asking(monkeypatch, begun=NOON + HOUR + 30 * MINUTE)
    past = ["weather:1159", "order:1215", "order:1245", "weather:1259", "order:1315"]
    assert said == [
        *(("13:30", "fact", each) for each in past),
        ("13:45", "quote", "13:45"),
        ("13:45", "fact", "order:1345"),
    ]
    assert told == []


def test_everybody_asks_at_their_time_and_only_then_is_the_order_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    said, _ = asking(monkeypatch, begun=NOON)
    assert [each for each in said if each[2].startswith("order") or each[1] == "quote"] == [
        (at, kind, at if kind == "quote" else f"order:{at.replace(':', '')}")
        for at in ("12:15", "12:45", "13:15", "13:45")
        for kind in ("quote", "fact")
    ]


def test_a_stop_ends_the_traffic_before_the_next_request(monkeypatch: pytest.MonkeyPatch) -> None:
    said, told = asking(monkeypatch, begun=NOON, waits=20)
    assert [each[2] for each in said] == ["weather:1159", "12:15", "order:1215"]
    assert told == []


def test_a_service_that_is_gone_ends_the_traffic_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    _, told = asking(monkeypatch, begun=NOON, fails=True)
    assert told == ["generated traffic ends: cannot be reached"]


def test_a_moment_that_is_past_is_not_waited_for_but_an_end_is_seen() -> None:
    office, stop = SimpleNamespace(clock=SimulatedClock(NOON)), threading.Event()
    assert live._wait(office, NOON - HOUR, stop)
    stop.set()
    assert not live._wait(office, NOON - HOUR, stop)
