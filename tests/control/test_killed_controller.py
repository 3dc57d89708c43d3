"""A controller that is killed between any two rows of the ledger, and the one that takes over."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.clock import SimulatedClock
from afield.control.actions import Actions
from afield.control.room import Equipment, Room
from afield.control.training import Trained
from afield.records.decision import Entry
from afield.rollout.ladder import Step, To
from tests.workshop.village import office

NOON = datetime(2024, 3, 1, 12)
HOUR = timedelta(hours=1)
UP: dict[str, To] = {"shadow": "canary", "canary": "probation", "probation": "finished"}


class KilledError(Exception):
    """The process is gone."""


class Paper:
    """A journal in memory, whose writer is killed at the row that is said, before or after it is kept."""

    def __init__(self, rows: list[Entry], kill: int = -1, *, kept: bool = False) -> None:
        self.rows, self.kill, self.kept = rows, kill, kept

    def append(self, entry: Entry) -> Entry:
        killed = len(self.rows) == self.kill
        if killed and not self.kept:
            raise KilledError
        numbered = msgspec.structs.replace(entry, sequence=len(self.rows) + 1)
        self.rows.append(numbered)
        if killed:
            raise KilledError
        return numbered

    def entries(
        self, application: str, kinds: tuple[str, ...] = (), subject: str | None = None, after: int = 0
    ) -> tuple[Entry, ...]:
        return tuple(
            row
            for row in self.rows
            if row.sequence > after and (not kinds or row.kind in kinds) and subject in (None, row.subject)
        )


class Builder:
    """Trains at once; what a training gives depends on the data alone, as in a build whose steps are kept."""

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._begun: tuple[datetime, str] | None = None
        self.busy = False

    def start(self, until: datetime, reason: str) -> None:
        self._begun = until, reason

    def finished(self) -> Trained | None:
        if self._begun is None:
            return None
        (until, reason), self._begun = self._begun, None
        return Trained(f"built from {until:%H:%M}", reason)


def controlled(paper: Paper, folder: Path) -> Room:
    """A controller that starts anew on what the paper says."""
    opened = office(folder)
    actions = Actions(paper, "surge", SimulatedClock(NOON))
    nothing: Callable[[], None] = lambda: None  # noqa: E731
    kit = SimpleNamespace(
        actions=actions, trainer=Builder(actions), intake=SimpleNamespace(settle=nothing), news=None,
        shelf=SimpleNamespace(bundle=lambda _: None),
    )  # fmt: skip
    return Room(opened.operate, opened.plan, opened.home, cast(Equipment, kit), by_events=True)


def life(rows: list[Entry], folder: Path, kill: int, *, kept: bool) -> None:
    """Turns from noon on, until a candidate has gone the whole way; killed once, and started again."""
    room = controlled(Paper(rows, kill, kept=kept), folder)
    for hour in range(1, 8):
        tick = NOON + hour * HOUR
        for _ in range(2):
            try:
                room.offer(tick)
                room.climb(tick)
                room.retrain(tick)
                break
            except KilledError:
                room = controlled(Paper(rows), folder)


def begun() -> list[Entry]:
    rows: list[Entry] = []
    person = Actions(Paper(rows), "surge", SimulatedClock(NOON), "ada")
    person.built("a", "first", NOON - HOUR, {})
    person.promote("a", "first", NOON - HOUR)
    person.ask_training("the fair begins", NOON)
    return rows


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ladder lets everybody climb, and nothing is planned."""
    monkeypatch.setattr("afield.control.room.judge", lambda _, stage, __: Step(UP[stage], "better"))
    monkeypatch.setattr("afield.control.room.planned", lambda *_: None)
    monkeypatch.setattr(Room, "_evidence", lambda *_: None)
    monkeypatch.setattr(Room, "_triggered", lambda *_: "")


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize("kept", [False, True])
def test_killed_at_any_row_the_next_controller_brings_it_to_the_same_end(tmp_path: Path, *, kept: bool) -> None:
    whole = begun()
    life(whole, tmp_path, -1, kept=kept)
    steps = [row.kind for row in whole[3:]]
    assert steps == ["training", "offered", "trained", "stage", "promoted", "stage"]
    for kill in range(3, len(whole)):
        rows = begun()
        life(rows, tmp_path, kill, kept=kept)
        # A training that was not noted as ended is ended by whoever takes over, once the climb has begun.
        assert sorted(row.kind for row in rows[3:]) == sorted(steps), f"killed at row {kill}"
        ends = [Actions(Paper(each), "surge", SimulatedClock(NOON)).state for each in (whole, rows)]
        assert (ends[0].champion, ends[0].stage, ends[0].last_good, ends[0].training, ends[0].queue) == (
            ends[1].champion, ends[1].stage, ends[1].last_good, ends[1].training, ends[1].queue,
        )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(st.sampled_from(["offer", "up", "back", "train", "end"]), max_size=12), kill=st.integers(0, 14))
def test_whatever_was_under_way_the_next_controller_reads_what_the_last_one_knew(steps: list[str], kill: int) -> None:
    paper = Paper([], kill, kept=True)
    acting = Actions(paper, "surge", SimulatedClock(NOON))
    try:
        acting.promote("a", "first", NOON)
        for number, step in enumerate(steps):
            _act(acting, step, number)
    except KilledError:
        acting.refresh()
    assert Actions(Paper(paper.rows), "surge", SimulatedClock(NOON)).state == acting.state
    assert all(row.recorded.tzinfo is UTC for row in paper.rows)


def _act(actions: Actions, step: str, number: int) -> None:
    at = NOON + number * HOUR
    if step == "offer":
        actions.offer(f"r{number}", "because", at)
    elif step == "train":
        actions.training("because", at)
    elif step == "end":
        actions.trained("", "because", at)
    elif actions.state.stage != "idle":
        actions.step(Step(UP[actions.state.stage] if step == "up" else "rolled_back", step), at)
