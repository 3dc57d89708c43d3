"""A product on this machine: the designs without a supervisor, answering on loopback as the service does.

`python -m afield.worker CONFIG.json` comes here where the configuration names client, hybrid or static.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from afield.answering import recorded
from afield.application import Application, Operate, load
from afield.client.client import Client
from afield.clock import WallClock
from afield.compiled import open_static
from afield.errors import UsageError
from afield.hosting import Host, Hybrids, Remote
from afield.records.traffic import Counts
from afield.serving import inspection
from afield.serving.access import Access, access
from afield.serving.config import Config, is_loopback, read_config
from afield.serving.health import Health
from afield.serving.http import Reply, Request
from afield.serving.journal import Journal, log_to
from afield.serving.metrics import Metrics
from afield.serving.routing import Route
from afield.serving.service import Patience, Service
from afield.serving.situation import Situation
from afield.store.secret import secret
from afield.telemetry.claims import claim_any
from afield.telemetry.recorder import Recorder
from afield.telemetry.settlement import totals
from afield.telemetry.spool import Spool

MODEL = "model"
EVERY = 2.0
WATCH = 0.25

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Product:
    """One product as it runs here.

    Attributes:
        host: answers.
        situation: what the next answer rests on; None where that is a table.
        release: that answers, or "".
        counts: where the events of telemetry went.
        problem: what is wrong, in words; "" when nothing is.
        now: domain time.
        start, stop: called once, in the process that answers.
        tell: takes facts, the body of `POST /v1/events`; None where the design sends nothing.
    """

    host: Host
    situation: Callable[[], Situation | None]
    release: Callable[[], str]
    counts: Callable[[], Counts]
    problem: Callable[[], str]
    now: Callable[[], datetime]
    start: Callable[[], None]
    stop: Callable[[], None]
    tell: Callable[[bytes], dict[str, int]] | None = None


def make(file: Path) -> Service:
    """The service of one product; it synchronises from now on, and stops with its parent process.

    Raises:
        AfieldError: the configuration, the application, the address or the folder cannot be used.
    """
    config = read_config(file)
    application = load(config.application, config.options)
    operate = application.part(application.operate, Operate)
    names, loopback = (config.address, *config.hosts), is_loopback(config.address)
    admitted = access(names, config.token, loopback=loopback, own=config.own)
    product = _static(config, application, operate) if config.design == "static" else _client(config, application)
    metrics = Metrics(Path(config.counts), application.name)

    def give(request: Request) -> Reply:
        start = time.perf_counter()
        answer = product.host.ask(request.body)
        metrics.answer(answer, time.perf_counter() - start)
        return Reply(200, _encode(answer))

    tell = product.tell
    routes = {f"/v1/{operate.asked.route}": Route("answers", {"POST": give}, largest=operate.asked.largest, lane=MODEL)}
    if tell is not None:
        routes["/v1/events"] = Route(
            "events", {"POST": lambda request: Reply(202, _encode(tell(request.body)))}, "operate"
        )
    service = Service(
        routes,
        inspection.routes(lambda: _health(application.name, product), metrics, product.counts),
        access=admitted,
        counted=metrics.request,
        patience=Patience(within=config.patience(looking=operate.from_input is not None)),
        watch=Journal(config.log) if config.log != "none" else None,
    )
    log_to()
    product.start()
    # Not a daemon: it outlives the last request by a step, and then closes the spools in order.
    threading.Thread(target=_until_the_end, args=(product, admitted, os.getppid()), name="product").start()
    return service


def _client(config: Config, application: Application) -> Product:
    """A client, and beside it the service where the design is hybrid."""
    if not config.upstream:
        raise UsageError(f"--design {config.design} needs --upstream URL: the service that it fetches releases from")
    token = Path(config.upstream_token).read_text("ascii").strip() if config.upstream_token else ""
    client = Client(
        application,
        Path(config.bundles).parent,
        config.upstream,
        trusted=Path(config.trusted),
        token=token,
        every=EVERY,
    )
    host: Host = client
    stop = client.stop
    if config.design == "hybrid":
        deadline = client.operate.designs.ask.deadline
        there = Remote(config.upstream, client.operate.asked.route, token=token, deadline=deadline)
        hybrid = Hybrids(client, there.ask)
        host, stop = hybrid, hybrid.stop
    clock = WallClock(ZoneInfo(application.zone))
    return Product(
        host=host,
        situation=lambda: client.situation,
        release=lambda: client.situation.control.champion,
        counts=lambda: client.standing().events,
        problem=lambda: client.standing().problem,
        now=lambda: client.situation.control.now or clock.now(),
        start=client.start,
        stop=stop,
        tell=client.tell,
    )


def _static(config: Config, application: Application, operate: Operate) -> Product:
    """What was compiled into the product; it keeps its telemetry to itself, and facts not at all."""
    folder, clock = Path(config.telemetry), WallClock(ZoneInfo(application.zone))
    spool = Spool(folder, writer=claim_any(folder, "product"), mode=operate.telemetry.mode, seal_after=EVERY)
    recorder = Recorder(recorded(operate), spool, secret(Path(config.privacy or folder.parent / "privacy.key")))
    compiled = Path(config.bundles)
    host = open_static(compiled, operate, application.name, clock=clock.now, record=recorder.record)
    return Product(
        host=host,
        situation=lambda: None,
        release=lambda: host.release,
        counts=lambda: totals(folder),
        problem=lambda: host.over(clock.now()) or spool.problem,
        now=clock.now,
        start=lambda: None,
        stop=spool.close,
    )


def _health(name: str, product: Product) -> Health:
    seen, release, problem = product.situation(), product.release(), product.problem()
    rows, control = (seen.rows, seen.control) if seen else (None, None)
    return Health(
        status="degraded" if problem or not release else "ok",
        ready=bool(release),
        application=name,
        release=release,
        challenger=control.challenger if control else "",
        last_good=control.last_good if control else "",
        stage=control.stage if control else "idle",
        mode=control.mode if control else "automate",
        control=control.version if control else 0,
        tick=rows.tick if rows else None,
        as_of=rows.as_of if rows else None,
        rows=rows.version if rows else "",
        facts_age=(product.now() - rows.as_of).total_seconds() if rows else None,
        snapshot_age=None,
        supervisor_age=None,
        worker=os.getpid(),
        problem=problem or ("" if release else "no release has been fetched yet"),
    )


def _until_the_end(product: Product, admitted: Access, parent: int) -> None:
    """Follow the tokens until the process ends, or its server is gone; then close what is open."""
    while threading.main_thread().is_alive():
        admitted.refresh()
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            break
        time.sleep(WATCH)
    product.stop()
