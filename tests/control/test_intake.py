"""From the spools into memory and tables, each fact, outcome and event once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.clock import SimulatedClock
from afield.control.actions import Actions
from afield.control.emergencies import Emergencies
from afield.control.history import History
from afield.control.intake import Intake
from afield.errors import AfieldError
from afield.labelling.contests import CONTESTS
from afield.mitigation.emergencies import Emergency
from afield.records.decision import Override
from afield.records.facts import Window
from afield.records.traffic import Contest, Event, EventBatch, Fact, Ingest, Outcome
from afield.store.ledger import Ledger
from afield.store.tables import Tables
from afield.telemetry.encoding import encode
from afield.telemetry.segments import segments
from afield.telemetry.spool import Spool
from afield.workshop.plan import Table

MOMENT = pl.Datetime("us")
SPECS = {
    "orders": Table(
        {"id": pl.String, "zone": pl.Int32, "at": MOMENT, "known_at": MOMENT}, ("id",), "at", "order", "id"
    ),
    "weather": Table({"at": MOMENT, "known_at": MOMENT, "rain": pl.Float64}, ("at",), "at", "weather"),
}
NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
CHUNK = Window(NOON, NOON + 12 * HOUR)
NEXT = Window(CHUNK.end, CHUNK.end + 12 * HOUR)
EVENT = Event("a1", "7", "champion", "c", NOON, 1.0, 1.0, "all", "", {"multiplier": 1.2}, NOON, kind="answer")


def order(number: int) -> Fact:
    return Fact(f"o{number}", "order", NOON, fields={"zone": 7})


def rain(amount: float) -> Fact:
    return Fact("noon", "weather", NOON, fields={"rain": amount})


@dataclass
class Desk:
    """A worker's spool on one side, memory and tables on the other."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tables = Tables(self.folder / "tables")
        self.worker = Spool(self.folder / "facts", writer="worker-0")
        self.own = Spool(self.folder / "telemetry", writer="supervisor")
        self.restart()

    def restart(self, emergencies: Emergencies | None = None) -> None:
        """As a new supervisor begins: memory from the tables."""
        self.history = History(self.tables, SPECS, timedelta(days=7))
        self.history.load()
        folders = self.folder / "facts", self.folder / "telemetry"
        self.intake = Intake(
            self.history, self.tables, SPECS, *folders, self.own, self.told.append, emergencies=emergencies
        )

    def send(self, *facts: Fact, outcomes: tuple[Outcome, ...] = (), watermark: datetime | None = None) -> None:
        self.worker.append(encode(Ingest(facts, outcomes, watermark)), len(facts) + len(outcomes))

    def stored(self, name: str) -> list[str]:
        if not self.tables.exists(name):
            return []
        return sorted(self.tables.scan(name).collect()[SPECS[name].identity or "at"].cast(pl.String).to_list())

    def remembered(self) -> list[str]:
        return sorted(self.history.frames(NOON)["orders"].collect()["id"].to_list())

    def close(self) -> None:
        self.worker.close()
        self.own.close()


@pytest.fixture
def desk(tmp_path: Path):
    made = Desk(tmp_path)
    yield made
    made.close()


def test_facts_reach_memory_at_once_and_the_tables_once_their_segment_is_sealed(desk: Desk) -> None:
    desk.send(order(1), order(2), rain(1.5))
    assert desk.intake.poll() == 3
    assert desk.remembered() == ["o1", "o2"]
    desk.intake.deliver()
    assert desk.stored("orders") == [], "an open segment is not delivered"
    desk.worker.seal()
    desk.intake.deliver()
    assert desk.stored("orders") == ["o1", "o2"]
    assert len(desk.stored("weather")) == 1
    assert segments(desk.folder / "facts") == []


def test_polling_again_takes_in_only_what_is_new(desk: Desk) -> None:
    desk.send(order(1))
    assert [desk.intake.poll(), desk.intake.poll()] == [1, 0]
    desk.send(order(1), order(2))
    assert desk.intake.poll() == 1


def test_the_watermark_never_goes_back(desk: Desk) -> None:
    seen = []
    for hours in (1, 3, 2, 5):
        desk.send(watermark=NOON + hours * HOUR)
        desk.intake.poll()
        seen.append(desk.intake.watermark)
    assert seen == [NOON + hours * HOUR for hours in (1, 3, 3, 5)]


def test_a_segment_that_is_sealed_between_poll_and_delivery_loses_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.intake, "poll", lambda: 0)
    desk.send(order(1), watermark=NOON)
    desk.worker.seal()
    desk.intake.deliver()
    assert desk.remembered() == ["o1"]
    assert desk.intake.watermark == NOON


def crash_after_the_orders(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    append = desk.tables.append

    def dying(name: str, *rest: pl.DataFrame, **named: object) -> int:
        if name == "weather":
            raise KeyboardInterrupt
        return append(name, *rest, **named)

    monkeypatch.setattr(desk.tables, "append", dying)


def crash_before_the_account(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def dying(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("afield.telemetry.settlement.settle", dying)


@pytest.mark.parametrize("crash", [crash_after_the_orders, crash_before_the_account])
def test_killed_between_table_and_account_every_fact_counts_once(
    desk: Desk, crash: Callable[[Desk, pytest.MonkeyPatch], None]
) -> None:
    desk.send(order(1), order(2), rain(1.5))
    desk.worker.seal()
    with pytest.MonkeyPatch.context() as patch:
        crash(desk, patch)
        with pytest.raises(KeyboardInterrupt):
            desk.intake.deliver()
    desk.restart()
    desk.intake.deliver()
    assert desk.stored("orders") == ["o1", "o2"]
    assert len(desk.stored("weather")) == 1
    assert desk.remembered() == ["o1", "o2"]
    desk.restart()
    assert desk.remembered() == ["o1", "o2"]


def test_a_restart_takes_in_what_is_still_in_the_spool(desk: Desk) -> None:
    desk.send(order(1))
    desk.worker.seal()
    desk.intake.deliver()
    desk.send(order(1), order(2))
    desk.restart()
    assert desk.intake.poll() == 1
    assert desk.remembered() == ["o1", "o2"]


def damage(desk: Desk) -> None:
    desk.send(order(1))
    desk.send(order(2))
    desk.worker.seal()
    (segment,) = segments(desk.folder / "facts")
    segment.path.write_bytes(segment.path.read_bytes()[:-3])


def test_a_damaged_segment_is_told_and_set_aside_and_the_rest_goes_on(desk: Desk) -> None:
    damage(desk)
    desk.send(order(3), watermark=NOON)
    desk.intake.poll()
    desk.intake.poll()
    assert desk.remembered() == ["o1", "o3"]
    assert desk.intake.watermark == NOON
    assert len(desk.told) == 1
    assert "is damaged" in desk.told[0]
    assert list((desk.folder / "facts").glob("*.damaged"))


def test_a_supervisor_that_starts_on_a_damaged_segment_delivers_the_others(desk: Desk) -> None:
    damage(desk)
    desk.restart()
    desk.intake.deliver()
    assert desk.stored("orders") == ["o1"]


def test_a_table_that_cannot_be_written_keeps_the_segment(desk: Desk) -> None:
    desk.send(order(1))
    desk.worker.seal()
    (desk.folder / "tables").mkdir(exist_ok=True)
    (desk.folder / "tables" / "orders").write_text("in the way")
    with pytest.raises((AfieldError, OSError)):
        desk.intake.deliver()
    assert len(segments(desk.folder / "facts")) == 1


def forecasts(desk: Desk, tick: datetime, *units: str) -> None:
    batch = EventBatch(
        id=f"{tick.isoformat()}:champion:r",
        units=units,
        arm="champion",
        release="r",
        tick=tick,
        inclusion=1.0,
        assignment=1.0,
        policy="all",
        rows="",
        output={"forecast": (3.0,) * len(units)},
        at=tick,
    )
    desk.own.append(encode(batch), len(units))


def truth(value: float, *keys: str, tick: datetime = NOON) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "key": keys,
            "event_time": [tick] * len(keys),
            "known_at": [tick + HOUR] * len(keys),
            "value": [value] * len(keys),
        },
        schema_overrides={"event_time": MOMENT, "known_at": MOMENT},
    )


def test_what_came_true_in_a_chunk_is_kept_once_and_joined(desk: Desk) -> None:
    forecasts(desk, NOON, "7", "8")
    desk.intake.deliver()
    for _ in range(2):
        desk.intake.came_true(truth(5.0, "7", "8"), CHUNK)
    assert desk.tables.scan("outcomes").collect().height == 2
    assert desk.intake.joined(CHUNK)["truth"].to_list() == [5.0, 5.0]


def test_a_correction_supersedes_what_had_come_true_and_only_where_it_changed(desk: Desk) -> None:
    forecasts(desk, NOON, "7", "8")
    desk.intake.deliver()
    desk.intake.came_true(truth(5.0, "7", "8"), CHUNK)
    assert desk.intake.correct(pl.concat([truth(6.0, "7"), truth(5.0, "8")]), CHUNK) == 1
    joined = desk.intake.joined(CHUNK)
    assert dict(zip(joined["unit"], joined["truth"], strict=True)) == {"7": 6.0, "8": 5.0}
    assert desk.tables.scan("outcomes").collect().height == 3


def test_nothing_is_corrected_before_anything_came_true(desk: Desk) -> None:
    assert desk.intake.correct(truth(6.0, "7"), CHUNK) == 0


def test_a_client_s_outcome_is_kept_and_its_correction_counts(desk: Desk) -> None:
    forecasts(desk, NOON, "7")
    first = Outcome("t1", "7", NOON, NOON + HOUR, "meter", 4.0)
    second = Outcome("t2", "7", NOON, NOON + 2 * HOUR, "meter", 9.0, supersedes="t1")
    desk.send(outcomes=(first,))
    desk.send(outcomes=(second, first))
    desk.worker.seal()
    desk.intake.deliver()
    assert desk.intake.joined(CHUNK)["truth"].to_list() == [9.0]


def test_answers_of_clients_stand_apart_from_tick_forecasts(desk: Desk) -> None:
    forecasts(desk, NOON, "7")
    answer = Event("a1", "7", "challenger", "c", NOON, 1.0, 0.1, "all", "", {"multiplier": 1.2}, NOON)
    desk.own.append(encode(answer))
    desk.intake.deliver()
    assert desk.intake.answers(CHUNK)["id"].to_list() == ["a1"]
    desk.intake.came_true(truth(5.0, "7"), CHUNK)
    assert desk.intake.joined(CHUNK)["kind"].unique().to_list() == ["tick"]


def test_rows_about_a_chunk_are_added_once_and_chunks_follow_each_other(desk: Desk) -> None:
    row = pl.DataFrame({"start": [CHUNK.start], "end": [CHUNK.end]})
    for chunk in (CHUNK, CHUNK, NEXT):
        desk.intake.add("coverage", row, chunk)
    assert desk.tables.scan("coverage").collect().height == 2


def test_settling_waits_no_longer_than_it_may_for_a_worker_that_hands_nothing_over(desk: Desk) -> None:
    desk.send(order(1))
    desk.intake.settle(patience=0.05)
    assert desk.remembered() == ["o1"]
    assert desk.stored("orders") == []


def test_services_that_joined_are_taken_from_as_well_and_one_that_died_loses_nothing(desk: Desk) -> None:
    joined = desk.folder / "joined"
    desk.intake = Intake(
        desk.history, desk.tables, SPECS, desk.folder / "facts", desk.folder / "telemetry", desk.own,
        desk.told.append, joined,
    )  # fmt: skip
    desk.send(order(1))
    other = Spool(joined / "host-b" / "facts", writer="worker-0")
    other.append(encode(Ingest((order(2),))), 1)
    events = Spool(joined / "host-b" / "telemetry", writer="worker-0")
    events.append(encode(EVENT))
    assert desk.intake.poll() == 2
    assert desk.remembered() == ["o1", "o2"]
    other.append(encode(Ingest((order(3),))), 1)
    # As the system does when a process is killed: its claims go, its open segments stay.
    other._claim.release()
    events._claim.release()
    desk.worker.seal()
    desk.intake.deliver()
    desk.intake.deliver()
    assert desk.stored("orders") == ["o1", "o2", "o3"]
    assert desk.tables.scan("predictions").collect()["id"].to_list() == [EVENT.id]
    assert not segments(joined / "host-b" / "facts")


def test_a_contest_reaches_its_table_once(desk: Desk) -> None:
    desk.worker.append(encode(Ingest(contests=(Contest("a1", 3.0, at=NOON),))), 1)
    desk.worker.seal()
    desk.intake.deliver()
    desk.intake.deliver()
    assert desk.tables.scan(CONTESTS).collect().rows() == [("a1", 3.0, "wrong", NOON)]


def flooded(fact: Fact) -> Override:
    return Override("flood", "*", "multiplier", 1.0, fact.id, NOON + HOUR)


def test_an_emergency_stands_in_the_ledger_before_its_segment_goes_and_history_holds_nothing_of_it(desk: Desk) -> None:
    ledger = Ledger(f"sqlite:///{desk.folder / 'ledger.db'}")
    actions = Actions(ledger, "surge", SimulatedClock(NOON))
    desk.restart(Emergencies(Emergency("flood", flooded), actions, desk.told.append))
    desk.send(Fact("f1", "flood", NOON), order(1))
    desk.worker.seal()
    desk.intake.deliver()
    assert [row.reason for row in ledger.entries("surge", ("override",))] == ["f1"]
    assert (desk.stored("orders"), desk.remembered(), desk.told) == (["o1"], ["o1"], [])
