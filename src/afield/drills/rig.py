"""A rig: services that drills start, what is asked of them, and what their answers said."""

import contextlib
import http.client
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

from afield.control.office import Office
from afield.control.process import Running, serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError
from afield.records.applied import fell_back
from afield.records.traffic import Answer, Ingest
from afield.replay import Client, await_tick

REQUESTS = 10
"""Requests of one round."""
PATIENCE = 20.0
"""Seconds in which a mitigation has to show."""
MODEL = "afield.testing.faults:model_outage"


@dataclass(frozen=True, slots=True)
class Round:
    """What came of some requests.

    Attributes:
        answers: in order, without those that failed.
        failures: status and text of those that failed.
        slowest: seconds that the slowest took.
    """

    answers: tuple[Answer, ...]
    failures: tuple[tuple[int, str], ...] = ()
    slowest: float = 0.0

    @property
    def failed(self) -> int:
        """How many have no answer."""
        return len(self.failures)

    @property
    def marked(self) -> int:
        """How many answers a fallback gave."""
        return sum(fell_back(answer.applied) for answer in self.answers)

    @property
    def acted(self) -> int:
        """How many answers something acted on: a guard, a fallback, an override or a mode."""
        return sum(bool(answer.applied) for answer in self.answers)

    @property
    def applied(self) -> str:
        """Everything that acted, in words."""
        return ", ".join(sorted({name for answer in self.answers for name in answer.applied})) or "nothing applied"


@dataclass(frozen=True, slots=True)
class Served:
    """A service that a drill started.

    Attributes:
        office: of the application.
        running: the service.
        client: one connection to it.
        tick: where its clock stands.
        switch: file that breaks the model while it exists; what it holds says how (`afield.testing.faults`).
    """

    office: Office
    running: Running
    client: Client
    tick: datetime
    switch: Path

    def bodies(self, count: int = REQUESTS, at: datetime | None = None) -> list[bytes]:
        """Requests that work, about the busiest key, a second apart from `at` on."""
        asked, key = self.office.operate.asked, self.office.busiest()
        return [asked.sample((at or self.tick) + timedelta(seconds=second), key).encode() for second in range(count)]

    def ask(self, bodies: Sequence[bytes] | None = None) -> Round:
        """What comes of these requests, one after the other; of one round's where none are given."""
        return _asked(self.client, self.office.operate.asked.route, self.bodies() if bodies is None else bodies)

    def ask_at_once(self, clients: int, bodies: Sequence[bytes]) -> Round:
        """What comes of the same requests from so many clients at once."""

        def one(_: int) -> Round:
            client = Client(self.running.url, timeout=PATIENCE + 10)
            try:
                return _asked(client, self.office.operate.asked.route, bodies)
            finally:
                client.close()

        with ThreadPoolExecutor(clients) as pool:
            rounds = list(pool.map(one, range(clients)))
        return Round(
            tuple(answer for each in rounds for answer in each.answers),
            tuple(failure for each in rounds for failure in each.failures),
            max(each.slowest for each in rounds),
        )

    def until(self, holds: Callable[[Answer], bool]) -> float:
        """Seconds until an answer is as wanted; infinite where none is in time."""
        (body,) = self.bodies(1)
        began = time.perf_counter()
        while time.perf_counter() - began < PATIENCE:
            with contextlib.suppress(ServingError):
                if holds(self.client.ask(self.office.operate.asked.route, body)):
                    return time.perf_counter() - began
            time.sleep(0.01)
        return float("inf")

    def until_health(self, holds: Callable[[dict[str, object]], bool]) -> bool:
        """Whether the service comes to say of itself what is wanted."""
        deadline = time.perf_counter() + PATIENCE
        while time.perf_counter() < deadline:
            with contextlib.suppress(ServingError):
                if holds(self.client.health()):
                    return True
            time.sleep(0.05)
        return False

    @contextmanager
    def broken(self, how: str = "") -> Iterator[None]:
        """The model broken meanwhile: it raises, or gives "nan" or "wild" outputs, or is "slow"."""
        self.switch.write_text(how, encoding="utf-8")
        try:
            yield
        finally:
            self.switch.unlink(missing_ok=True)


@dataclass(slots=True)
class Rig:
    """Services for drills, on one home; one that is left as it was found serves the next drill too.

    Attributes:
        office: of the application, in a home that may be damaged.
        tell: is told what happens.
    """

    office: Office
    tell: Callable[[str], None]
    _open: ExitStack = field(default_factory=ExitStack)
    _shared: Served | None = None

    def service(self) -> Served:
        """The service that drills share; started where it does not run."""
        if self._shared is None:
            self._shared = self._open.enter_context(self._served(Terms()))
        return self._shared

    @contextmanager
    def alone(self, terms: Terms | None = None) -> Iterator[Served]:
        """A service on these terms for one drill; the one that others share is stopped first."""
        self.close()
        with self._served(terms or Terms()) as served:
            yield served

    def close(self) -> None:
        """Stop the service that drills share."""
        self._shared = None
        self._open.close()

    @contextmanager
    def _served(self, terms: Terms) -> Iterator[Served]:
        office, application = self.office, self.office.application
        switch = office.home.folder / "model-outage"
        switch.unlink(missing_ok=True)
        terms = replace(terms, port=free_port(), by_events=True, seams={MODEL: str(switch)})
        with serving(application.called, application.options, office.home.root, terms, self.tell) as running:
            client = Client(running.url, timeout=PATIENCE + 10)
            try:
                newest = office.newest()
                tick = newest - (newest - newest.min) % office.operate.step + office.operate.step
                client.ingest(Ingest(watermark=tick))
                await_tick(client, tick, running.alive)
                # What an earlier drill said of the time holds: the clock does not go back.
                stands = datetime.fromisoformat(str(client.health()["tick"]))
                yield Served(office, running, client, stands, switch)
            finally:
                client.close()


def _asked(client: Client, route: str, bodies: Sequence[bytes]) -> Round:
    answers: list[Answer] = []
    failures: list[tuple[int, str]] = []
    slowest = 0.0
    for body in bodies:
        began = time.perf_counter()
        try:
            status, content = client.call("POST", f"/v1/{route}", body)
        except ServingError as error:
            status, content = 0, str(error).encode()
        slowest = max(slowest, time.perf_counter() - began)
        if status == http.client.OK:
            answers.append(client.decoded(content))
        else:
            failures.append((status, content[:200].decode(errors="replace")))
    return Round(tuple(answers), tuple(failures), slowest)
