"""A whole service: the workers as a process of their own, and the control room beside them."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import polars as pl

from afield.answering import predictor
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.office import Office
from afield.control.plane import Plane
from afield.control.room import Equipment, Room
from afield.control.standing import KINDS, standing
from afield.control.supervisor import Supervisor
from afield.control.terms import Places, configured
from afield.control.terms import Terms as Terms
from afield.control.training import Trainer
from afield.control.watch import Watch
from afield.errors import ServingError, StoreError
from afield.serving.config import Config
from afield.store.secret import secret
from afield.store.snapshots import Follower
from afield.telemetry.claims import Claim, claim
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool

SUPERVISOR = "supervisor"
# Seconds to wait for a supervisor that is about to end.
PATIENCE = 2.0


@contextmanager
def running(office: Office, terms: Terms) -> Iterator["Service"]:
    """A service with its workers answering; both planes are stopped at the end, and nothing accepted is lost.

    Raises:
        ServingError: there is no champion to serve, or the workers do not start.
    """
    service = Service(office, terms)
    try:
        service.start()
        yield service
    finally:
        service.stop()


class Service:
    """Two planes of one application."""

    def __init__(self, office: Office, terms: Terms) -> None:
        """Prepare to serve on these terms."""
        if not office.actions.state.champion:
            raise ServingError(
                f"{office.application.name} has no release to serve yet; run: afield build {office.application.called}"
            )
        self._office = office
        self._terms = terms
        home = office.home
        self._heartbeat = home.heartbeat
        self._stop = threading.Event()
        self._plane = Plane(self.config, home.folder, office.tell)
        claimed = _claimed(home.telemetry, self._heartbeat, self.url)
        policy = office.operate.telemetry
        self._spool = Spool(home.telemetry, writer=claimed, mode=policy.mode, max_bytes=policy.max_bytes)
        self._trainer = Trainer(office, wait=terms.by_events)
        self._intake, self._room = self._control_room()
        self._began = self._now()

    @property
    def config(self) -> Config:
        """What the workers are told."""
        home = self._office.home
        places = Places(
            snapshots=home.snapshots,
            bundles=home.bundles,
            spools=home.telemetry.parent,
            counts=home.folder / "counts",
            heartbeat=self._heartbeat,
        )
        return configured(self._office.application, home, self._terms, places)

    @property
    def url(self) -> str:
        """Where clients find the service."""
        return f"http://{self._terms.address}:{self._terms.port}"

    def start(self) -> None:
        """Publish who answers, start the workers, and return once they do."""
        self._heartbeat.touch()
        self._room.announce(self._began)
        health = self._plane.start()
        if not health.release:
            name = self._office.application.called
            self._office.tell(
                f"no release can answer: {health.problem}; see what is wrong: afield release verify {name}, "
                f"and build another: afield build {name}"
            )
        self._warn()

    def supervise(self) -> None:
        """Tick until `stop`, in this thread."""
        office = self._office
        Supervisor(
            self._room,
            self._intake,
            office.clock,
            office.operate.step,
            by_events=self._terms.by_events,
            heartbeat=self._heartbeat,
            check=self._check,
            began=self._began,
            tell=office.tell,
        ).run(self._stop)

    def _warn(self) -> None:
        """Say so where the facts are too old for the model to have a say; requests with their own input need none."""
        office = self._office
        if office.operate.from_input is not None or self._terms.fed:
            return
        newest, now = office.newest(), office.clock.now()
        if not self._terms.by_events and now - newest > office.operate.stale_after:
            office.tell(
                f"the newest fact is of {newest:%Y-%m-%d %H:%M}, and it is {now:%Y-%m-%d %H:%M} there: "
                "until facts arrive at /v1/events, answers come from fallbacks. --live brings generated ones, "
                "--events-clock follows those of `afield replay`"
            )

    def ask_to_stop(self) -> None:
        """Let `supervise` come to its end."""
        self._stop.set()

    def stop(self) -> None:
        """Drain and stop the workers, then deliver what was recorded."""
        self._stop.set()
        self._plane.stop()
        self._trainer.stop()
        try:
            self._intake.deliver()
        except StoreError as error:
            self._office.tell(f"not everything was delivered: {error}; it is kept, and the next start delivers it")
        finally:
            self._spool.close()

    def _now(self) -> datetime:
        """Domain time before the first tick: after events, where the service stood, or where its facts end."""
        office = self._office
        if not self._terms.by_events:
            return office.clock.now()
        published = Follower(office.home.snapshots)
        published.refresh()
        stood = published.control.now if published.control else None
        return stood or office.newest()

    def _check(self) -> None:
        """Start the workers again where they died."""
        if not self._stop.is_set():
            self._plane.check()

    def _control_room(self) -> tuple[Intake, Room]:
        office, home = self._office, self._office.home
        operate, plan = office.operate, office.plan
        history = History(office.tables, plan.tables, plan.features.lookback)
        history.load()
        intake = Intake(
            history,
            office.tables,
            plan.tables,
            home.facts,
            home.telemetry,
            self._spool,
            office.tell,
            home.joined,
            operate.outcomes,
        )
        recorder = Recorder(operate.telemetry, self._spool, secret(home.privacy))
        kit = Equipment(
            history=history,
            intake=intake,
            actions=office.actions,
            shelf=office.shelf,
            predictor=predictor(operate, clock=office.clock.now, record=recorder.record),
            recorder=recorder,
            watch=self._watch(),
            trainer=self._trainer,
            pinned=self._terms.pinned,
        )
        return intake, Room(operate, plan, home, kit, by_events=self._terms.by_events)

    def _watch(self) -> Watch:
        """The monitors, which go on with the alerts that the ledger holds."""
        office, monitoring = self._office, self._office.operate.monitoring
        return Watch(
            monitoring.monitors,
            office.plan.watched,
            office.operate.output,
            self._reference,
            office.tell,
            monitoring.budget,
            lambda: standing(office.actions.journal(KINDS)),
        )

    def _reference(self, release: str) -> pl.DataFrame:
        """What the monitors are fitted on: the release's own test window."""
        return pl.read_ipc(self._office.shelf.bundle(release).read("tables/reference.arrow"))


def _claimed(folder: Path, alive: Path, url: str) -> Claim:
    """The right to supervise, noted in the file `alive`; the operating system takes it back when this process ends.

    Raises:
        ServingError: another supervisor lives; says which, where it serves and what to do.
    """
    taken = claim(folder, SUPERVISOR, PATIENCE)
    if taken is None:
        holder = alive.read_text() if alive.is_file() else "another process"
        raise ServingError(
            f"{alive.parent} is served already, by {holder}; use that service, stop it with Ctrl-C or SIGTERM, "
            "or serve another home: AFIELD_HOME names it"
        )
    alive.write_text(f"process {os.getpid()} at {url}")
    return taken
