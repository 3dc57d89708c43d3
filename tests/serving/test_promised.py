"""An answer binds later ones: nobody is told more than a receipt that they bring back in time."""

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import pytest

from afield.errors import RequestError
from afield.mitigation.promises import Promise, Promises
from afield.records.traffic import Answer, Query
from afield.serving.predictor import Predictor
from afield.testing.stand import TICK
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, bakery_of, release, rows_at

LASTS = timedelta(minutes=10)


@pytest.fixture
def promising() -> Bakery:
    """A bakery that sticks to how many loaves it told somebody to bake."""
    product = replace(operate({}), guards=())
    bakery = bakery_of(product)
    beside = replace(bakery.predictor._beside, promises=Promises(Promise("bake", LASTS), b"k" * 32))
    return Bakery(Predictor(product, beside), bakery.events)


def ask(bakery: Bakery, weight: float, receipt: str = "", at: datetime = TICK, person: str = "ada") -> Answer:
    predictor = bakery.see(release("r1", (weight, weight)), rows=rows_at(), now=at)
    return predictor.answer(Query("east", "east", at, receipt=receipt, person=person))


def receipt_of(answer: Answer) -> str:
    assert isinstance(answer.receipt, str)
    return answer.receipt


def test_what_was_told_is_not_exceeded_while_it_holds(promising: Bakery) -> None:
    first = ask(promising, 0.5)
    later = ask(promising, 2.0, receipt_of(first), TICK + LASTS)
    assert (later.output["bake"], later.applied) == (first.output["bake"], ("promise:bake",))
    assert later.reason.endswith("; 5 as it was quoted")
    assert promising.events[-1].output["bake"] == 5.0


def test_who_would_get_less_now_gets_less(promising: Bakery) -> None:
    first = ask(promising, 2.0)
    later = ask(promising, 0.5, receipt_of(first))
    assert (later.output["bake"], later.applied) == (5.0, ())


def test_a_quote_that_has_run_out_binds_nobody_and_the_answer_says_so(promising: Bakery) -> None:
    first = ask(promising, 0.5)
    later = ask(promising, 2.0, receipt_of(first), TICK + LASTS + timedelta(seconds=1))
    assert (later.output["bake"], later.applied) == (20.0, ())
    assert later.reason.endswith("(the quote has run out)")


def test_a_quote_cannot_be_renewed_with_itself(promising: Bakery) -> None:
    first = ask(promising, 0.5)
    later = ask(promising, 2.0, receipt_of(first), TICK + LASTS)
    assert later.receipt == first.receipt
    last = ask(promising, 2.0, receipt_of(later), TICK + 2 * LASTS)
    assert last.output["bake"] == 20.0


def test_somebody_else_s_quote_is_refused_and_of_several_at_once_only_it(promising: Bakery) -> None:
    first = ask(promising, 0.5)
    with pytest.raises(RequestError) as refused:
        ask(promising, 2.0, receipt_of(first), person="bob")
    assert refused.value.field == "quote"
    queries = [Query("east", "east", TICK, receipt=receipt_of(first), person=person) for person in ("bob", "ada")]
    bob, ada = promising.predictor.answers(queries)
    assert isinstance(bob, RequestError)
    assert isinstance(ada, Answer)
    assert ada.output["bake"] == 5.0


def test_where_nothing_is_promised_a_quote_is_refused_and_no_receipt_is_given(bakery: Bakery) -> None:
    answer = ask(bakery, 0.5)
    assert answer.receipt is msgspec.UNSET
    with pytest.raises(RequestError, match="no quotes are given here"):
        ask(bakery, 0.5, "1.0~x~y")
