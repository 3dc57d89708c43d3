"""What the champion costs here: its one inference path timed and weighed on this machine."""

import gc
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time, sleep

import msgspec
import polars as pl

from afield.answering import cached, loader, predictor
from afield.control.history import History
from afield.control.office import Office
from afield.errors import ServingError, UsageError
from afield.features.compute import compute
from afield.features.feature import digest as contract
from afield.placement.measured import Measured
from afield.placement.seen import mean
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.traffic import Answer, Event, EventBatch
from afield.serving.predictor import Predictor
from afield.serving.situation import Situation
from afield.serving.ticker import Columns
from afield.serving.ticker import tick as make_rows
from afield.store.snapshots import publish_rows
from afield.training.cost import measured
from afield.workshop.golden import as_columns

WARM, CALLS, LEAST, BATCHES, ASKED = 5, 200, 8, 20, 5.0
"""Requests before timing, timed ones at most and at least, forecasts of all rows, and seconds of timing."""
INPUTS = 16
"""Keys of samples that are asked for where requests bring their own input; those that are alike are timed as one."""


def measure(office: Office, bodies: Sequence[bytes] = ()) -> Measured:
    """What the champion costs here, answering on the path that serves it.

    Args:
        office: of the application.
        bodies: requests to time; none: the application's sample about each key.

    Raises:
        ServingError: there is no champion.
        ReleaseError: it does not verify, or this code does not reproduce it.
        UsageError: a request cannot be answered.
    """
    champion = Opened(office, bodies)
    office.tell(f"timing {len(champion.bodies)} different requests on the path that serves them")
    return champion.measured()


class Opened:
    """The champion, opened on this machine, with requests to time.

    Attributes:
        rows: the newest feature rows; None where requests bring their own input.
        now: domain time of the requests.
        bodies: the requests.
    """

    def __init__(self, office: Office, bodies: Sequence[bytes] = ()) -> None:
        """Open the champion of `office`.

        Raises:
            ServingError: there is no champion.
            ReleaseError: it does not verify, or this code does not reproduce it.
        """
        self._office, self._digest = office, office.actions.state.champion
        if not self._digest:
            name = office.application
            raise ServingError(f"{name.name} has no release to measure yet; run: afield build {name.called}")
        home, operate = office.home, office.operate
        office.tell(f"opening release {self._digest[:12]}")
        opened = loader(home.bundles, home.trusted, operate, office.application.name)
        gc.collect()
        with measured() as self._opening:
            release = opened(self._digest)
        self.rows = rows = None if operate.from_input is not None else newest_rows(office)
        self.now = now = rows.tick if rows is not None else office.clock.now()
        self._query = operate.asked.query
        self.bodies = list(bodies) or _samples(office, rows, now)
        self._kept: list[Event | EventBatch] = []
        self._answers = predictor(operate, clock=lambda: now, record=self._kept.append)
        control = ControlState(version=1, champion=self._digest, now=now)
        self._answers.see(Situation(rows, control, {self._digest: release}))

    def ask(self, body: bytes) -> Answer:
        """The answer to the body of a request."""
        return self._answers.answer(self._query(body))

    def known(self) -> Callable[[bytes], Answer]:
        """The cached design, where requests bring their own input, once it was asked each request."""
        held = cached(self._office.application, self._office.operate, self._answers)
        for body in self.bodies:
            held.answer(self._query(body))
        return lambda body: held.answer(self._query(body))

    def measured(self) -> Measured:
        """What it costs.

        Raises:
            UsageError: a request cannot be answered.
        """
        worked: list[float] = []
        took, sizes = singles(self.ask, self.bodies, worked=worked)
        folder = self._office.home.bundles / self._digest
        events = [len(msgspec.json.encode(event)) for event in self._kept]
        return Measured(
            release=self._digest,
            single=tuple(map(min, took, worked)),
            row_s=_batch(self._answers, self._digest, self.rows),
            load_s=self._opening.seconds,
            memory=self._opening.memory,
            bundle_bytes=float(sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())),
            snapshot_bytes=_snapshot(self.rows),
            request_bytes=mean([len(body) for body in self.bodies]),
            answer_bytes=mean(sizes),
            event_bytes=mean(events),
            processor_s=mean(worked),
            clock_s=mean(took),
        )


def newest_rows(office: Office) -> FeatureRows:
    """The feature rows of the newest tick that this home has facts for.

    Raises:
        DataError: there are no facts.
    """
    plan, step = office.plan, office.operate.step
    newest = office.newest()
    at = newest - (newest - datetime.min) % step
    office.tell(f"making the feature rows of {at}")
    history = History(office.tables, plan.tables, plan.features.lookback)
    history.load()

    def columns(tick: datetime) -> tuple[list[str], Columns]:
        frames = history.frames(tick)
        keys = plan.keys(frames, tick)
        origin = pl.Series([tick], dtype=pl.Datetime("us")).new_from_index(0, len(keys))
        spine = pl.DataFrame({plan.features.keys[0]: keys, plan.features.origin: origin})
        features = compute(plan.features, spine, frames)
        return [str(key) for key in features[plan.features.keys[0]].to_list()], as_columns(
            features, plan.features.names
        )

    return make_rows(columns, at, at, contract(plan.features))


def _samples(office: Office, rows: FeatureRows | None, now: datetime) -> list[bytes]:
    keys = rows.keys[:CALLS] if rows is not None else ("", *map(str, range(INPUTS)))
    return list(dict.fromkeys(office.operate.asked.sample(now, key).encode() for key in keys))


def singles(
    ask: Callable[[bytes], Answer],
    bodies: Sequence[bytes],
    most: float = ASKED,
    pause: float = 0.0,
    first: int = 0,
    worked: list[float] | None = None,
) -> tuple[list[float], list[int]]:
    """Seconds from the bytes of a request to those of its answer, and the bytes of the answers.

    The requests are taken in turn from number `first` on; after `most` seconds no further one is timed, once `LEAST`
    are. A `pause` before each lets a busy machine treat them as it treats requests that come now and then. The seconds
    that processors worked on each are added to `worked`.

    Raises:
        UsageError: a request cannot be answered.
    """
    encode = msgspec.json.Encoder().encode
    seconds, sizes = [], []
    ends = perf_counter() + most
    for number in range(first, first + WARM + CALLS):
        place = number % len(bodies)
        sleep(pause)
        begun, began = perf_counter(), process_time()
        try:
            told = encode(ask(bodies[place]))
        except (msgspec.DecodeError, ServingError) as error:
            raise UsageError(f"request {place + 1} cannot be timed: {error}") from error
        if number >= first + WARM:
            seconds.append(perf_counter() - begun)
            sizes.append(len(told))
            if worked is not None:
                worked.append(process_time() - began)
        if perf_counter() > ends and len(seconds) >= LEAST:
            break
    return seconds, sizes


def _batch(answers: Predictor, digest: str, rows: FeatureRows | None) -> float:
    """Seconds of a row where all rows are answered at once, as they are ahead of the questions."""
    if rows is None or not rows.keys:
        return 0.0
    answers.forecast("champion", digest)
    begun, began = perf_counter(), process_time()
    for _ in range(BATCHES):
        answers.forecast("champion", digest)
    return min(perf_counter() - begun, process_time() - began) / BATCHES / len(rows.keys)


def _snapshot(rows: FeatureRows | None) -> float:
    """Bytes of the rows as they are published."""
    if rows is None:
        return 0.0
    with tempfile.TemporaryDirectory() as folder:
        publish_rows(Path(folder), rows)
        return float(max(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file()))
