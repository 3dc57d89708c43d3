"""A live service: generated traffic beside it, at wall-clock time, for looking at and for breaking things."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Protocol

from afield.application import Application, resolve
from afield.build import build
from afield.control.office import Office, open_office
from afield.control.service import Terms, running
from afield.control.stopping import stop_by_signal
from afield.data.sources import Source
from afield.errors import ServingError
from afield.records.facts import Window
from afield.records.traffic import Fact, Ingest
from afield.replay import Client

LOOK = 0.2
# Seconds that what happened today so far may take to be sent.
TODAY = 60.0


class Surroundings(Protocol):
    """Generated traffic around a moment."""

    @property
    def source(self) -> Source:
        """What a release is built from."""
        ...

    @property
    def window(self) -> Window:
        """From the moment up to which the source is built from, to when the traffic ends."""
        ...

    def facts(self, tick: datetime) -> Sequence[Fact]:
        """What became known in the slot before `tick`."""
        ...

    def arrivals(self, tick: datetime) -> Sequence[tuple[datetime, Fact, bytes]]:
        """Who asks in the slot that begins at `tick`: when, the fact, and the body of the request."""
        ...


def live(
    application: Application, root: Path, terms: Terms, tell: Callable[[str], None], ready: Callable[[str], None]
) -> None:
    """Serve beside generated traffic until SIGTERM or Ctrl-C; builds a release first where there is none for today.

    Raises:
        AfieldError: a stage failed.
    """
    office = open_office(application, root, tell)
    now = office.clock.now()
    world: Surroundings = resolve(application.surroundings)(application.options, now)
    if office.actions.state.trained != world.window.start:
        tell("building a release on generated history up to today")
        built = build(office.plan, office.bench(source=world.source, name="generated"), None, world.window.start)
        office.register(built, promote=True)
    with running(office, replace(terms, fed=True)) as service:
        stop_by_signal(service.ask_to_stop)
        stop, told = threading.Event(), threading.Event()
        clients = threading.Thread(
            target=_ask, args=(office, world, service.url, stop, told, tell), name="clients", daemon=True
        )
        clients.start()
        told.wait(TODAY)  # the first rows are to rest on what happened today so far
        ready(service.url)
        service.supervise()
        stop.set()
        clients.join(timeout=10)


def _ask(
    office: Office,
    world: Surroundings,
    url: str,
    stop: threading.Event,
    told: threading.Event,
    tell: Callable[[str], None],
) -> None:
    """Send what happened today so far, set `told`, then send everything else at its time."""
    client, step = Client(url), office.operate.step
    begun = office.clock.now()
    try:
        for tick in world.window.ticks(step):
            arrivals = world.arrivals(tick)
            client.ingest(Ingest(facts=(*world.facts(tick), *(fact for when, fact, _ in arrivals if when <= begun))))
            for moment, fact, body in arrivals:
                if moment > begun:
                    told.set()
                    if not _wait(office, moment, stop):
                        return
                    client.ask(office.operate.asked.route, body)
                    client.ingest(Ingest(facts=(fact,)))
    except ServingError as error:
        tell(f"generated traffic ends: {error}")
    finally:
        told.set()


def _wait(office: Office, moment: datetime, stop: threading.Event) -> bool:
    """Whether the moment came before the end."""
    while (left := (moment - office.clock.now()).total_seconds()) > 0:
        if stop.wait(min(left, LOOK)):
            return False
    return not stop.is_set()
