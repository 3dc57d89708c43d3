"""A whole small service of signs: built, served, asked over HTTP, told what was right, ticked; and what it wrote."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl
import pytest

from afield.build import build
from afield.control.office import Office, open_office
from afield.control.process import serving
from afield.control.service import Terms
from afield.demo import free_port
from afield.errors import ServingError
from afield.evaluation.gates import BiasWithin
from afield.records.facts import Window
from afield.records.traffic import Answer, Fact, Ingest
from afield.replay import Client, Replayed, replay
from afield.telemetry.delivery import EVENTS
from afield.telemetry.outcomes import joined
from afield.workshop.plan import no_measures
from signs.application import signs
from signs.building import PLAIN
from signs.demonstration import verdict
from signs.operating import STEP
from signs.person import matched, read_right
from signs.shown import Shown, shown
from signs.sights import Sight, Where
from signs.walk import Taken, walk
from signs.walks import Walks, split_phrases

pytestmark = pytest.mark.slow
SOURCE = Walks(days=7, frames=14)
HOURS, FRAMES = 9, 18
DAY = timedelta(days=1)


def say(_: str) -> None:
    """Tells nobody; a module's function, for it goes to another process."""


@dataclass
class Told:
    """Clients that send frames and say of every line whether it was read right, asked by lot all of them."""

    frames: dict[datetime, list[Taken]]
    window: Window
    answers: list[Answer] = field(default_factory=list)
    lines: dict[str, Shown] = field(default_factory=dict)
    said: dict[str, bool] = field(default_factory=dict)
    _facts: list[Fact] = field(default_factory=list)

    def facts(self, tick: datetime) -> Sequence[Fact]:
        told, self._facts = self._facts, []
        return [msgspec.structs.replace(fact, known_at=tick - timedelta(seconds=1)) for fact in told]

    def outcomes(self, _: datetime, /) -> Sequence[object]:
        return []

    def requests(self, tick: datetime) -> Sequence[bytes]:
        return [body(taken) for taken in self.frames.get(tick, ())]

    def settle(self, tick: datetime, answers: Sequence[Answer], /) -> None:
        self.answers += answers
        for taken, answer in zip(self.frames.get(tick, ()), answers, strict=True):
            lines = shown(answer.content)
            there = matched(taken.lines, lines)
            for line, item in zip(lines, answer.content, strict=True):
                self.lines[line.id] = line
                if item["ask"]:
                    self.said[line.id] = right = read_right(line, there.get(line.id))
                    how = "tapped_right" if right else "tapped_wrong"
                    self._facts.append(verdict(line.id, taken.at, how, right=right, was_asked=True))


def body(taken: Taken) -> bytes:
    place = Where(taken.place.latitude, taken.place.longitude)
    return msgspec.json.encode(Sight(taken.device, taken.frame, taken.at, place))


def slots(window: Window) -> dict[datetime, list[Taken]]:
    """Frames by the tick before them."""
    phrases = [*split_phrases()[0], *split_phrases()[1]]
    found: dict[datetime, list[Taken]] = {}
    for taken in walk(3, window.start, HOURS - 1, FRAMES, phrases, turn=1.0):
        found.setdefault(taken.at - (taken.at - datetime.min) % STEP, []).append(taken)
    return found


@dataclass
class Day:
    """What is left of a service that has run for a while."""

    office: Office
    told: Told
    played: Replayed
    before: dict[Path, int]
    refused: str
    health: dict[str, object]


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    root = tmp_path_factory.mktemp("signs")
    opened = open_office(signs(), root, say)
    small = replace(
        opened.plan,
        source=lambda _: SOURCE,
        recipes=(PLAIN,),
        gates=(BiasWithin(5.0),),
        measures=no_measures,
        validation=DAY / 2,
        test=2 * DAY,
    )
    office = replace(opened, plan=small)
    office.register(build(small, office.bench(), None, SOURCE.end), promote=True)
    before = {file: file.stat().st_mtime_ns for file in root.rglob("*") if file.is_file()}
    window = Window(SOURCE.end, SOURCE.end + timedelta(hours=HOURS))
    told = Told(slots(window), window)
    terms = Terms(port=free_port(), by_events=True)
    with serving("signs", {}, root, terms, say) as service:
        client = Client(service.url, timeout=120.0)
        half = Window(window.start, window.start + timedelta(hours=1))
        played = replay(told, client, "read", half, STEP, watch=lambda *_: None, alive=service.alive)  # type: ignore[arg-type]
        with pytest.raises(ServingError) as refused:
            client.ask("read", msgspec.json.encode(Sight("generated-99", b"no picture", half.end)))
        rest = Window(half.end, window.end)
        more = replay(told, client, "read", rest, STEP, watch=lambda *_: None, alive=service.alive)  # type: ignore[arg-type]
        client.ingest(Ingest(watermark=window.end))
        health = client.health()
        client.close()
    played.requests += more.requests
    played.failed += more.failed
    played.fallbacks += more.fallbacks
    return Day(replace(opened, plan=small), told, played, before, str(refused.value), health)


def test_every_frame_is_answered_by_the_champion(day: Day) -> None:
    assert (day.played.requests, day.played.failed, day.played.fallbacks) == (FRAMES, 0, 0)
    assert {answer.release for answer in day.told.answers} == {day.office.actions.state.champion}
    assert len(day.told.lines) > FRAMES / 2
    assert sum(day.told.said.values()) > len(day.told.said) / 2


def test_a_bad_frame_is_refused_and_the_service_goes_on(day: Day) -> None:
    assert "400" in day.refused
    assert "image: this is not an image" in day.refused
    assert day.health["ready"]


def test_what_people_said_is_joined_to_what_was_forecast_of_the_line(day: Day) -> None:
    window = Window(day.told.window.start, day.told.window.start + timedelta(hours=6))
    rows = joined(day.office.tables, window).filter(pl.col("arm") == "champion")
    truths = dict(rows.filter(pl.col("kind") == "tick").select("unit", "truth").iter_rows())
    assert truths
    assert truths == {line: float(right) for line, right in day.told.said.items() if line in truths}
    early = [
        line for line, right in day.told.said.items()
        if line.rpartition("/")[0] in {answer.id for answer in day.told.answers[: FRAMES // 2]}
    ]  # fmt: skip
    assert set(early) <= set(truths)
    assert rows["output_confidence"].is_between(0, 1).all()


def test_lines_and_verdicts_are_kept_once_each(day: Day) -> None:
    lines = day.office.tables.scan("lines").filter(pl.col("at") >= day.told.window.start).collect()
    verdicts = day.office.tables.scan("verdicts").filter(pl.col("at") >= day.told.window.start).collect()
    assert lines["line"].sort().to_list() == sorted(day.told.lines)
    assert verdicts["line"].sort().to_list() == sorted(day.told.said)


def test_each_answer_is_recorded_once_at_its_tick(day: Day) -> None:
    events = day.office.tables.scan(EVENTS).filter(pl.col("kind") == "answer").collect()
    assert events["id"].sort().to_list() == sorted(answer.id for answer in day.told.answers)
    assert set(events["tick"].to_list()) <= set(day.told.frames)


def test_a_device_goes_by_the_same_keyed_hash_everywhere(day: Day) -> None:
    lines = day.office.tables.scan("lines").filter(pl.col("at") >= day.told.window.start).collect()
    events = day.office.tables.scan(EVENTS).filter(pl.col("kind") == "answer").collect()
    devices = {taken.device for some in day.told.frames.values() for taken in some}
    assert set(lines["device"].to_list()) <= set(events["unit"].to_list())
    assert events["unit"].n_unique() == len(devices)
    assert not set(events["unit"].to_list()) & devices


def test_no_file_that_the_service_wrote_holds_pixels_text_or_devices(day: Day) -> None:
    frames = [taken for some in day.told.frames.values() for taken in some]
    texts = {line.text for line in day.told.lines.values()} | {line.english or "" for line in day.told.lines.values()}
    texts |= {there.text for taken in frames for there in taken.lines}
    words = {text for text in texts if len(text) > 2 and not text.isascii()} | {text for text in texts if len(text) > 9}
    needles = [word.encode() for word in words | {taken.device for taken in frames}]
    needles += [taken.frame[middle : middle + 24] for taken in frames if (middle := len(taken.frame) // 2)]
    needles += [base64.b64encode(taken.frame)[300:340] for taken in frames]
    root = day.office.home.root
    wrote = [
        file for file in root.rglob("*")
        if file.is_file() and file.stat().st_mtime_ns != day.before.get(file)
    ]  # fmt: skip
    assert len(wrote) > 5
    assert len(needles) > 2 * FRAMES
    found = []
    for file in wrote:
        content = file.read_bytes()
        if file.suffix == ".parquet":
            frame = pl.read_parquet(file)
            binary = frame.select(pl.col(pl.Binary))
            content += b"".join(value for column in binary for value in column.drop_nulls())
            content += frame.drop(binary.columns).write_json().encode()
        found += [(str(file.relative_to(root)), needle) for needle in needles if needle in content]
    assert found == []
