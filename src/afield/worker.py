"""The data plane: `python -m afield.worker CONFIG.json` answers from snapshots and appends to spools.

It holds no learner, no Polars and no store but the snapshots.
"""

import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from afield import __version__
from afield.answering import cached, loader, predictor, recorded
from afield.application import Operate, load, resolve
from afield.clock import WallClock
from afield.mitigation.breaker import Breaker
from afield.release.signing import Trusted
from afield.serving import bundles, ingestion, inspection, openapi, publishing, questions, v2
from afield.serving.access import access_of
from afield.serving.bundles import Bundles
from afield.serving.cached import routes as cache_routes
from afield.serving.config import Config, read_config
from afield.serving.crew import run
from afield.serving.health import HealthReader
from afield.serving.idempotency import Replies
from afield.serving.inference import Infer
from afield.serving.ingestion import Ingestion
from afield.serving.journal import Journal, both, log_to
from afield.serving.launch import WORKER
from afield.serving.metrics import Metrics
from afield.serving.openapi import Described
from afield.serving.pages import Pages
from afield.serving.protocol import Protocol
from afield.serving.routing import MODEL, Route
from afield.serving.service import Patience, Service
from afield.serving.tally import Tally
from afield.serving.updates import Updates
from afield.store.secret import secret
from afield.store.snapshots import Follower
from afield.telemetry.keeping import Keeping
from afield.telemetry.settlement import totals

OTLP = "afield.serving.otlp:Otlp"

Paths = Mapping[str, Route]


def make(file: Path) -> Service:
    """The service of one worker, with its releases loaded; it follows the snapshots from now on.

    Raises:
        AfieldError: the configuration, the application, the address or a spool cannot be used.
    """
    worker = Worker(read_config(file))
    service = worker.service()
    gc.collect()
    gc.freeze()
    worker.start()
    return service


class Worker:
    """One process that answers: an application's inference path, the service around it, and what it follows."""

    def __init__(self, config: Config) -> None:
        """Load the application and the releases that are published.

        Raises:
            AfieldError: the application, the address or a spool cannot be used.
        """
        self._config = config
        self._admitted = access_of(config)
        self._application = application = load(config.application, config.options)
        self._operate = operate = application.part(application.operate, Operate)
        self._clock = WallClock(ZoneInfo(application.zone))
        key = secret(Path(config.privacy)) if config.privacy else b""
        self._kept = kept = Keeping(
            Path(config.telemetry),
            Path(config.facts),
            recorded(operate).of(max(config.workers, config.most)),
            private=operate.private,
            key=key,
            seal_after=config.seal_after,
        )
        self._answers = predictor(
            replace(operate, infer=_faulty(operate.infer, config.seams)),
            clock=self._clock.now,
            record=kept.recorder.record,
            keep=kept.keep,
            record_all=kept.recorder.record_all,
            # What takes longer than the service has for a whole request has failed whoever asked.
            breaker=Breaker(slow=config.patience(looking=operate.from_input is not None), clock=self._passing),
            key=key,
        )
        opened = loader(Path(config.bundles), Path(config.trusted), operate, application.name)
        self._updates = Updates(Follower(Path(config.snapshots)), opened, self._answers)
        self._updates.step()
        self._cache = cached(application, operate, self._answers, config.cache) if config.design == "cached" else None
        self._metrics = Metrics(Path(config.counts), application.name)
        self._health = self._reader()
        self._otlp = resolve(OTLP)(config.otlp, application.name, __version__) if config.otlp else None
        self._parent, self._stopped = os.getppid(), threading.Event()

    def _passing(self) -> float:
        """Seconds that pass on the wall; where the service's time follows its events, those that pass there too."""
        now = self._answers.situation.control.now
        return time.monotonic() + ((now - datetime.min).total_seconds() if now else 0.0)

    def service(self) -> Service:
        """Everything that is served, and to whom."""
        config, metrics = self._config, self._metrics
        within = config.patience(looking=self._operate.from_input is not None)
        log_to()
        service = Service(
            self._questions(),
            self._exchange(),
            self._inspection(),
            self._protocol(lambda: service.paths),
            Pages(self._operate.pages).routes(),
            access=self._admitted,
            counted=metrics.request,
            leave=self._health.leave,
            close=self._close,
            patience=Patience(within, config.gather),
            shed=metrics.shed,
            watch=both(Journal(config.log) if config.log != "none" else None, self._otlp),
        )
        return service

    def start(self) -> None:
        """Follow what is published, and make answers ahead where the design does, in threads of their own."""
        if self._cache is not None:
            threading.Thread(target=self._cache.run, args=(lambda: not self._stopped.is_set(),), name="ahead").start()
        # Not a daemon: it outlives the last request by a step, and then closes the spools in order.
        threading.Thread(target=self._follow, name="updates").start()

    def _questions(self) -> Paths:
        """What clients ask: one question or many, each answered once where it brings a key for that."""
        asked, looking = self._operate.asked, self._operate.from_input is not None
        # What looks into its request takes long; a cache answers each at once.
        jointly = None if self._cache or looking else self._answers.answers
        ask, replies = asked.by((self._cache or self._answers).answer), Replies(Path(self._config.counts) / "replies")
        return questions.routes(asked, ask, self._metrics, replies, jointly=jointly, lane=MODEL if looking else "")

    def _exchange(self) -> Paths:
        """What clients hand in, and what devices fetch."""
        kept, held = self._kept, Bundles(Path(self._config.bundles))
        return {
            **ingestion.routes(Ingestion(self._operate.facts, kept.append, kept.recorder.take, self._tick)),
            **bundles.routes(held, lambda: self._answers.situation.control, self._keys),
            **publishing.routes(Path(self._config.snapshots)),
        }

    def _inspection(self) -> Paths:
        """What the worker says of itself."""
        telemetry = Path(self._config.telemetry)
        told = inspection.routes(self._health.read, self._metrics, lambda: totals(telemetry))
        return {**told, **cache_routes(self._cache.told)} if self._cache else told

    def _protocol(self, paths: Callable[[], Paths]) -> Paths:
        """Version 2, and the description of everything at `paths`."""
        operate, protocol = self._operate, Protocol(self._application.name, __version__, self._answers)
        described = Described(
            version=__version__,
            asked=operate.asked,
            kinds=operate.facts,
            protocol=protocol,
            keys=lambda: self._answers.situation.rows.keys if self._answers.situation.rows else (),
            sample=self._sample,
            now=self._tick,
            secured=lambda: bool(self._config.token) and Path(self._config.token).exists(),
        )
        tally = Tally(Path(self._config.counts) / "v2")
        return {**v2.routes(protocol, self._health.read, tally), **openapi.routes(described, paths)}

    def _reader(self) -> HealthReader:
        config = self._config
        return HealthReader(
            self._application.name,
            self._answers,
            self._clock.now,
            Path(config.snapshots),
            Path(config.heartbeat) if config.heartbeat else None,
            lambda: (*self._kept.problems(), self._admitted.problem, self._cache.told().problem if self._cache else ""),
            None if self._operate.from_input else self._operate.stale_after,
        )

    def _tick(self) -> datetime | None:
        """The service's domain time; None before its first tick."""
        rows = self._answers.situation.rows
        return rows.tick if rows else None

    def _sample(self) -> str:
        """The body of a question that works now; "" before the first rows."""
        rows = self._answers.situation.rows
        if rows is None or not (rows.keys or self._operate.from_input):
            return ""
        return self._operate.asked.sample(rows.tick, rows.keys[0] if rows.keys else "")

    def _keys(self) -> Mapping[str, str]:
        """The public keys (hex) by their names."""
        trusted = Trusted(Path(self._config.trusted))
        return {name: key.public_bytes_raw().hex() for name, key in trusted.keys().items()}

    def _follow(self) -> None:
        """Follow the snapshots and the tokens until the service is closed, then hand over what is kept."""
        self._updates.run(self._goes_on)
        self._kept.close()

    def _goes_on(self) -> bool:
        """Whether the service goes on; a worker whose server is gone ends itself."""
        if os.getppid() != self._parent:
            os.kill(os.getpid(), signal.SIGTERM)
            return False
        self._admitted.refresh()
        return not self._stopped.is_set() and threading.main_thread().is_alive()

    def _close(self) -> None:
        """The last request was answered: deliver what is left for the collector."""
        self._stopped.set()
        if self._otlp is not None:
            self._otlp.close()


def _faulty(infer: Infer, seams: Mapping[str, str]) -> Infer:
    """`infer` with the faults of a drill."""
    for path, argument in seams.items():
        infer = resolve(path)(infer, argument)
    return infer


def main(arguments: list[str]) -> int:
    """Serve as the configuration file says; gives the exit code."""
    return run(WORKER, arguments, make, lambda config: config.otlp and resolve(OTLP))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
