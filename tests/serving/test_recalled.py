"""The cached design of requests that bring their own input: known inputs are not looked at again."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import msgspec
import numpy as np
import pytest

from afield.records.decision import Override
from afield.records.traffic import Answer, Query
from afield.serving.designs import CELL_HOLDS, Ahead
from afield.serving.inference import Rows
from afield.serving.kept import InProcess
from afield.serving.product import Observation
from afield.serving.recalled import Recalled
from afield.testing.stand import TICK, Stand
from tests.serving.test_observing import Looking


@dataclass
class Shelves:
    """Two pictures are the same where they begin alike."""

    keeps: bool = True

    def cell(self, query: Query, /) -> str:
        return "shop"

    def print(self, query: Query, /) -> bytes:
        return str(query.request).encode()

    def same(self, known: bytes, asked: bytes, /) -> bool:
        return known[:1] == asked[:1]

    def write(self, found: Observation, asked: bytes, /) -> bytes:
        return msgspec.msgpack.encode(found.rows["usual"].tolist()) if self.keeps else b""

    def read(self, content: bytes, /) -> Observation:
        loaves = np.array(msgspec.msgpack.decode(content, type=list[float]))
        return Observation(Rows.of({"last_hour": loaves, "usual": loaves}), ("kit",) * len(loaves))


class Nowhere(Shelves):
    """Pictures whose place is not told."""

    def cell(self, query: Query, /) -> str:
        return ""


class Counter:
    """A cached counter of loaves."""

    def __init__(self, folder: Path, store: InProcess | None = None, recall: Shelves | None = None) -> None:
        self.looking = Looking(Stand(folder))
        self.first, self.second = self.looking.stand.release(), self.looking.stand.release((1.0, 1.0))
        self.looking.serve(self.first)
        self.store = store or InProcess()
        ahead = Ahead(slots=0, fresh=timedelta(hours=3), recall=recall or Shelves())
        self.cached = Recalled(self.looking.predictor, self.store, ahead)

    def ask(self, picture: object, at: timedelta = timedelta(0), unit: str = "phone-1") -> Answer:
        return self.cached.answer(Query(key="", unit=unit, at=TICK + at, request=picture))


@pytest.fixture
def counter(tmp_path: Path) -> Counter:
    return Counter(tmp_path)


def loaves(answer: Answer) -> list[object]:
    return [each["loaves"] for each in answer.content]


def test_what_was_seen_at_a_place_is_known_again_and_says_so(counter: Counter) -> None:
    assert counter.ask("48").applied == ()
    again = counter.ask("4")
    assert loaves(again) == [4.0, 8.0]
    assert again.applied == ("cached:known",)


def test_what_is_known_again_is_recorded_and_named_anew_with_its_facts(counter: Counter) -> None:
    answers = [counter.ask("48"), counter.ask("48", unit="phone-2")]
    assert [event.id for event in counter.looking.events] == [answer.id for answer in answers]
    assert counter.looking.events[1].unit == "phone-2"
    assert len({fact.id for fact in counter.looking.facts}) == 4


def test_something_else_at_the_same_place_is_looked_at(counter: Counter) -> None:
    counter.ask("48")
    assert counter.ask("5").applied == ()


def test_without_a_place_nothing_is_known(tmp_path: Path) -> None:
    counter = Counter(tmp_path, recall=Nowhere())
    counter.ask("4")
    assert counter.ask("4").applied == ()


def test_a_rollback_forgets_what_the_release_before_said(counter: Counter) -> None:
    assert loaves(counter.ask("4")) == [4.0]
    counter.looking.serve(counter.second)
    assert (loaves(counter.ask("4")), counter.ask("4").applied) == ([8.0], ("cached:known",))


def test_an_override_takes_effect_at_the_next_answer(counter: Counter) -> None:
    counter.ask("4")
    held = Override("by hand", "*", "forecast", 1.0, "wrong", TICK + timedelta(hours=1))
    counter.looking.serve(counter.first, overrides=[msgspec.to_builtins(held)])
    assert loaves(counter.ask("4")) == [1.0]


def test_a_tick_of_the_supervisor_forgets_nothing(counter: Counter) -> None:
    counter.ask("4")
    counter.looking.serve(counter.first, now=TICK + timedelta(minutes=30))
    assert counter.ask("4").applied == ("cached:known",)


def test_what_was_seen_too_long_ago_is_looked_at_again(counter: Counter) -> None:
    counter.ask("4")
    assert counter.ask("4", at=timedelta(hours=2)).applied == ("cached:known",)
    assert counter.ask("4", at=timedelta(hours=4)).applied == ()


def test_what_a_fallback_said_is_not_kept(counter: Counter) -> None:
    counter.looking.broken = True
    assert "fallback:baseline" in counter.ask("4").applied
    counter.looking.broken = False
    assert counter.ask("4").applied == ()


def test_what_the_application_will_not_keep_is_not_kept(tmp_path: Path) -> None:
    counter = Counter(tmp_path, recall=Shelves(keeps=False))
    counter.ask("4")
    assert counter.ask("4").applied == ()


def test_a_place_holds_the_newest_few(counter: Counter) -> None:
    pictures = [f"{number}" for number in range(CELL_HOLDS + 1)]
    for picture in pictures:
        counter.ask(picture)
    assert counter.ask(pictures[-1]).applied == ("cached:known",)
    assert counter.ask(pictures[0]).applied == ()


def test_garbage_in_the_cache_is_looked_past(counter: Counter) -> None:
    class Garbage(InProcess):
        def get(self, name: str) -> bytes | None:
            return b"\x80\x04garbage"

    cached = Recalled(counter.looking.predictor, Garbage(), Ahead(recall=Shelves()))
    query = Query(key="", unit="phone-1", at=TICK, request="4")
    assert loaves(cached.answer(query)) == [4.0]
    assert cached.tally.garbage


def test_an_application_that_tells_no_known_inputs_is_served_all_the_same(counter: Counter) -> None:
    cached = Recalled(counter.looking.predictor, counter.store, Ahead())
    assert loaves(cached.answer(Query(key="", unit="phone-1", at=TICK, request="4"))) == [4.0]
