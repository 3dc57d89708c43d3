"""The circuit breaker along the inference path: a release that keeps failing is left alone, and comes back."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from afield.mitigation.breaker import Breaker
from afield.mitigation.relations import fleet_limit
from afield.records.traffic import Answer, Mode, Query
from afield.serving.inference import Columns, Outputs, Parts, Rows
from afield.serving.predictor import Predictor
from afield.serving.product import Conclusion, FromInput, Observation
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.testing.stand import TICK
from afield.testing.toy import operate
from tests.serving.bakery import bakery_of, release

SLOW = 2.0
"""Seconds from which a call of these releases counts as failed."""
EAST, WEST = (Query(key=shop, unit=shop, at=TICK) for shop in ("east", "west"))


class Kiln:
    """A predictor of the bakery with a breaker, a clock that is moved by hand, and a model that can be broken."""

    def __init__(self) -> None:
        self.now, self.asked, self.broken, self.takes, self.passed = 0.0, 0, True, 0.0, 0.0
        toy = operate({})

        def infer(rows: Columns, parts: Parts) -> Outputs:
            self.asked += 1
            self.passed += self.takes
            if self.broken:
                raise ValueError("the model is gone")
            return toy.infer(rows, parts)

        self.product = replace(toy, infer=infer)
        bakery = bakery_of(self.product)
        numbers = itertools.count()
        self.beside = replace(
            bakery.predictor._beside,
            breaker=Breaker(2, 5.0, slow=SLOW, clock=lambda: self.now),
            identify=lambda: f"k{next(numbers)}",
        )
        seen = bakery.see(release("r1"))
        self.predictor = Predictor(self.product, self.beside)
        self.predictor.see(seen.situation)


@pytest.fixture
def kiln() -> Kiln:
    return Kiln()


def test_a_release_that_keeps_failing_is_not_asked_and_the_answer_says_so(kiln: Kiln) -> None:
    answers = [kiln.predictor.answer(EAST) for _ in range(4)]
    assert [each.applied for each in answers] == [
        ("fallback:baseline",), *[("breaker:open", "fallback:baseline")] * 3
    ]  # fmt: skip
    assert kiln.asked == 2
    assert kiln.predictor.breakers == {"r1": "open"}
    assert "keeps failing and is not asked" in kiln.predictor.problem


def test_after_its_rest_a_probe_brings_it_back(kiln: Kiln) -> None:
    for _ in range(2):
        kiln.predictor.answer(EAST)
    kiln.broken, kiln.now = False, 5.0
    answer = kiln.predictor.answer(EAST)
    assert (answer.release, answer.applied) == ("r1", ())
    assert kiln.predictor.breakers == {}


def test_several_queries_at_once_do_not_ask_it_either(kiln: Kiln) -> None:
    for _ in range(2):
        kiln.predictor.answer(EAST)
    kiln.predictor.answers([EAST, WEST])
    assert kiln.asked == 2


def test_a_release_that_is_not_loaded_yet_has_not_failed(kiln: Kiln) -> None:
    kiln.broken = False
    kiln.predictor.see(Situation(kiln.predictor.situation.rows, kiln.predictor.situation.control))
    for _ in range(5):
        kiln.predictor.answer(EAST)
    assert kiln.predictor.breakers == {}


@pytest.fixture
def slow(kiln: Kiln, monkeypatch: pytest.MonkeyPatch) -> Kiln:
    """A kiln that works, and takes as many seconds for a call as `takes` says."""
    monkeypatch.setattr("afield.serving.calling.perf_counter", lambda: kiln.passed)
    kiln.broken = False
    return kiln


def test_a_release_that_answers_too_slowly_again_and_again_is_left_alone_like_one_that_fails(slow: Kiln) -> None:
    slow.takes = SLOW + 0.1
    answers = [slow.predictor.answer(EAST) for _ in range(3)]
    # What came late is still the release's own answer; the third request does not wait for another.
    assert [each.applied for each in answers] == [(), (), ("breaker:open", "fallback:cached")]
    assert (slow.asked, slow.predictor.breakers) == (2, {"r1": "open"})


def test_one_slow_call_among_fast_ones_opens_nothing(slow: Kiln) -> None:
    for takes in (SLOW + 0.1, 0.0, SLOW + 0.1, SLOW):
        slow.takes = takes
        slow.predictor.answer(EAST)
    assert slow.predictor.breakers == {}


def test_a_probe_that_is_slow_opens_it_anew_and_a_fast_one_closes_it(slow: Kiln) -> None:
    slow.takes = SLOW + 0.1
    for _ in range(2):
        slow.predictor.answer(EAST)
    slow.now = 5.0
    slow.predictor.answer(EAST)
    assert slow.predictor.breakers == {"r1": "open"}
    slow.now, slow.takes = 10.0, 0.0
    slow.predictor.answer(EAST)
    assert slow.predictor.breakers == {}


def test_several_queries_at_once_are_a_probe_too_and_their_time_counts(slow: Kiln) -> None:
    slow.takes = SLOW + 0.1
    for _ in range(2):
        slow.predictor.answers([EAST, WEST])
    assert slow.predictor.breakers == {"r1": "open"}
    slow.now, slow.takes = 5.0, 0.0
    answers = slow.predictor.answers([EAST, WEST])
    assert [each.applied for each in answers if isinstance(each, Answer)] == [(), ()]
    assert slow.predictor.breakers == {}


def test_a_look_at_the_whole_fleet_does_not_ask_a_release_that_is_left_alone(kiln: Kiln) -> None:
    product = replace(kiln.product, fleet=(fleet_limit("forecast", share=0.5),))
    predictor = Predictor(product, kiln.beside)
    for _ in range(3):
        predictor.see(kiln.predictor.situation)
    assert (kiln.asked, predictor.breakers) == (2, {"r1": "open"})


class Shelf:
    """A predictor that looks at shelves with a breaker, a clock moved by hand, and an eye that can fail or be slow."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.looked, self.blind, self.takes, self.passed = 0.0, 0, True, 0.0, 0.0
        monkeypatch.setattr("afield.serving.calling.perf_counter", lambda: self.passed)

        def observe(request: object, release: Release) -> Observation:
            self.looked += 1
            self.passed += self.takes
            if self.blind:
                raise ValueError("nothing to see")
            loaves = np.array([float(each) for each in str(request)])
            return Observation(Rows.of({"last_hour": loaves, "usual": loaves}), tuple(str(request)))

        def conclude(_id: str, _query: Query, found: Observation, _said: Outputs, _mode: Mode, /) -> Conclusion:
            return Conclusion((), {"shelves": float(len(found.found))}, "looked")

        product = replace(operate({}), decision=FromInput(observe, conclude), neutral={"shelves": 0.0})
        bakery = bakery_of(product)
        self.beside = replace(bakery.predictor._beside, breaker=Breaker(2, 5.0, slow=SLOW, clock=lambda: self.now))
        seen = bakery.see(release("r1")).situation
        self.predictor = Predictor(product, self.beside)
        self.predictor.see(seen)

    def ask(self, picture: str) -> Answer:
        return self.predictor.answer(Query(key="", unit="phone", at=TICK, request=picture))


@pytest.fixture
def shelf(monkeypatch: pytest.MonkeyPatch) -> Shelf:
    return Shelf(monkeypatch)


def test_after_a_rest_one_request_that_brings_its_input_is_the_probe_and_the_others_wait(shelf: Shelf) -> None:
    for _ in range(2):
        shelf.ask("4")
    shelf.now = 5.0
    assert shelf.beside.breaker is not None
    assert shelf.beside.breaker.admits("r1")  # somebody else's probe is under way
    assert shelf.ask("4").applied == ("breaker:open", "fallback:neutral")
    assert shelf.looked == 2


def test_a_probe_that_looks_and_finds_nothing_brings_the_release_back(shelf: Shelf) -> None:
    for _ in range(2):
        shelf.ask("4")
    shelf.now, shelf.blind = 5.0, False
    assert shelf.ask("").applied == ()
    assert shelf.predictor.breakers == {}


def test_a_probe_that_looks_and_finds_something_brings_the_release_back(shelf: Shelf) -> None:
    for _ in range(2):
        shelf.ask("4")
    shelf.now, shelf.blind = 5.0, False
    assert shelf.ask("48").output == {"shelves": 2.0}
    assert shelf.predictor.breakers == {}


def test_a_release_that_looks_too_slowly_is_left_alone_however_fast_it_then_infers(shelf: Shelf) -> None:
    shelf.blind, shelf.takes = False, SLOW + 0.1
    for picture in ("4", ""):
        shelf.ask(picture)
    assert shelf.predictor.breakers == {"r1": "open"}
    assert shelf.ask("4").applied == ("breaker:open", "fallback:neutral")
