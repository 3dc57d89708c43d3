"""The control room of one application: what happens at each tick, in methods that `operate` calls in order."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import polars as pl

from afield.application import Operate
from afield.control.actions import Actions
from afield.control.evidence import exposed, losses, paired, planned, shadowed
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.news import News
from afield.control.retention import Retention
from afield.control.rollout import Rollout
from afield.control.selecting import Draws
from afield.control.shelf import Shelf
from afield.control.training import Trainer
from afield.control.untouched import with_lot
from afield.control.watch import Watch
from afield.features.compute import compute
from afield.features.feature import digest
from afield.home import Home
from afield.records.applied import BASELINE
from afield.records.facts import FeatureRows, Window
from afield.retraining.triggers import Situation
from afield.rollout.judging import judge
from afield.rollout.ladder import Evidence
from afield.serving import situation
from afield.serving.predictor import Predictor
from afield.serving.ticker import Columns
from afield.serving.ticker import tick as make_rows
from afield.statistics.losses import LOSSES
from afield.store.snapshots import publish_control, publish_rows
from afield.telemetry.recorder import Recorder
from afield.workshop.golden import as_columns
from afield.workshop.plan import Build


@dataclass(frozen=True, slots=True)
class Equipment:
    """What the room works with, handed in by the supervisor.

    Attributes:
        history: the facts in memory.
        intake: brings facts and outcomes from the spool, and delivers what was recorded.
        actions: the ledger, read and appended.
        shelf: opened releases.
        predictor: the one inference path.
        recorder: keeps the tick forecasts.
        watch: the monitors.
        trainer: trains candidates in a process of their own.
        draws: choose which rows people are asked to label, or None.
        pinned: name → release that forecasts beside the others for comparison only.
        news: what speaks for a new model beside alerts; None: nothing does.
        retention: deletes rows that are too old; None: all are kept.
        urgent: acts on what facts of emergencies say; whether anything changed.
        unproven: why the drills do not speak for the code that runs, or "".
    """

    history: History
    intake: Intake
    actions: Actions
    shelf: Shelf
    predictor: Predictor
    recorder: Recorder
    watch: Watch
    trainer: Trainer
    draws: Draws | None = None
    pinned: Mapping[str, str] = field(default_factory=dict)
    news: News | None = None
    retention: Retention | None = None
    urgent: Callable[[datetime], bool] = lambda _: False
    unproven: Callable[[], str] = str


class Room:
    """One application under control."""

    def __init__(self, operate: Operate, plan: Build, home: Home, kit: Equipment, *, by_events: bool) -> None:
        """Control the application whose state lies in `home`, with `kit`.

        Args:
            operate: how it operates.
            plan: how it is built.
            home: where its state lies.
            kit: what to work with.
            by_events: whether the clock follows the events (a replay) instead of the wall.
        """
        self._by_events = by_events
        self._operate = operate
        self._plan = plan
        self._home = home
        self._kit = kit
        self._contract = digest(plan.features)
        self._version = int(time.time())
        self._measured: datetime | None = None

    @property
    def state(self) -> Rollout:
        """Where the rollout stands."""
        return self._kit.actions.state

    def publish(self, tick: datetime) -> FeatureRows:
        """Make the feature rows of `tick` from what is known, and let the workers answer with them."""
        rows = make_rows(self._columns, tick, self._known_up_to(tick), self._contract)
        publish_rows(self._home.snapshots, rows)
        self.announce(tick)
        self._kit.watch.see(rows)
        return rows

    def announce(self, now: datetime) -> None:
        """Publish who answers now; `now` matters to a service whose clock follows its events."""
        self._version += 1
        ladder = self._operate.rollout
        state = self.state.published(
            self._version, share=ladder.canary_share, block=ladder.canary_block, now=now if self._by_events else None
        )
        publish_control(self._home.snapshots, state)

    def forecast(self, rows: FeatureRows) -> None:
        """Record what every release that is compared says of every key at this tick, and the baseline."""
        if not rows.keys:
            return
        state = self.state
        arms = {"champion": state.champion, "challenger": state.challenger, "last_good": state.last_good}
        named = {arm: release for arm, release in {**arms, **self._kit.pinned}.items() if release}
        shelf = self._kit.shelf
        shelf.keep_only(set(named.values()))
        releases = {release: shelf.release(release) for release in named.values()}
        control = state.published(self._version, share=0.0, block=1, now=rows.tick)
        self._kit.predictor.see(situation.Situation(rows, control, releases))
        for arm, release in {**named, BASELINE: BASELINE}.items():
            self._kit.recorder.record(self._kit.predictor.forecast(arm, release))

    def collect(self, chunk: Window) -> None:
        """Take down what came true in the chunk, and correct the chunk before where late facts changed it."""
        for name, rows in self._plan.covering(chunk).items():
            self._kit.intake.add(name, rows, chunk)
        self._kit.intake.came_true(self._labels(chunk), chunk)
        before = Window(chunk.start - self._operate.monitoring.chunk, chunk.start)
        self._kit.intake.correct(self._labels(before), before)
        if self._kit.retention is not None:
            self._kit.retention.enforce(chunk.end)

    def chunks_due(self, tick: datetime) -> tuple[Window, ...]:
        """The chunks of monitoring that are over and whose outcomes are due, each named once, in order.

        A chunk whose end fell into a pause of the supervisor is named when it is back, as far as the lookback goes.
        """
        chunk = self._operate.monitoring.chunk
        end = tick - self._operate.monitoring.delay
        border = end - (end - datetime.min) % chunk
        if self._measured is None:
            last = self._kit.intake.last_chunk()
            self._measured = border if last is None else max(last + chunk, border - self._plan.features.lookback)
        due = Window(min(self._measured, border), border).ticks(chunk)
        self._measured = max(self._measured, border)
        return tuple(Window(start, start + chunk) for start in due)

    def resume(self) -> None:
        """Begin again with the first chunk whose truth was not kept: something went wrong in between."""
        self._measured = None

    def deliver(self) -> None:
        """Bring everything recorded to its tables."""
        self._kit.intake.deliver()

    def measure(self, chunk: Window) -> None:
        """What the monitors see in the chunk; new alerts go to the ledger."""
        frame = with_lot(self._kit.intake.joined(chunk), self._operate.untouched)
        for alert in self._kit.watch.measure(frame, chunk, self.state.champion):
            self._kit.actions.alert(alert)

    def select(self, chunk: Window) -> None:
        """Ask people to label rows of the chunk whose outcome does not come by itself."""
        if self._kit.draws is not None:
            self._kit.draws.select(chunk, self.state.champion, chunk.end)

    def climb(self, tick: datetime) -> None:
        """Let the ladder judge the evidence since its stage began, and do what it says."""
        state = self.state
        if state.stage == "idle" or state.since is None:
            return
        step = judge(self._operate.rollout, state.stage, self._evidence(state, tick))
        if step.to != "stay":
            self._kit.actions.step(step, tick)
            self.announce(tick)

    def retrain(self, tick: datetime) -> None:
        """Begin to train on what production taught, where a person asked or a trigger says so.

        What begins is a row of the ledger before it begins, so that a controller that takes over finishes it.
        """
        state, trainer = self.state, self._kit.trainer
        if state.trained is None or trainer.busy:
            return
        if state.training is None:
            reason = state.asked or self._triggered(state, state.trained, tick)
            if not reason:
                return
            self._kit.actions.training(reason, tick)
        until, reason = self.state.training or (tick, "")
        self._kit.intake.settle()
        trainer.start(until, reason)
        self.offer(tick)

    def offer(self, tick: datetime) -> None:
        """Let a candidate whose training has ended climb the ladder, if its gates passed."""
        trained = self._kit.trainer.finished()
        if trained is None:
            return
        state = self.state
        if trained.release and trained.release not in (state.champion, state.challenger, *state.queue):
            power = planned(self._kit.shelf.bundle(trained.release), self._operate, self._plan.part)
            self._kit.actions.offer(trained.release, trained.reason, tick, power.numbers() if power else None)
            self.announce(tick)
        if state.training is not None:
            self._kit.actions.trained(trained.release, trained.reason, tick)

    def _triggered(self, state: Rollout, last: datetime, tick: datetime) -> str:
        """The reason that the application's trigger gives to train now, or ""."""
        trigger = self._operate.retraining
        if trigger is None:
            return ""
        ends = [moment for moment in (state.answered, state.promoted) if moment is not None]
        answered = max(ends, default=last)
        alerts = self._kit.actions.alerts(answered)
        news, climbing = self._kit.news, state.stage != "idle"
        labels, changed = (news.labels(last), news.changed(state.champion)) if news else (0, ())
        return trigger(Situation(tick, last, alerts, climbing, labels, changed, answered)) or ""

    def follow(self, now: datetime) -> bool:
        """Act on emergencies, and take over what others appended (a promotion, a rollback); whether there was any."""
        urgent = self._kit.urgent(now)
        if not (self._kit.actions.refresh() or urgent):
            return False
        self.announce(now)
        return True

    def _known_up_to(self, tick: datetime) -> datetime:
        """The moment up to which facts are in: that of the newest, or what clients said by a watermark.

        A clock that follows the events is there by itself, and requests with their own input rest on no facts.
        """
        if self._by_events or self._operate.from_input is not None:
            return tick
        said = (self._kit.intake.watermark, self._kit.history.newest(tick))
        newest = max((moment for moment in said if moment is not None), default=tick)
        return min(tick, newest + self._operate.monitoring.delay)

    def _columns(self, tick: datetime) -> tuple[Sequence[str], Columns]:
        """Keys and feature columns of the tick."""
        history = self._kit.history.frames(tick)
        features = compute(self._plan.features, self._spine(tick, history), history)
        keys = [str(key) for key in features[self._plan.features.keys[0]].to_list()]
        return keys, as_columns(features, self._plan.features.names)

    def _labels(self, chunk: Window) -> pl.DataFrame:
        """Key, event time, moment at which it was known, and truth of each row of the chunk."""
        plan, operate = self._plan, self._operate
        history = self._kit.history.frames(chunk.end)
        spines = [self._spine(tick, history) for tick in chunk.ticks(operate.step)]
        labelled = plan.labels(pl.concat(spines), history)
        return labelled.select(
            key=pl.col(plan.features.keys[0]).cast(pl.String),
            event_time=plan.features.origin,
            known_at=pl.col(plan.features.origin) + operate.step + operate.monitoring.delay,
            value=pl.col("truth").cast(pl.Float64),
        ).drop_nulls("value")

    def _spine(self, tick: datetime, history: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
        """Every key at `tick`."""
        keys = self._plan.keys(history, tick)
        origin = pl.Series([tick], dtype=pl.Datetime("us")).new_from_index(0, len(keys))
        return pl.DataFrame({self._plan.features.keys[0]: keys, self._plan.features.origin: origin})

    def _evidence(self, state: Rollout, tick: datetime) -> Evidence:
        """What was seen since the stage began."""
        since = state.since or tick
        ticks = max(0, (tick - since) // self._operate.step)
        window = Window(since, tick - self._operate.monitoring.delay)
        if state.stage == "canary":
            self._kit.intake.settle()
            shown = exposed(
                self._kit.intake.answers(window),
                self._operate.felt,
                ticks,
                [guard.name for guard in self._operate.guards],
                self._operate.rollout.latency_ratio,
            )
            missing = "" if self._by_events else self._kit.unproven()
            approvals = len(self._kit.actions.approvals(state.challenger))
            return replace(shown, approvals=approvals, unproven=missing)
        joined, output, loss = self._kit.intake.joined(window), self._operate.output, LOSSES[self._operate.loss]
        if state.stage == "shadow":
            slices = self._kit.shelf.slices(state.champion)
            return shadowed(joined, output, loss, state.challenger, state.champion, ticks, slices)
        return paired(losses(joined, output, loss), state.champion, state.last_good, ticks)
