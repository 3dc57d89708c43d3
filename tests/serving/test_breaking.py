"""The circuit breaker along the inference path: a release that keeps failing is left alone, and comes back."""

import itertools
from dataclasses import replace

import pytest

from afield.mitigation.breaker import Breaker
from afield.records.traffic import Query
from afield.serving.inference import Columns, Outputs, Parts
from afield.serving.predictor import Predictor
from afield.serving.situation import Situation
from afield.testing.stand import TICK
from afield.testing.toy import operate
from tests.serving.bakery import bakery_of, release

EAST, WEST = (Query(key=shop, unit=shop, at=TICK) for shop in ("east", "west"))


class Kiln:
    """A predictor of the bakery with a breaker, a clock that is moved by hand, and a model that can be broken."""

    def __init__(self) -> None:
        self.now, self.asked, self.broken = 0.0, 0, True
        toy = operate({})

        def infer(rows: Columns, parts: Parts) -> Outputs:
            self.asked += 1
            if self.broken:
                raise ValueError("the model is gone")
            return toy.infer(rows, parts)

        product = replace(toy, infer=infer)
        bakery = bakery_of(product)
        numbers = itertools.count()
        beside = replace(
            bakery.predictor._beside, breaker=Breaker(2, 5.0, lambda: self.now), identify=lambda: f"k{next(numbers)}"
        )
        seen = bakery.see(release("r1"))
        self.predictor = Predictor(product, beside)
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
