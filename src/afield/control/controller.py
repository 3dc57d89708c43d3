"""The controller: the whole control plane of one application, which leads while it holds the lease, or waits to."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial

import polars as pl

from afield.answering import predictor
from afield.control.emergencies import Emergencies
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.leading import Lead, refusal
from afield.control.measuring import past
from afield.control.news import News
from afield.control.notices import Notices
from afield.control.office import Office
from afield.control.recomputing import recomputed
from afield.control.retention import Retention
from afield.control.room import Equipment, Room
from afield.control.selecting import draws_of
from afield.control.standing import KINDS, standing
from afield.control.supervisor import RETRY, Supervisor
from afield.control.terms import Terms
from afield.control.training import Trainer
from afield.control.watch import Watch
from afield.errors import ServingError, StoreError
from afield.operate import turn
from afield.store.secret import secret
from afield.store.snapshots import Follower
from afield.telemetry.claims import Claim
from afield.telemetry.recorder import Recorder
from afield.telemetry.sketches import sketcher
from afield.telemetry.spool import Spool


class Controller:
    """Turns the operate loop of an application while it leads; another one leads where this one does not."""

    def __init__(self, office: Office, terms: Terms, own: Claim) -> None:
        """Prepare to control on these terms, recording to the spool that `own` is the right to write.

        Raises:
            ServingError: there is no release yet.
        """
        if not office.actions.state.champion:
            own.release()
            raise ServingError(
                f"{office.application.name} has no release to serve yet; run: afield build {office.application.called}"
            )
        self._office, self._terms = office, terms
        self.lead = Lead(office.ledger, office.application.name, own, office.home.telemetry, office.tell)
        policy = office.operate.telemetry
        self._spool = Spool(office.home.telemetry, writer=own, mode=policy.mode, max_bytes=policy.max_bytes)
        self._privacy = secret(office.home.privacy)
        self._trainer = Trainer(office, wait=terms.by_events)
        self._parts: tuple[Intake, Room, datetime] | None = None

    def begin(self) -> None:
        """Lead, and publish who answers.

        Raises:
            ServingError: another controller leads.
        """
        if not self.lead.take():
            raise refusal(self._office.ledger, self._office.application.name)
        self._set_up()

    def supervise(self, stop: threading.Event, check: Callable[[], None] = lambda: None) -> None:
        """Lead whenever nobody else does, until `stop`; `check` is called in between, while this one leads.

        Another that leads by now, or a ledger that went away as this one took over, ends nothing: it is tried again.
        """
        while not stop.is_set():
            try:
                if self._parts is None and not self.lead.wait(stop):
                    return
                self._turn(stop, check)
            except StoreError as error:
                self._office.tell(str(error))
                self._parts = None
                self.lead.give_up()
                stop.wait(RETRY)

    def once(self) -> datetime:
        """Turn the loop once at the newest tick, having begun, and wait for a training that this begins; the tick."""
        intake, room, now = self._parts or self._set_up()
        intake.poll()
        tick = now - (now - datetime.min) % self._office.operate.step
        turn(room, tick)
        self._trainer.join()
        room.offer(tick)
        return tick

    def stop(self) -> None:
        """End a training, deliver what was recorded, and let the next lead."""
        self._trainer.stop()
        try:
            if self._parts is not None:
                self._parts[0].deliver()
        except StoreError as error:
            self._office.tell(f"not everything was delivered: {error}; it is kept, and the next start delivers it")
        finally:
            self._spool.close()
            self.lead.give_up()

    def _turn(self, stop: threading.Event, check: Callable[[], None]) -> None:
        """Tick until `stop`, or until somebody else leads."""
        intake, room, began = self._parts or self._set_up()

        def both() -> None:
            self.lead.check()
            check()

        notices = Notices(
            self._office.home.receiver,
            self._office.ledger,
            self._office.application.name,
            self._office.clock,
            self._office.tell,
        )
        supervisor = Supervisor(
            room,
            intake,
            self._office.clock,
            self._office.operate.step,
            by_events=self._terms.by_events,
            heartbeat=self._office.home.heartbeat,
            check=both,
            began=began,
            tell=self._office.tell,
        )
        notices.start()
        try:
            supervisor.run(stop)
        finally:
            notices.stop()

    def _set_up(self) -> tuple[Intake, Room, datetime]:
        """Read what there is, and say who answers."""
        self._office.home.heartbeat.touch()
        intake, room = self._control_room()
        self._parts = intake, room, self._now()
        room.announce(self._parts[2])
        return self._parts

    def _now(self) -> datetime:
        """Domain time before the first tick: after events, where the service stood, or where its facts end."""
        office = self._office
        if not self._terms.by_events:
            return office.clock.now()
        published = Follower(office.home.snapshots)
        published.refresh()
        stood = published.control.now if published.control else None
        return stood or office.newest()

    def _control_room(self) -> tuple[Intake, Room]:
        office, home = self._office, self._office.home
        operate, plan = office.operate, office.plan
        # Features of a whole chunk are computed again at its end: what its first tick rests on is still held then.
        history = History(office.tables, plan.tables, plan.features.lookback + operate.monitoring.chunk)
        history.load()
        actions = office.led(self.lead)
        emergencies = Emergencies(operate.emergency, actions, office.tell)
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
            emergencies,
        )
        recorder = Recorder(operate.telemetry, self._spool, self._privacy, sketcher(operate.telemetry, self._privacy))
        kit = Equipment(
            history=history,
            intake=intake,
            actions=actions,
            shelf=office.shelf,
            predictor=predictor(operate, clock=office.clock.now, record=recorder.record),
            recorder=recorder,
            watch=self._watch(history),
            trainer=self._trainer,
            draws=draws_of(office, history.frames, self._reference),
            pinned=self._terms.pinned,
            news=News(office),
            retention=Retention(office),
            urgent=emergencies.act,
            unproven=office.unproven,
        )
        return intake, Room(operate, plan, home, kit, by_events=self._terms.by_events)

    def _watch(self, history: History) -> Watch:
        """The monitors, which go on with the alerts that the ledger holds."""
        office, monitoring = self._office, self._office.operate.monitoring

        def again(rows: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
            return recomputed(office.plan, history.held, rows, names)

        return Watch(
            monitoring.monitors,
            office.plan.watched,
            office.operate.output,
            self._reference,
            office.tell,
            monitoring.budget,
            lambda: standing(office.ledger.entries(office.application.name, KINDS)),
            again,
            partial(past, office),
        )

    def _reference(self, release: str) -> pl.DataFrame:
        """What the monitors are fitted on: the release's own test window."""
        return pl.read_ipc(self._office.shelf.bundle(release).read("tables/reference.arrow"))
