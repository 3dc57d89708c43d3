"""When the supervisor ticks, and what it does in between."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from afield.clock import SimulatedClock
from afield.control import supervisor as supervisors
from afield.control.supervisor import Supervisor
from afield.errors import StoreError

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)


class Scene:
    """A supervisor among stand-ins; `script` acts between polls and ends the run when it runs out."""

    def __init__(self, folder: Path, *script: Callable[["Scene"], None], by_events: bool) -> None:
        self.watermark: datetime | None = None
        self.clock = SimulatedClock(NOON)
        self.ticks: list[datetime] = []
        self.followed: list[datetime] = []
        self.delivered = self.checked = self.resumed = 0
        self.told: list[str] = []
        self.script = list(script)
        self.stop = threading.Event()
        self.heartbeat = folder / "alive"
        Supervisor(
            self, self, self.clock, HOUR, by_events=by_events, heartbeat=self.heartbeat, check=self.check, began=NOON,
            tell=self.told.append,
        ).run(self.stop)  # fmt: skip

    def poll(self) -> int:
        if self.script:
            self.script.pop(0)(self)
        else:
            self.stop.set()
        return 0

    def deliver(self) -> None:
        self.delivered += 1

    def resume(self) -> None:
        self.resumed += 1

    def check(self) -> None:
        self.checked += 1

    def follow(self, now: datetime) -> bool:
        self.followed.append(now)
        return False

    def publish(self, tick: datetime) -> datetime:
        self.ticks.append(tick)
        return tick

    def forecast(self, rows: datetime) -> None:
        assert rows == self.ticks[-1]

    def offer(self, tick: datetime) -> None:
        assert tick == self.ticks[-1]

    def chunks_due(self, _: datetime) -> tuple[object, ...]:
        return ()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LIVE_PAUSE", "REPLAY_PAUSE", "FOLLOW_EVERY", "RETRY"):
        monkeypatch.setattr(supervisors, name, 0.0)


def sent(hours: float) -> Callable[[Scene], None]:
    return lambda scene: setattr(scene, "watermark", NOON + hours * HOUR)


def passed(hours: float) -> Callable[[Scene], None]:
    return lambda scene: scene.clock.advance(NOON + hours * HOUR)


def wait(_: Scene) -> None:
    """Nothing happens."""


def test_after_events_each_tick_is_done_in_its_turn(tmp_path: Path) -> None:
    scene = Scene(tmp_path, sent(1), sent(4.5), wait, wait, wait, wait, by_events=True)
    assert scene.ticks == [NOON + hours * HOUR for hours in (1, 2, 3, 4)]


def test_nothing_is_ticked_before_a_client_said_how_far_it_is(tmp_path: Path) -> None:
    scene = Scene(tmp_path, wait, wait, by_events=True)
    assert scene.ticks == []
    assert set(scene.followed) == {NOON}, "a person is heard all the same"


def test_a_watermark_from_before_it_began_does_not_set_the_clock_back(tmp_path: Path) -> None:
    assert Scene(tmp_path, sent(-4), wait, sent(1), wait, by_events=True).ticks == [NOON, NOON + HOUR]


def test_on_the_wall_clock_only_the_newest_tick_is_done(tmp_path: Path) -> None:
    scene = Scene(tmp_path, passed(0.2), passed(0.9), passed(3.5), wait, passed(4), by_events=False)
    assert scene.ticks == [NOON, NOON + 3 * HOUR, NOON + 4 * HOUR]


def test_a_watermark_within_a_slot_ticks_the_slot_once(tmp_path: Path) -> None:
    assert Scene(tmp_path, sent(1.2), sent(1.5), sent(1.9), wait, by_events=True).ticks == [NOON + HOUR]


def test_between_ticks_it_shows_that_it_lives_and_looks_after_the_workers(tmp_path: Path) -> None:
    scene = Scene(tmp_path, wait, wait, by_events=True)
    assert scene.heartbeat.exists()
    assert scene.checked == 3


def test_what_was_recorded_is_delivered_at_the_end(tmp_path: Path) -> None:
    assert Scene(tmp_path, sent(1), by_events=True).delivered == 1


def test_a_store_that_does_not_answer_ends_nothing_and_is_told_until_it_answers_again(tmp_path: Path) -> None:
    problems: list[bool] = []

    def fails(_: Scene) -> None:
        raise StoreError("the tables cannot be written")

    def look(scene: Scene) -> None:
        problems.append(scene.heartbeat.with_suffix(".problem").exists())

    scene = Scene(tmp_path, sent(1), fails, look, sent(2), wait, wait, look, wait, by_events=True)
    assert scene.ticks == [NOON + HOUR, NOON + 2 * HOUR]
    assert scene.resumed == 1
    assert problems == [True, False]
    assert scene.told == [
        "the tables cannot be written; what was accepted is kept, and tried again",
        "all stores answer again",
    ]
    assert scene.delivered == 2, "once to catch up, once at the end"
