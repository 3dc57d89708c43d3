"""The data plane: `python -m afield.worker CONFIG.json` answers from snapshots and appends to spools.

It holds no learner, no Polars and no store but the snapshots.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from afield import __version__
from afield.answering import cached, loader, predictor, recorded
from afield.application import Operate, load, resolve
from afield.clock import WallClock
from afield.errors import AfieldError, TelemetryError, UsageError
from afield.records.traffic import Fact, Ingest
from afield.release.signing import Trusted
from afield.serving import asking, batches, bundles, ingestion, inspection, openapi, publishing, v2
from afield.serving.access import Access, access
from afield.serving.asking import Asked
from afield.serving.bundles import Bundles
from afield.serving.cached import Cached
from afield.serving.cached import routes as cache_routes
from afield.serving.config import Config, is_loopback, read_config
from afield.serving.crew import serve
from afield.serving.health import HealthReader
from afield.serving.idempotency import Replies, once
from afield.serving.ingestion import Ingestion
from afield.serving.journal import Closing, Journal, both, log_to
from afield.serving.metrics import Metrics
from afield.serving.openapi import Described
from afield.serving.pages import Pages
from afield.serving.predictor import Predictor
from afield.serving.protocol import Protocol
from afield.serving.routing import MODEL
from afield.serving.service import Patience, Service
from afield.serving.tally import Tally
from afield.serving.updates import Updates
from afield.store.secret import secret
from afield.store.snapshots import Follower
from afield.telemetry.claims import claim_any
from afield.telemetry.encoding import encode
from afield.telemetry.policy import Durability, protect_fact
from afield.telemetry.recorder import Recorder
from afield.telemetry.settlement import totals
from afield.telemetry.spool import Spool

FAILED, WRONG_USAGE = 1, 2
DEVICE = "afield.device:make"
OTLP = "afield.serving.otlp:Otlp"


def make(file: Path) -> Service:
    """The service of one worker, with its releases loaded; it follows the snapshots from now on.

    Raises:
        AfieldError: the configuration, the application or a spool cannot be used.
    """
    config = read_config(file)
    admitted = _access(config)
    application = load(config.application, config.options)
    operate = application.part(application.operate, Operate)
    infer = operate.infer
    for path, argument in config.seams.items():
        infer = resolve(path)(infer, argument)
    clock = WallClock(ZoneInfo(application.zone))
    telemetry = _spool(Path(config.telemetry), operate.telemetry.mode, config.seal_after)
    facts = _spool(Path(config.facts), "durable", config.seal_after)
    key = secret(Path(config.privacy)) if config.privacy else b""
    recorder = Recorder(recorded(operate), telemetry, key)
    append = _appender(facts, operate.private, key)
    answers = predictor(
        replace(operate, infer=infer),
        clock=clock.now,
        record=recorder.record,
        keep=_fact_keeper(append),
        record_all=recorder.record_all,
    )
    snapshots = Path(config.snapshots)
    opened = loader(Path(config.bundles), Path(config.trusted), operate, application.name)
    updates = Updates(Follower(snapshots), opened, answers)
    updates.step()
    held = cached(application, operate, answers, config.cache) if config.design == "cached" else None
    metrics = Metrics(Path(config.counts), application.name)
    heartbeat = Path(config.heartbeat) if config.heartbeat else None
    health = HealthReader(
        application.name,
        answers,
        clock.now,
        snapshots,
        heartbeat,
        lambda: (telemetry.problem, facts.problem, admitted.problem, held.told().problem if held else ""),
        None if operate.from_input else operate.stale_after,
    )
    stopped = threading.Event()
    otlp = resolve(OTLP)(config.otlp, application.name, __version__) if config.otlp else None
    log_to()
    question = operate.asked
    together = None if held or operate.from_input else answers.answers
    replies, protocol = Replies(Path(config.counts) / "replies"), Protocol(application.name, __version__, answers)
    service = Service(
        once(
            asking.routes(
                question,
                held.answer if held else answers.answer,
                metrics.answer,
                together,
                metrics.answers,
                MODEL if operate.from_input else "",
            ),
            replies,
        ),
        once(batches.routes(question, held.answer if held else answers.answer, together, metrics.answers), replies),
        ingestion.routes(Ingestion(operate.facts, append, recorder.take, lambda: _tick(answers))),
        bundles.routes(Bundles(Path(config.bundles)), lambda: answers.situation.control, lambda: _keys(config)),
        publishing.routes(snapshots),
        inspection.routes(health.read, metrics, lambda: totals(Path(config.telemetry))),
        cache_routes(held.told) if held else {},
        v2.routes(protocol, health.read, Tally(Path(config.counts) / "v2")),
        openapi.routes(_described(config, operate, question, protocol, answers), lambda: service.paths),
        Pages(operate.pages).routes(),
        access=admitted,
        counted=metrics.request,
        leave=health.leave,
        close=lambda: _closed(stopped, otlp),
        patience=Patience(within=config.patience(looking=operate.from_input is not None), gather=config.gather),
        shed=metrics.shed,
        watch=both(Journal(config.log) if config.log != "none" else None, otlp),
    )
    gc.collect()
    gc.freeze()
    if isinstance(held, Cached):
        threading.Thread(target=held.run, args=(lambda: not stopped.is_set(),), name="ahead").start()
    # Not a daemon: it outlives the last request by a step, and then closes the spools in order.
    going = (updates, admitted, telemetry, facts, os.getppid(), stopped)
    threading.Thread(target=_follow, args=going, name="updates").start()
    return service


def _access(config: Config) -> Access:
    """Who may call.

    Raises:
        ServingError: others can reach the service, and no token is in force.
    """
    names, loopback = (config.address, *config.hosts), is_loopback(config.address)
    return access(names, config.token, loopback=loopback, own=config.own)


def _spool(folder: Path, mode: Durability, seal_after: float) -> Spool:
    return Spool(folder, writer=claim_any(folder, "worker"), mode=mode, seal_after=seal_after)


def _tick(answers: Predictor) -> datetime | None:
    """The service's domain time; None before its first tick."""
    rows = answers.situation.rows
    return rows.tick if rows else None


def _closed(stopped: threading.Event, otlp: Closing | None) -> None:
    """Say that the last request was answered, and deliver what is left for the collector."""
    stopped.set()
    if otlp is not None:
        otlp.close()


def _described(config: Config, operate: Operate, asked: Asked, protocol: Protocol, answers: Predictor) -> Described:
    """What the description of the service is made from."""
    return Described(
        version=__version__,
        asked=asked,
        kinds=operate.facts,
        protocol=protocol,
        keys=lambda: answers.situation.rows.keys if answers.situation.rows else (),
        sample=lambda: _sample(operate, answers),
        now=lambda: _tick(answers),
        secured=lambda: bool(config.token) and Path(config.token).exists(),
    )


def _sample(operate: Operate, answers: Predictor) -> str:
    """The body of a question that works now; "" before the first rows."""
    rows = answers.situation.rows
    if rows is None or not (rows.keys or operate.from_input):
        return ""
    return operate.asked.sample(rows.tick, rows.keys[0] if rows.keys else "")


def _keys(config: Config) -> Mapping[str, str]:
    """The public keys (hex) by their names."""
    return {name: key.public_bytes_raw().hex() for name, key in Trusted(Path(config.trusted)).keys().items()}


def _appender(spool: Spool, private: tuple[str, ...], key: bytes) -> Callable[[Ingest, int], None]:
    def append(batch: Ingest, count: int) -> None:
        facts = tuple(protect_fact(fact, private, key) for fact in batch.facts)
        spool.append(encode(msgspec.structs.replace(batch, facts=facts)), count)

    return append


def _fact_keeper(append: Callable[[Ingest, int], None]) -> Callable[[tuple[Fact, ...]], None]:
    """Keeps the facts that an answer brought to light; where they cannot be kept, the answer is given all the same."""

    def keep(facts: tuple[Fact, ...]) -> None:
        if facts:
            with suppress(TelemetryError):
                append(Ingest(facts=facts), len(facts))

    return keep


def _follow(
    updates: Updates, admitted: Access, telemetry: Spool, facts: Spool, parent: int, stopped: threading.Event
) -> None:
    """Follow the snapshots and the tokens until the service is closed; a worker whose server is gone ends itself."""

    def go_on() -> bool:
        if os.getppid() != parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return False
        admitted.refresh()
        return not stopped.is_set() and threading.main_thread().is_alive()

    updates.run(go_on)
    telemetry.close()
    facts.close()


def main(arguments: list[str]) -> int:
    """Serve as the configuration file says; gives the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m afield.worker CONFIG.json\n")
        return WRONG_USAGE
    file = Path(arguments[0])
    try:
        config = read_config(file)
        _access(config)
        if config.otlp:
            resolve(OTLP)  # so that a missing extra is told before anything is started
        serve(config, file, make if config.design in ("server", "cached") else resolve(DEVICE))
    except AfieldError as error:
        sys.stderr.write(f"afield: {error}\n")
        return WRONG_USAGE if isinstance(error, UsageError) else FAILED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
