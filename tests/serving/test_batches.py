import itertools
from types import SimpleNamespace

import msgspec
import pytest

from afield.serving import batches
from afield.serving.batches import MOST
from afield.serving.http import Request
from afield.serving.routing import Handler
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, release

GOOD = {"shop": "east", "at": "2026-03-02T09:10:00"}


@pytest.fixture(params=["one by one", "in one pass"])
def give(bakery: Bakery, request: pytest.FixtureRequest) -> Handler:
    product = operate({})
    predictor = bakery.see(release("r1"))
    answers = predictor.answers if request.param == "in one pass" else None
    return batches.routes(product.asked, product.asked.by(predictor.answer), answers)["/v1/loaves/batch"].methods[
        "POST"
    ]


def body(*requests: object) -> Request:
    return Request("POST", "/v1/loaves/batch", body=msgspec.json.encode({"requests": requests}))


def test_every_question_is_answered_in_order_and_recorded(give: Handler, bakery: Bakery) -> None:
    found = msgspec.json.decode(give(body(GOOD, {**GOOD, "shop": "west"})).body)["answers"]
    assert [one["output"]["forecast"] for one in found] == [5.0, 13.0]
    assert [event.unit for event in bakery.events] == ["east", "west"]


def test_a_question_that_is_refused_leaves_the_others_answered(give: Handler, bakery: Bakery) -> None:
    found = msgspec.json.decode(give(body({**GOOD, "shop": "moon"}, GOOD, {"shop": 7}, 7)).body)["answers"]
    assert [one.get("status", 200) for one in found] == [404, 200, 400, 400]
    assert "moon" in found[0]["error"]
    assert len(bakery.events) == 1


@pytest.mark.parametrize("many", [0, MOST + 1])
def test_a_batch_has_at_least_one_question_and_at_most_a_thousand(give: Handler, many: int) -> None:
    with pytest.raises(msgspec.ValidationError):
        give(body(*[GOOD] * many))


def test_questions_whose_turn_comes_too_late_for_the_client_are_refused(
    bakery: Bakery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "time", SimpleNamespace(perf_counter=itertools.count().__next__))
    product, predictor = operate({}), bakery.see(release("r1"))
    route = batches.routes(product.asked, product.asked.by(predictor.answer))["/v1/loaves/batch"]
    reply = route.methods["POST"](msgspec.structs.replace(body(*[GOOD] * 10), within=4))
    found = msgspec.json.decode(reply.body)["answers"]
    assert [one.get("status", 200) for one in found] == [200] * 3 + [503] * 7
    assert len(bakery.events) == 3
