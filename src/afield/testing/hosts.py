"""The five designs put up over one ground, each to be asked, cut off and counted in the same way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import msgspec
import numpy as np

from afield.answering import loader, predictor, recorded
from afield.application import Operate
from afield.client.client import Client
from afield.client.upstream import Upstream
from afield.compiled import BUNDLES, TABLE, TRUSTED, open_static
from afield.exchange.editing import edition_of
from afield.exchange.writing import write_folder
from afield.hosting import ClientFirst, Host, Remote
from afield.records.considerations import Design
from afield.records.decision import ControlState
from afield.records.traffic import Answer
from afield.release.bundle import load
from afield.release.signing import Trusted
from afield.serving.cached import CacheCounts
from afield.serving.inference import Columns, Infer, Outputs, Parts
from afield.serving.predictor import Predictor
from afield.serving.situation import Situation
from afield.store.secret import secret
from afield.telemetry.claims import claim_any
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool
from afield.testing.ground import Ground
from afield.workshop.tabulating import Seen, Subject, tabulate

ONLINE: tuple[Design, ...] = ("server", "cached")


@dataclass(frozen=True, slots=True)
class Standing:
    """One design, put up.

    Attributes:
        design: its name.
        host: answers.
        ground: what it stands on.
        like: a second host that must give the same answers: the plain predictor, or for static what was compiled,
            worked out from the release again.
        take: takes over what was published and sends what was recorded, where that does not happen by itself.
        spools: where its own events lie, beside the service's.
        cached: how many of its answers came from a cache.
        elsewhere: how many of its answers another was asked for, which recorded its own.
        likened: what `like` is, in words.
    """

    design: Design
    host: Host
    ground: Ground
    like: Host
    take: Callable[[], object] = lambda: None
    spools: tuple[Path, ...] = ()
    cached: Callable[[], int] = lambda: 0
    elsewhere: Callable[[], int] = lambda: 0
    likened: str = "the plain predictor"


@contextmanager
def put_up(design: Design, ground: Ground, cache: str = "") -> Iterator[Standing]:
    """A design over a ground whose service runs; both are stopped at the end.

    Raises:
        AfieldError: it does not start.
    """
    with ground.serving("cached" if design == "cached" else "server", cache if design == "cached" else ""):
        if design in ONLINE:
            there = Remote(ground.url, ground.operate.asked.route, deadline=30.0)
            yield Standing(design, there, ground, Plain(ground), cached=lambda: _found(ground))
        elif design == "static":
            with _compiled(ground) as (host, folder, spool):
                like, likened = _worked_out(ground, folder)
                yield Standing(design, host, ground, like, spools=(spool,), likened=likened)
        else:
            yield from _device(design, ground)


def _found(ground: Ground) -> int:
    """How many answers the cached design found in its cache."""
    told = Upstream(ground.url).get("/v1/cache", largest=4096)
    return msgspec.json.decode(told.body, type=CacheCounts).found if told.status == 200 else 0


def _device(design: Design, ground: Ground) -> Iterator[Standing]:
    folder = ground.folder / design
    client = Client(ground.application, folder, ground.url, trusted=ground.trusted, patience=5.0)
    there = Remote(ground.url, ground.operate.asked.route, deadline=ground.operate.designs.ask.deadline)
    hybrid = ClientFirst(client, there.ask) if design == "hybrid" else None
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
        self._asked = operate.asked
        self._predictor = predictor(operate, clock=lambda: ground.tick, record=lambda _: None)
        self._releases = {digest: opened(digest) for digest in (ground.first, ground.second)}

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request."""
        rows, control = self._ground.published()
        self._predictor.see(Situation(rows, control, self._releases))
        return self._predictor.answer(self._asked.query(body))


@contextmanager
def _compiled(ground: Ground) -> Iterator[tuple[Host, Path, Path]]:
    """A host of the first release compiled, what was compiled, and where it records."""
    folder, telemetry = ground.folder / "static", ground.folder / "static-telemetry"
    compile_into(folder, ground)
    operate = ground.operate
    spool = Spool(telemetry, writer=claim_any(telemetry, "product"), mode=operate.telemetry.mode)
    recorder = Recorder(recorded(operate), spool, secret(ground.folder / "privacy.key"))
    try:
        clock = lambda: ground.tick  # noqa: E731
        host = open_static(folder, operate, ground.application.name, clock=clock, record=recorder.record)
        yield host, folder, telemetry
    finally:
        spool.close()


def compile_into(folder: Path, ground: Ground) -> None:
    """Compile the first release as `afield release export --to static` does: an edition, or a table.

    The table is of the rows that are published.
    """
    operate, rows = ground.operate, ground.published()[0]
    folder.parent.mkdir(parents=True, exist_ok=True)
    if operate.from_input is not None or rows is None:
        bundle = load(ground.bundles, ground.first, Trusted(ground.trusted))
        write_folder(folder, edition_of(ground.application.name, operate, ground.signer, bundle))
        return
    parts = loader(ground.bundles, ground.trusted, operate, ground.application.name)(ground.first).parts
    ticks = np.full(len(rows.keys), np.datetime64(rows.tick, "us"))
    seen = Seen(ticks, np.array(rows.keys), rows.columns, rows.as_of)
    table = tabulate(Subject(ground.application.name, ground.first, parts, operate), seen)
    folder.mkdir()
    (folder / TABLE).write_bytes(msgspec.json.encode(table))


def _worked_out(ground: Ground, folder: Path) -> tuple[Host, str]:
    """What the compiled folder must answer, from the release itself and not from what was compiled; and what that is.

    Of an edition it is the one inference path over its bundle; of a table, the release's models over the rows that it
    was made of, with the features that the usual regime sets, to the three digits that a table keeps.
    """
    operate, name, rows = ground.operate, ground.application.name, ground.published()[0]
    table = (folder / TABLE).is_file()
    bundles, trusted = (ground.bundles, ground.trusted) if table else (folder / BUNDLES, folder / TRUSTED)
    digest = ground.first if table else next(each.name for each in bundles.iterdir())
    release = loader(bundles, trusted, operate, name)(digest)
    said = f"the predictor over the same edition, {digest[:12]} by {operate.designs.static.slim or 'the whole bundle'}"
    if table and rows is not None:
        regime, features = next(iter(operate.designs.static.regimes.items()))
        set_to = {feature: np.full(len(rows.keys), value) for feature, value in features.items()}
        rows = replace(rows, columns={**rows.columns, **set_to})
        operate = replace(
            operate, infer=partial(_three_digits, operate.infer), stale_after=operate.designs.static.lasts
        )
        said = f"what the release's models say of the table's rows ({regime}): the same table"
    path = predictor(operate, clock=lambda: ground.tick, record=lambda _: None)
    path.see(Situation(rows if table else None, ControlState(version=1, champion=digest), {digest: release}))
    return Compared(operate, path), said


def _three_digits(infer: Infer, rows: Columns, parts: Parts) -> Outputs:
    """What a release says, as a table keeps it."""
    return {
        name: np.array([float(f"{value:.3g}") for value in values.tolist()])
        for name, values in infer(rows, parts).items()
    }


class Compared:
    """One situation, asked; an answer that rests on no forecast that was recorded names none."""

    def __init__(self, operate: Operate, path: Predictor) -> None:
        """Answer by `path`."""
        self._asked = operate.asked
        self._path = path

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request."""
        answer = self._path.answer(self._asked.query(body))
        return msgspec.structs.replace(answer, forecast="")
