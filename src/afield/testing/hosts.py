"""The five designs put up over one ground, each to be asked, cut off and counted in the same way."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from afield.answering import loader, predictor
from afield.client.client import Client
from afield.client.upstream import Upstream
from afield.compiled import BUNDLES, TABLE, TRUSTED, open_static
from afield.exchange.tabulating import Seen, Subject, tabulate
from afield.hosting import Host, Hybrids, Remote
from afield.records.considerations import Design
from afield.records.traffic import Answer
from afield.serving.cached import CacheCounts
from afield.serving.situation import Situation
from afield.telemetry.claims import claim_any
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool
from afield.testing.ground import Ground

ONLINE: tuple[Design, ...] = ("server", "cached")


@dataclass(frozen=True, slots=True)
class Standing:
    """One design, put up.

    Attributes:
        design: its name.
        host: answers.
        ground: what it stands on.
        like: a second host that must give the same answers: the plain predictor, or for static the same table.
        take: takes over what was published and sends what was recorded, where that does not happen by itself.
        spools: where its own events lie, beside the service's.
        cached: how many of its answers came from a cache.
        elsewhere: how many of its answers another was asked for, which recorded its own.
    """

    design: Design
    host: Host
    ground: Ground
    like: Host
    take: Callable[[], object] = lambda: None
    spools: tuple[Path, ...] = ()
    cached: Callable[[], int] = lambda: 0
    elsewhere: Callable[[], int] = lambda: 0


@contextmanager
def put_up(design: Design, ground: Ground, cache: str = "") -> Iterator[Standing]:
    """A design over a ground whose service runs; both are stopped at the end.

    Raises:
        AfieldError: it does not start.
    """
    with ground.serving("cached" if design == "cached" else "server", cache if design == "cached" else ""):
        if design in ONLINE:
            there = Remote(ground.url, ground.operate.route, deadline=30.0)
            yield Standing(design, there, ground, Plain(ground), cached=lambda: _found(ground))
        elif design == "static":
            with _compiled(ground, "static") as (host, spool), _compiled(ground, "like") as (like, _):
                yield Standing(design, host, ground, like, spools=(spool,))
        else:
            yield from _device(design, ground)


def _found(ground: Ground) -> int:
    """How many answers the cached design found in its cache."""
    told = Upstream(ground.url).get("/v1/cache", largest=4096)
    return msgspec.json.decode(told.body, type=CacheCounts).found if told.status == 200 else 0


def _device(design: Design, ground: Ground) -> Iterator[Standing]:
    folder = ground.folder / design
    client = Client(ground.application, folder, ground.url, trusted=ground.trusted, patience=5.0)
    there = Remote(ground.url, ground.operate.route, deadline=ground.operate.ask.deadline)
    hybrid = Hybrids(client, there.ask) if design == "hybrid" else None
    try:
        client.synchronise()
        yield Standing(
            design,
            hybrid or client,
            ground,
            Plain(ground),
            take=client.synchronise,
            spools=(folder / "telemetry",),
            elsewhere=(lambda: hybrid.tally.merged) if hybrid else (lambda: 0),
        )
    finally:
        (hybrid or client).stop()


class Plain:
    """The plain predictor over what was published last on a ground; it keeps nothing."""

    def __init__(self, ground: Ground) -> None:
        """Answer as the ground's releases and snapshots say."""
        operate = ground.operate
        opened = loader(ground.bundles, ground.trusted, operate, ground.application.name)
        self._ground = ground
        self._decoder = msgspec.json.Decoder(operate.request)
        self._predictor = predictor(operate, clock=lambda: ground.tick, record=lambda _: None)
        self._releases = {digest: opened(digest) for digest in (ground.first, ground.second)}

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request."""
        rows, control = self._ground.published()
        self._predictor.see(Situation(rows, control, self._releases))
        return self._predictor.answer(self._ground.operate.resolve(self._decoder.decode(body)))


@contextmanager
def _compiled(ground: Ground, name: str) -> Iterator[tuple[Host, Path]]:
    """A host of the first release compiled, and where it records."""
    folder, telemetry = ground.folder / name, ground.folder / f"{name}-telemetry"
    compile_into(folder, ground)
    operate = ground.operate
    spool = Spool(telemetry, writer=claim_any(telemetry, "product"), mode=operate.telemetry.mode)
    recorder = Recorder(operate.telemetry, spool)
    try:
        clock = lambda: ground.tick  # noqa: E731
        yield open_static(folder, operate, ground.application.name, clock=clock, record=recorder.record), telemetry
    finally:
        spool.close()


def compile_into(folder: Path, ground: Ground) -> None:
    """Compile the first release: a table of the rows that are published, or the whole bundle where none are."""
    operate, rows = ground.operate, ground.published()[0]
    if operate.observe is not None or rows is None:
        shutil.copytree(ground.bundles / ground.first, folder / BUNDLES / ground.first)
        shutil.copytree(ground.trusted, folder / TRUSTED)
        return
    parts = loader(ground.bundles, ground.trusted, operate, ground.application.name)(ground.first).parts
    ticks = np.full(len(rows.keys), np.datetime64(rows.tick, "us"))
    seen = Seen(ticks, np.array(rows.keys), rows.columns, rows.as_of)
    table = tabulate(Subject(ground.application.name, ground.first, parts, operate), seen)
    folder.mkdir(parents=True)
    (folder / TABLE).write_bytes(msgspec.json.encode(table))
