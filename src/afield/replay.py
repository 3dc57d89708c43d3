"""Recorded or generated traffic, played through a running service over HTTP as its clients would."""

import http.client
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import msgspec
import polars as pl

from afield.data.sources import Source
from afield.errors import ServingError
from afield.records.applied import fell_back
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Ingest, Outcome
from afield.reporting.content import Felt, Section

Arms = Mapping[str, pl.DataFrame]
"""Arm (never_updated, kept, baseline) → frame (tick, key, truth, forecast) of the rows whose truth is known."""

BATCH = 2000
PATIENCE = 120.0


class Traffic(Protocol):
    """What an application's clients send, tick by tick."""

    def facts(self, tick: datetime) -> Sequence[Fact]:
        """What became known since the tick before and before this one."""
        ...

    def outcomes(self, tick: datetime, /) -> Sequence[Outcome]:
        """Outcomes and corrections that arrive at this tick, where clients send any."""
        ...

    def requests(self, tick: datetime) -> Sequence[bytes]:
        """Bodies of the requests that clients make between this tick and the next."""
        ...

    def settle(self, tick: datetime, answers: Sequence[Answer], /) -> None:
        """Let the world go on with what was answered."""
        ...


@dataclass(slots=True)
class Replayed:
    """What was played, in counts.

    Attributes:
        ticks, facts, requests: how many were played.
        failed: requests without a usable answer.
        fallbacks: answers that a fallback gave.
        failures: the first few failures, in words.
    """

    ticks: int = 0
    facts: int = 0
    requests: int = 0
    failed: int = 0
    fallbacks: int = 0
    failures: list[str] = field(default_factory=list)


def every_row(rows: pl.DataFrame) -> int:
    """As many as there are rows."""
    return rows.height


def no_sections(_: Arms, __: Mapping[str, Path]) -> Sequence[Section]:
    """None."""
    return ()


@dataclass(frozen=True, slots=True)
class Scenario:
    """What is played.

    Attributes:
        name: of the data, in words.
        source: the first release is built from what it knew before the window.
        window: of ticks that are played.
        traffic: what clients send.
        felt: the arms' frames, with `columns` → what people felt under each arm.
        bad_candidate: when a person offers a deliberately bad release.
        outage: when the model is broken for two ticks.
        regime_change: when the world changes, where that is declared.
        bad_factor: what that release's output is multiplied by.
        columns: further outputs of the live release that `felt` and `sections` need beside the compared one.
        expected: the rows of the live release, truths null where unknown → how many outcomes there should be.
        sections: what the application adds to the report: the arms' frames, and the folders of the first release
            (never_updated) and of the one that is live in the end (kept) → sections in order.
    """

    name: str
    source: Source
    window: Window
    traffic: Traffic
    felt: Callable[[Arms], Felt]
    bad_candidate: datetime
    outage: datetime
    regime_change: datetime | None
    bad_factor: float = 2.0
    columns: tuple[str, ...] = ()
    expected: Callable[[pl.DataFrame], int] = every_row
    sections: Callable[[Arms, Mapping[str, Path]], Sequence[Section]] = no_sections


class Client:
    """One keep-alive connection to a service."""

    def __init__(self, url: str, token: str = "", timeout: float = 10.0) -> None:
        """Connect to `url` on the first call; `token` is sent as a bearer token where there is one."""
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port or 80, timeout=timeout)
        self._headers = {"Content-Type": "application/json"}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        self._answers = msgspec.json.Decoder(Answer)

    def ask(self, route: str, body: bytes) -> Answer:
        """The answer to one request.

        Raises:
            ServingError: the service cannot be reached or refuses; the message says how.
        """
        status, content = self.call("POST", f"/v1/{route}", body)
        if status != http.client.OK:
            raise ServingError(f"POST /v1/{route}: {status} {content[:200].decode(errors='replace')}")
        return self.decoded(content)

    def decoded(self, content: bytes) -> Answer:
        """The answer that a reply's body holds.

        Raises:
            ServingError: it holds none.
        """
        try:
            return self._answers.decode(content)
        except msgspec.MsgspecError as error:
            raise ServingError(f"the service gives what is no answer: {error}") from error

    def ingest(self, batch: Ingest) -> None:
        """Send facts and outcomes.

        Raises:
            ServingError: the service cannot be reached or refuses; the message says how.
        """
        status, content = self.call("POST", "/v1/events", msgspec.json.encode(batch))
        if status >= http.client.BAD_REQUEST:
            raise ServingError(f"POST /v1/events: {status} {content[:200].decode(errors='replace')}")

    def health(self) -> dict[str, object]:
        """What `/healthz` says."""
        _, content = self.call("GET", "/healthz")
        found: dict[str, object] = msgspec.json.decode(content)
        return found

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        """Status and body of one call; a connection that the service closed is opened again, once.

        Raises:
            ServingError: the service cannot be reached.
        """
        for last in (False, True):
            try:
                self._connection.request(method, path, body, self._headers)
                reply = self._connection.getresponse()
                return reply.status, reply.read()
            except (OSError, http.client.HTTPException) as error:
                self._connection.close()
                if last:
                    where = f"{self._connection.host}:{self._connection.port}"
                    raise ServingError(f"{method} {path}: no answer from {where} ({error}); is it running?") from error
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def replay(
    traffic: Traffic,
    client: Client,
    route: str,
    window: Window,
    step: timedelta,
    *,
    watch: Callable[[datetime, Replayed], None],
    pause: Callable[[datetime], None] = lambda _: None,
    alive: Callable[[], None] = lambda: None,
) -> Replayed:
    """Play `traffic` tick by tick: its facts and the watermark, then its requests once the service has ticked.

    The facts of the last slot are told at the end of the window, so that every outcome of it becomes known.

    `watch` is told after each tick; `pause` is called before each (a replay at N times real time waits there);
    `alive` raises where the service's supervisor has failed.

    Raises:
        ServingError: the service stopped ticking or cannot be reached.
    """
    played = Replayed()
    for tick in window.ticks(step):
        pause(tick)
        _tell(traffic, client, tick, played, alive)
        traffic.settle(tick, list(answers(client, route, traffic.requests(tick), played)))
        played.ticks += 1
        watch(tick, played)
    _tell(traffic, client, window.end, played, alive)
    return played


def _tell(traffic: Traffic, client: Client, tick: datetime, played: Replayed, alive: Callable[[], None]) -> None:
    """Send what became known before `tick`, and wait until the service has ticked."""
    facts, outcomes = traffic.facts(tick), traffic.outcomes(tick)
    for start in range(0, len(facts), BATCH):
        client.ingest(Ingest(facts=tuple(facts[start : start + BATCH])))
    client.ingest(Ingest(outcomes=tuple(outcomes), watermark=tick))
    await_tick(client, tick, alive)
    played.facts += len(facts)


def await_tick(client: Client, tick: datetime, alive: Callable[[], None] = lambda: None) -> None:
    """Return once every worker that is asked serves the rows of `tick`.

    Raises:
        ServingError: the service did not get there in two minutes.
    """
    deadline = time.monotonic() + PATIENCE
    wanted = tick.isoformat()
    health: dict[str, object] = {}
    while time.monotonic() < deadline:
        alive()
        health = client.health()
        if str(health.get("tick") or "") >= wanted:
            return
        time.sleep(0.002)
    raise ServingError(f"the service stands at tick {health.get('tick')}, not {wanted}: {health.get('problem')}")


def answers(client: Client, route: str, bodies: Sequence[bytes], played: Replayed) -> Iterator[Answer]:
    """The answers to requests, in order, those that fail left out; `played` counts them all."""
    for body in bodies:
        played.requests += 1
        try:
            answer = client.ask(route, body)
        except ServingError as error:
            played.failed += 1
            if len(played.failures) < 5:
                played.failures.append(str(error))
            continue
        played.fallbacks += fell_back(answer.applied)
        yield answer
