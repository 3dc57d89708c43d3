"""A product on this machine: the designs without a supervisor, answering on loopback as the service does.

`python -m afield.device CONFIG.json`, where the configuration names client, hybrid or static.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from afield.answering import recorded
from afield.application import Application, Operate, load
from afield.client.client import Client
from afield.clock import WallClock
from afield.compiled import open_static
from afield.errors import UsageError
from afield.hosting import ClientFirst, Host, Remote
from afield.records.traffic import Counts
from afield.serving import ingestion, inspection, questions, v2
from afield.serving.access import Access, access_of
from afield.serving.config import Config, read_config
from afield.serving.crew import run
from afield.serving.health import Health, HealthReader
from afield.serving.idempotency import Replies
from afield.serving.journal import Journal, log_to
from afield.serving.launch import DEVICE
from afield.serving.metrics import Metrics
from afield.serving.routing import MODEL
from afield.serving.service import Patience, Service
from afield.serving.static import Static
from afield.serving.tokens import token_to_send
from afield.store.secret import secret
from afield.telemetry.claims import claim_any
from afield.telemetry.recorder import Recorder
from afield.telemetry.settlement import totals
from afield.telemetry.spool import Spool

EVERY = 2.0
"""Seconds between two looks. This is a stand on this machine, where nobody wants to wait to see something change: a
product goes by the rhythm that its application considers (`Client(every=None)`)."""
WATCH = 0.25


def nothing_to_do() -> None:
    """Nothing: where a design has nothing to start, or nobody to tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosted:
    """A host as it runs here.

    Attributes:
        host: answers.
        health: how it stands.
        counts: where the events of telemetry went.
        start, stop: called once, in the process that answers.
        leave: told when the process is about to stop.
        tell: takes facts, the body of `POST /v1/events`; None where the design sends nothing.
    """

    host: Host
    health: Callable[[], Health]
    counts: Callable[[], Counts]
    stop: Callable[[], None]
    start: Callable[[], None] = nothing_to_do
    leave: Callable[[], None] = nothing_to_do
    tell: Callable[[bytes], dict[str, int]] | None = None


def make(file: Path) -> Service:
    """The service of one product; it synchronises from now on, and stops with its parent process.

    Raises:
        AfieldError: the configuration, the application, the address or the folder cannot be used.
    """
    config = read_config(file)
    application = load(config.application, config.options)
    operate = application.part(application.operate, Operate)
    admitted = access_of(config)
    hosted = (_static if config.design == "static" else _client)(config, application, admitted)
    metrics, counts = Metrics(Path(config.counts), application.name), Path(config.counts)
    tell, stopped = hosted.tell, threading.Event()
    service = Service(
        questions.routes(operate.asked, hosted.host.ask, metrics, Replies(counts / "replies"), lane=MODEL),
        {} if tell is None else ingestion.facts_route(tell),
        inspection.routes(hosted.health, metrics, hosted.counts),
        v2.signs_of_life(hosted.health),
        access=admitted,
        counted=metrics.request,
        leave=hosted.leave,
        close=stopped.set,
        patience=Patience(config.patience(looking=operate.from_input is not None)),
        shed=metrics.shed,
        watch=Journal(config.log) if config.log != "none" else None,
    )
    log_to()
    hosted.start()
    # Not a daemon: it outlives the last request by a step, and then closes the spools in order.
    threading.Thread(target=_until_the_end, args=(hosted, admitted, os.getppid(), stopped), name="hosted").start()
    return service


def _client(config: Config, application: Application, admitted: Access) -> Hosted:
    """A client, and beside it the service where the design is hybrid."""
    if not config.upstream:
        raise UsageError(f"--design {config.design} needs --upstream URL: the service that it fetches releases from")
    token = token_to_send(Path(config.upstream_token)) if config.upstream_token else ""
    client = Client(
        application,
        Path(config.bundles).parent,
        config.upstream,
        trusted=Path(config.trusted),
        token=token,
        every=EVERY,
    )
    operate = client.operate
    host: Client | ClientFirst = client
    if config.design == "hybrid":
        there = Remote(config.upstream, operate.asked.route, token=token, deadline=operate.designs.ask.deadline)
        host = ClientFirst(client, there.ask)
    health = HealthReader(
        application.name,
        client.predictor,
        WallClock(ZoneInfo(application.zone)).now,
        client.folder.snapshots,
        problems=lambda: (_unfed(client), client.standing().problem, admitted.problem),
        stale_after=None if operate.from_input else operate.stale_after,
    )
    return Hosted(
        host=host,
        health=health.read,
        counts=lambda: client.standing().events,
        start=client.start,
        stop=host.stop,
        leave=health.leave,
        tell=client.tell,
    )


def _unfed(client: Client) -> str:
    """That no facts have come to this device; "" where they have, or where requests bring their own input."""
    if client.situation.rows is not None or client.operate.from_input is not None:
        return ""
    return "no facts have come to this device yet: answers come from fallbacks until the service is reached"


def _static(config: Config, application: Application, admitted: Access) -> Hosted:
    """What was compiled into the product; it keeps its telemetry to itself, and facts not at all."""
    operate = application.part(application.operate, Operate)
    folder, clock = Path(config.telemetry), WallClock(ZoneInfo(application.zone))
    spool = Spool(folder, writer=claim_any(folder, "product"), mode=operate.telemetry.mode, seal_after=EVERY)
    recorder = Recorder(recorded(operate), spool, secret(Path(config.privacy or folder.parent / "privacy.key")))
    compiled = Path(config.bundles)
    host = open_static(compiled, operate, application.name, clock=clock.now, record=recorder.record)
    return Hosted(
        host=host,
        health=lambda: _health(application.name, host, clock.now(), (spool.problem, admitted.problem)),
        counts=lambda: totals(folder),
        stop=spool.close,
    )


def _health(name: str, host: Static, now: datetime, others: Iterable[str]) -> Health:
    """How a product stands that nobody feeds: what it knows is as old as what was compiled."""
    problem = "; ".join(filter(None, (host.over(now), *others)))
    as_of = host.as_of
    return Health(
        status="degraded" if problem else "ok",
        ready=True,
        application=name,
        release=host.release,
        challenger="",
        last_good="",
        stage="idle",
        mode="automate",
        control=0,
        tick=None,
        as_of=as_of,
        rows="",
        facts_age=(now - as_of).total_seconds() if as_of else None,
        snapshot_age=None,
        supervisor_age=None,
        worker=os.getpid(),
        problem=problem,
    )


def _until_the_end(hosted: Hosted, admitted: Access, parent: int, stopped: threading.Event) -> None:
    """Follow the tokens until the service is closed, or its server is gone; then close what is open."""
    while not stopped.wait(WATCH) and threading.main_thread().is_alive():
        admitted.refresh()
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            break
    hosted.stop()


def main(arguments: list[str]) -> int:
    """Serve as the configuration file says; gives the exit code."""
    return run(DEVICE, arguments, make)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
