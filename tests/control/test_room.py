"""What happens at each tick, on a village and without workers."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.answering import predictor
from afield.control.history import History
from afield.control.intake import Intake
from afield.control.office import Office
from afield.control.room import Equipment, Room
from afield.control.training import Trained
from afield.control.watch import Watch
from afield.operate import operate
from afield.records.evidence import Alert
from afield.records.facts import Window
from afield.records.traffic import Ingest
from afield.retraining.triggers import Situation
from afield.store.snapshots import Follower
from afield.telemetry.encoding import encode
from afield.telemetry.recorder import Recorder
from afield.telemetry.spool import Spool
from afield.testing.candidates import bad_candidate
from surge.traffic import Recorded
from tests.workshop.village import CITY, UNTIL, copied

HOUR = timedelta(hours=1)


class Drilled:
    """A trainer that gives at once what the test has prepared."""

    def __init__(self, made: "list[Staffed]") -> None:
        self.made = made
        self.busy = False

    def start(self, until: datetime, reason: str) -> None:
        self.made[0].trained.append((until, reason))
        self.busy = True

    def finished(self) -> Trained | None:
        if not self.busy:
            return None
        self.busy = False
        return Trained(self.made[0].candidate or "", "because")


@dataclass
class Staffed:
    """A control room with its spools, fed by hand."""

    office: Office
    room: Room
    intake: Intake
    client: Spool
    traffic: Recorded
    asked: list[Situation]
    trained: list[tuple[datetime, str]]
    kit: Equipment
    candidate: str | None = None

    def turn(self, start: datetime, hours: int) -> None:
        """Let the loop turn over some ticks, facts first."""
        for tick in Window(start, start + hours * HOUR).ticks(HOUR):
            self.client.append(encode(Ingest(tuple(self.traffic.facts(tick)), watermark=tick)))
            self.intake.poll()
            operate(self.room, [tick])


@pytest.fixture
def staffed(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Staffed]:
    office = copied(tmp_path_factory.getbasetemp(), tmp_path)
    home, plan = office.home, office.plan
    client, own = Spool(home.facts, writer="worker-0"), Spool(home.telemetry, writer="supervisor")
    history = History(office.tables, plan.tables, plan.features.lookback)
    history.load()
    intake = Intake(history, office.tables, plan.tables, home.facts, home.telemetry, own, office.tell)
    intake.settle = intake.deliver  # type: ignore[method-assign]  # no worker holds anything back here
    asked: list[Situation] = []
    monitoring = replace(office.operate.monitoring, monitors=())
    operation = replace(office.operate, monitoring=monitoring, retraining=lambda seen: asked.append(seen) or "because")
    recorder = Recorder(operation.telemetry, own)
    made: list[Staffed] = []

    kit = Equipment(
        history=history,
        intake=intake,
        actions=office.actions,
        shelf=office.shelf,
        predictor=predictor(operation, clock=office.clock.now, record=recorder.record),
        recorder=recorder,
        watch=Watch((), plan.watched, operation.output, lambda _: pl.DataFrame(), office.tell),
        trainer=Drilled(made),
        pinned={"never_updated": office.actions.state.champion},
    )
    room = Room(operation, plan, home, kit, by_events=True)
    window = Window(UNTIL, UNTIL + timedelta(days=4))
    traffic = Recorded(CITY.read().tables, window, HOUR, quotes=0)
    made.append(Staffed(office, room, intake, client, traffic, asked, [], kit))
    yield made[0]
    client.close()
    own.close()


def test_a_tick_publishes_the_rows_that_the_batch_would_make(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 3)
    published = Follower(staffed.office.home.snapshots)
    published.refresh()
    rows = published.rows
    assert rows is not None
    assert rows.tick == UNTIL + 2 * HOUR
    orders = CITY.read().tables["orders"].collect()
    last = orders.filter(pl.col("at").is_between(UNTIL + HOUR, UNTIL + 2 * HOUR, closed="left"))
    counted = dict(last["pickup_location"].cast(pl.String).value_counts().iter_rows())
    served = dict(zip(rows.keys, rows.columns["lag_1"].tolist(), strict=True))
    assert {zone: count for zone, count in served.items() if count} == counted
    assert not np.isnan(rows.columns["same_slot_four_weeks"]).any()


def test_on_the_wall_clock_rows_are_as_old_as_the_newest_fact_or_what_clients_vouch_for(staffed: Staffed) -> None:
    office, kit = staffed.office, staffed.kit
    room = Room(office.operate, office.plan, office.home, kit, by_events=False)
    late = UNTIL + timedelta(days=3)
    as_of = room.publish(late).as_of
    assert UNTIL - HOUR < as_of <= UNTIL
    staffed.client.append(encode(Ingest((), watermark=late - HOUR)))
    staffed.intake.poll()
    assert room.publish(late).as_of == late - HOUR


def test_every_arm_forecasts_every_key_and_outcomes_join_at_the_chunk_s_end(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 13)
    found = staffed.intake.joined(Window(UNTIL, UNTIL + 12 * HOUR))
    assert set(found["arm"]) == {"champion", "never_updated", "baseline"}
    per_arm = found.group_by("arm").len()["len"].unique().to_list()
    assert per_arm == [12 * found["unit"].n_unique()]
    orders = CITY.read().tables["orders"].collect()
    inside = orders.filter(pl.col("at").is_between(UNTIL, UNTIL + 12 * HOUR, closed="left"))
    assert found.filter(pl.col("arm") == "champion")["truth"].sum() == inside.height
    covered = staffed.office.tables.scan("coverage").collect()["end"].max()
    assert covered == UNTIL + 12 * HOUR


def test_an_order_that_is_told_late_corrects_the_outcome(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 13)
    late = staffed.traffic.facts(UNTIL + 6 * HOUR)[0]
    late = type(late)("late", late.kind, late.at, UNTIL + 13 * HOUR, late.fields)
    staffed.client.append(encode(Ingest((late,))))
    staffed.turn(UNTIL + 13 * HOUR, 12)
    outcomes = staffed.office.tables.scan("outcomes").filter(pl.col("supersedes").is_not_null()).collect()
    assert outcomes.select("key", "event_time").rows() == [
        (str(late.fields["pickup_location"]), late.at.replace(minute=0, second=0, microsecond=0))
    ]


def test_a_candidate_that_training_gives_is_offered_to_the_ladder(staffed: Staffed) -> None:
    first = staffed.room.state.champion
    staffed.candidate = bad_candidate(staffed.office, first)
    staffed.turn(UNTIL, 13)
    assert staffed.trained[-1] == (UNTIL + 12 * HOUR, "because")
    assert (staffed.room.state.challenger, staffed.room.state.stage) == (staffed.candidate, "shadow")
    staffed.turn(UNTIL + 13 * HOUR, 1)
    published = Follower(staffed.office.home.snapshots)
    published.refresh()
    assert published.control is not None
    assert (published.control.champion, published.control.challenger) == (first, staffed.candidate)
    assert published.control.canary_share == 0.0


def test_training_that_gives_nothing_offers_nothing(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 13)
    assert staffed.trained
    assert staffed.room.state.stage == "idle"


def test_an_alert_waits_with_the_triggers_until_a_release_answers_it(staffed: Staffed) -> None:
    raised = UNTIL + HOUR
    staffed.kit.actions.alert(Alert("a", "drift", "psi", raised, raised, "warning", 0.3, "moved", "look", ""))
    staffed.turn(UNTIL, 25)
    assert [until for until, _ in staffed.trained] == [UNTIL + 12 * HOUR, UNTIL + 24 * HOUR]
    assert [[alert.id for alert in seen.alerts] for seen in staffed.asked] == [["a"], ["a"]]
    staffed.candidate = bad_candidate(staffed.office, staffed.room.state.champion)
    staffed.turn(UNTIL + 25 * HOUR, 12)
    staffed.kit.actions.reject(staffed.candidate, "taken off", UNTIL + 37 * HOUR, {})
    staffed.turn(UNTIL + 37 * HOUR, 12)
    assert staffed.asked[-1].alerts == ()


def test_a_person_s_word_is_taken_over_and_published(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 1)
    assert not staffed.room.follow(UNTIL)
    bad = bad_candidate(staffed.office, staffed.room.state.champion)
    staffed.office.by("ada").promote(bad, "a try", UNTIL)
    assert staffed.room.follow(UNTIL)
    published = Follower(staffed.office.home.snapshots)
    published.refresh()
    assert published.control is not None
    assert (published.control.champion, published.control.stage) == (bad, "probation")


def test_turning_the_loop_again_over_the_same_ticks_counts_nothing_twice(staffed: Staffed) -> None:
    window = Window(UNTIL, UNTIL + 12 * HOUR)
    staffed.turn(UNTIL, 13)
    once = staffed.intake.joined(window)
    staffed.turn(UNTIL + 12 * HOUR, 1)
    staffed.intake.deliver()
    again = staffed.intake.joined(window)
    assert again.height == once.height
    assert again["truth"].sum() == once["truth"].sum()


def test_a_chunk_whose_end_fell_into_a_pause_is_taken_down_when_the_supervisor_is_back(staffed: Staffed) -> None:
    staffed.turn(UNTIL, 11)
    staffed.turn(UNTIL + 14 * HOUR, 1)
    assert staffed.office.tables.scan("coverage").collect()["end"].max() == UNTIL + 12 * HOUR
    assert staffed.intake.last_chunk() == UNTIL
