from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.application import Operate
from afield.errors import RequestError
from afield.records.decision import Override
from afield.records.traffic import Answer, Decision, Event, Query
from afield.serving import asking
from afield.serving.http import Request
from afield.testing.stand import TICK
from afield.testing.toy import SHOPS, operate
from tests.serving.bakery import Bakery, bakery_of, broken, release, rows_at

UNKNOWN = "moon"
NUMBERS = st.floats(-50, 600) | st.just(np.nan)
COLUMNS = st.fixed_dictionaries(
    {
        "last_hour": st.lists(NUMBERS, min_size=len(SHOPS), max_size=len(SHOPS)),
        "usual": st.lists(NUMBERS, min_size=len(SHOPS), max_size=len(SHOPS)),
    }
)
QUERIES = st.lists(
    st.builds(
        Query,
        key=st.sampled_from((*SHOPS, UNKNOWN)),
        unit=st.sampled_from(SHOPS),
        at=st.sampled_from([TICK, TICK + timedelta(minutes=40), TICK + timedelta(hours=5), TICK + timedelta(days=9)]),
        fields=st.dictionaries(st.sampled_from(("extra", "other")), st.floats(0, 400), max_size=2),
    ),
    max_size=12,
    unique_by=lambda query: query.key,
)
CONTROLS = st.sampled_from(
    [
        {},
        {"mode": "off"},
        {"stage": "canary", "challenger": "r2", "canary_share": 0.5},
        {"last_good": "r2"},
        {"overrides": [Override("fair", "east", "bake", 7.0, "a fair", TICK + timedelta(days=20))]},
    ]
)


def told(results: Sequence[Answer | Exception]) -> list[object]:
    return [
        msgspec.structs.replace(each, id="") if isinstance(each, Answer) else (type(each), str(each))
        for each in results
    ]


def one_by_one(bakery: Bakery, queries: Sequence[Query]) -> list[Answer | Exception]:
    results: list[Answer | Exception] = []
    for query in queries:
        try:
            results.append(bakery.predictor.answer(query))
        except RequestError as error:
            results.append(error)
    return results


def seeing(product: Operate, control: dict[str, object], columns: dict[str, list[float]], first: str) -> Bakery:
    """A bakery that has answered at the tick before, so that its step limits bind."""
    bakery = bakery_of(product)
    champion = broken("r1") if first == "broken" else release("r1", faulty=first == "faulty")
    found = champion, release("r2", (1.0, 0.0))
    bakery.see(*found, rows=rows_at(TICK - timedelta(hours=1)), now=TICK - timedelta(hours=1))
    for shop in SHOPS[:2]:
        bakery.predictor.answer(Query(key=shop, unit=shop, at=TICK - timedelta(minutes=30)))
    rows = rows_at(TICK, {name: np.array(values) for name, values in columns.items()})
    bakery.see(*found, rows=rows, version=2, **control)
    return bakery


@given(
    queries=QUERIES, control=CONTROLS, columns=COLUMNS, first=st.sampled_from(("sound", "sound", "faulty", "broken"))
)
def test_queries_that_are_asked_together_get_what_each_gets_alone(
    queries: list[Query], control: dict[str, object], columns: dict[str, list[float]], first: str
) -> None:
    product = operate({"steps": "0.5"})
    together, alone = (seeing(product, control, columns, first) for _ in range(2))
    for _ in range(2):
        before = len(together.events), len(alone.events)
        assert told(together.predictor.answers(queries)) == told(one_by_one(alone, queries))
        assert recorded(together, before[0]) == recorded(alone, before[1])


def recorded(bakery: Bakery, start: int) -> list[Event]:
    """The events without what is each one's own; whether it was measured how long they took stays."""
    own = (("" if event.took is None else "measured", event) for event in bakery.events[start:])
    return [msgspec.structs.replace(event, id=measured, took=None) for measured, event in own]


def test_each_answer_has_a_name_of_its_own_under_which_it_is_recorded(bakery: Bakery) -> None:
    bakery.see(release("r1"))
    given = bakery.predictor.answers([Query(key="east", unit="east", at=TICK)] * 9)
    names = [each.id for each in given if isinstance(each, Answer)]
    assert len(set(names)) == 9
    assert [event.id for event in bakery.events] == names


def test_one_pass_asks_the_model_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    product = operate({})

    def infer(rows, parts):
        asked.append(rows.count)
        return product.infer(rows, parts)

    bakery = bakery_of(replace(product, infer=infer))
    bakery.see(release("r1"))
    bakery.predictor.answers([Query(key=shop, unit=shop, at=TICK, fields={"extra": 1.0}) for shop in SHOPS])
    assert asked == [len(SHOPS)]


def test_a_decision_that_fails_for_one_query_leaves_the_others_theirs() -> None:
    product = operate({})

    def decide(output, row):
        return Decision({"bake": 1 / (row["extra"] - 1.0)}, "said")

    bakery = bakery_of(replace(product, decision=decide))
    bakery.see(release("r1"))
    queries = [Query(key="east", unit="east", at=TICK, fields={"extra": extra}) for extra in (3.0, 1.0, 2.0)]
    given = bakery.predictor.answers(queries)
    assert [each.applied for each in given if isinstance(each, Answer)] == [(), ("fallback:neutral",), ()]


def test_a_request_that_asks_nothing_leaves_those_beside_it_their_answers(bakery: Bakery) -> None:
    bakery.see(release("r1"))
    product, counted = operate({}), []
    family = asking.routes(
        product.asked,
        product.asked.by(bakery.predictor.answer),
        lambda _, __: None,
        bakery.predictor.answers,
        lambda answers, _: counted.append(len(answers)),
    )
    good = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
    bodies = [good, b"{", good, b'{"shop": "moon", "at": "2026-03-02T09:10:00"}', good]
    together = family["/v1/loaves"].together
    assert together is not None
    replies = together([Request("POST", "/v1/loaves", {}, body) for body in bodies])
    assert [reply.status for reply in replies] == [200, 400, 200, 404, 200]
    assert counted == [3]
    assert len(bakery.events) == 3
