"""The cached design: what is made ahead, what is never believed, and what happens when the cache fails."""

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.errors import RequestError
from afield.records.decision import Override
from afield.records.traffic import Answer, Query
from afield.serving.basis import slots
from afield.serving.cached import Cached
from afield.serving.designs import Ahead
from afield.serving.draft import Draft
from afield.serving.flights import Flights
from afield.serving.kept import InProcess
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, SHOPS, Question, operate, resolve
from tests.serving.bakery import Bakery, bakery_of, broken, release, rows_at


def question(shop: str = "east", **fields: object) -> Query:
    return resolve(msgspec.convert({"shop": shop, "at": TICK, **fields}, Question))


def same(one: Answer, other: Answer) -> bool:
    return msgspec.structs.replace(one, id="") == msgspec.structs.replace(other, id="")


@dataclass
class Broken:
    """A store that keeps nothing, or that gives what nobody put there."""

    content: bytes | None = None
    problem: str = "gone"
    put_under: list[str] = field(default_factory=list)

    def get(self, name: str) -> bytes | None:
        return self.content

    def put(self, name: str, content: bytes, seconds: float) -> bool:
        self.put_under.append(name)
        return False

    def claim(self, name: str, seconds: float) -> bool:
        return True


@pytest.fixture
def bakery() -> Bakery:
    bakery = bakery_of(operate({}))
    bakery.see(release("a"))
    return bakery


def cached_of(bakery: Bakery, store: InProcess | Broken | None = None, **ahead: object) -> Cached:
    def asked(at: object, key: str) -> Query:
        return question(key, at=at)

    return Cached(bakery.predictor, store or InProcess(), Ahead(**ahead), asked, operate({}))  # type: ignore[arg-type]


def test_every_key_of_the_next_four_slots_is_made_ahead(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    assert cached.step() == len(SHOPS) * 4
    for at in slots(TICK, HOUR, 4):
        for shop in SHOPS:
            cached.answer(question(shop, at=at))
    assert (cached.tally.made, cached.tally.found) == (0, len(SHOPS) * 4)


def test_a_cached_answer_is_the_plain_one(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.step()
    for shop in SHOPS:
        assert same(cached.answer(question(shop)), bakery.predictor.answer(question(shop)))


@settings(deadline=None)
@given(shop=st.sampled_from(SHOPS), minutes=st.integers(-50, 400), extra=st.integers(0, 3), ahead=st.booleans())
def test_whatever_is_asked_the_answer_is_the_plain_one(shop: str, minutes: int, extra: int, ahead: bool) -> None:
    bakery = bakery_of(operate({}))
    bakery.see(release("a"))
    cached = cached_of(bakery, fresh=timedelta(days=1))
    if ahead:
        cached.step()
    asked = question(shop, at=TICK + timedelta(minutes=minutes), extra=float(extra))
    plain = bakery.predictor.answer(asked)
    assert same(cached.answer(asked), plain)
    assert same(cached.answer(asked), plain)
    assert cached.tally.found >= 1


def test_each_answer_from_the_cache_is_recorded_under_an_id_of_its_own(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.step()
    answers = [cached.answer(question()) for _ in range(3)]
    assert [event.id for event in bakery.events] == [answer.id for answer in answers]
    assert len({answer.id for answer in answers}) == 3


def test_nothing_is_recorded_by_making_ahead(bakery: Bakery) -> None:
    cached_of(bakery).step()
    assert not bakery.events


def test_a_rollback_takes_effect_at_the_next_answer(bakery: Bakery) -> None:
    old, new = release("a"), release("b", (1.0, 0.0))
    bakery.see(new, old)
    cached = cached_of(bakery)
    cached.step()
    assert cached.answer(question()).release == "b"
    bakery.see(old, new, version=2)
    assert cached.answer(question()).release == "a"


def test_an_override_takes_effect_at_the_next_answer_and_ends_by_the_clock(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.step()
    held = Override("storm", "east", "forecast", 99.0, "closed", TICK + timedelta(minutes=30))
    bakery.see(release("a"), overrides=(held,))
    cached.step()
    assert cached.answer(question()).output["forecast"] == 99.0
    assert cached.answer(question(at=TICK + timedelta(minutes=29))).output["forecast"] == 99.0
    assert cached.answer(question(at=TICK + timedelta(minutes=31))).output["forecast"] == 5.0


def test_a_mode_takes_effect_at_the_next_answer(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.step()
    bakery.see(release("a"), mode="off")
    assert cached.answer(question()).applied == ("mode:off",)


def test_new_rows_make_every_draft_anew(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.step()
    bakery.see(release("a"), rows=rows_at(TICK + HOUR), now=TICK + HOUR)
    assert cached.step() == len(SHOPS) * 4
    assert cached.answer(question(at=TICK + HOUR)).forecast.startswith((TICK + HOUR).isoformat())


def changed_during_the_fill(monkeypatch: pytest.MonkeyPatch, bakery: Bakery, change: Callable[[], object]) -> Cached:
    """A cache whose third draft made ahead meets `change`."""
    twin, drafted = bakery.predictor.twin(), itertools.count(1)
    draft = twin.draft

    def meeting(query: Query) -> Draft:
        if next(drafted) == 3:
            change()
        return draft(query)

    monkeypatch.setattr(twin, "draft", meeting)
    monkeypatch.setattr(bakery.predictor, "twin", lambda: twin)
    return cached_of(bakery)


def test_a_control_state_that_says_the_same_does_not_break_off_what_is_made_ahead(
    monkeypatch: pytest.MonkeyPatch, bakery: Bakery
) -> None:
    cached = changed_during_the_fill(monkeypatch, bakery, lambda: bakery.see(release("a"), version=2))
    assert cached.step() == len(SHOPS) * 4
    assert cached.step() == 0
    assert cached.tally.ahead == len(SHOPS) * 4


def test_new_rows_break_off_what_is_made_ahead_and_are_made_ahead_themselves(
    monkeypatch: pytest.MonkeyPatch, bakery: Bakery
) -> None:
    later = rows_at(TICK + HOUR)
    cached = changed_during_the_fill(monkeypatch, bakery, lambda: bakery.see(release("a"), rows=later, now=TICK + HOUR))
    assert cached.step() == 3
    assert cached.step() == len(SHOPS) * 4
    assert cached.tally.ahead == 3 + len(SHOPS) * 4


def test_an_application_that_fails_while_answers_are_made_ahead_is_told_until_it_no_longer_does(
    bakery: Bakery,
) -> None:
    broken = [True]

    def asked(at: object, key: str) -> Query:
        if broken:
            raise ValueError("no such sample")
        return question(key, at=at)

    cached = Cached(bakery.predictor, InProcess(), Ahead(), asked, operate({}))
    for _ in range(2):
        cached.run(iter([True, True, False]).__next__, 0.0)
        assert cached.told().problem == "answers are not made ahead: ValueError: no such sample"
    assert cached.answer(question()).output["forecast"] == 5.0
    broken.clear()
    bakery.see(release("a"), rows=rows_at(TICK + HOUR), now=TICK + HOUR)
    cached.run(iter([True, False]).__next__, 0.0)
    assert (cached.told().problem, cached.tally.ahead) == ("", len(SHOPS) * 4)


def test_processes_whose_supervisors_count_differently_share_their_drafts(bakery: Bakery) -> None:
    store, other = InProcess(), bakery_of(operate({}))
    cached_of(bakery, store).step()
    other.see(release("a"), version=77)
    neighbour = cached_of(other, store)
    neighbour.answer(question())
    assert neighbour.tally.found == 1


def test_only_one_of_the_processes_that_share_a_store_makes_ahead(bakery: Bakery) -> None:
    store, other = InProcess(), bakery_of(operate({}))
    other.see(release("a"))
    assert cached_of(bakery, store).step()
    assert cached_of(other, store).step() == 0


def test_facts_beyond_the_budget_are_not_answered_from_the_cache(bakery: Bakery) -> None:
    cached = cached_of(bakery, fresh=timedelta(minutes=40))
    cached.step()
    cached.answer(question(at=TICK + timedelta(minutes=39)))
    assert cached.tally.found == 1
    cached.answer(question(at=TICK + timedelta(minutes=41)))
    assert (cached.tally.found, cached.tally.old) == (1, 1)


def test_what_a_failing_model_made_is_not_kept(bakery: Bakery) -> None:
    bakery.see(broken("a"))
    cached = cached_of(bakery)
    assert "fallback:baseline" in cached.answer(question()).applied
    bakery.see(release("a"))
    assert cached.answer(question()).applied == ()


def test_making_ahead_leaves_the_problem_of_the_answers_alone(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    cached.answer(question())
    cached.step()
    assert bakery.predictor.problem == ""


@pytest.mark.parametrize(
    "content",
    [None, b"", b"\x80\x04N.", b"\xc1", b"\x93\x01\xa1x\xc0", msgspec.msgpack.encode([99, "x", {}])],
    ids=["gone", "empty", "pickle", "not msgpack", "another schema", "a newer schema"],
)
def test_a_cache_that_is_gone_or_holds_garbage_falls_through_to_the_model(
    bakery: Bakery, content: bytes | None
) -> None:
    cached = cached_of(bakery, Broken(content))
    assert same(cached.answer(question()), bakery.predictor.answer(question()))
    assert cached.tally.garbage == (content is not None)


def test_a_draft_that_lies_under_the_name_of_another_is_not_believed(bakery: Bakery) -> None:
    store = InProcess()
    cached = cached_of(bakery, store)
    cached.answer(question("west"))
    content = store.get(bakery.predictor.basis(question("west")))
    assert content is not None
    swapped = cached_of(bakery, Broken(content))
    assert swapped.answer(question("east")).output["forecast"] == 5.0
    assert swapped.tally.garbage == 1


def test_a_bad_request_is_refused_and_the_next_one_answered(bakery: Bakery) -> None:
    cached = cached_of(bakery)
    with pytest.raises(RequestError):
        cached.answer(question("nowhere"))
    assert cached.answer(question()).output["forecast"] == 5.0


def test_a_store_in_memory_stays_within_its_bytes() -> None:
    store = InProcess(largest=100)
    for number in range(50):
        store.put(f"{number:02}", b"x" * 18, 60.0)
    assert [name for name in range(50) if store.get(f"{name:02}")] == [45, 46, 47, 48, 49]
    assert not store.put("large", b"x" * 200, 60.0)


def test_a_store_in_memory_forgets_in_time() -> None:
    now = [0.0]
    store = InProcess(clock=lambda: now[0])
    store.put("name", b"x", 10.0)
    assert store.get("name") == b"x"
    now[0] = 11.0
    assert store.get("name") is None


def asked_together(flights: Flights, work: object, count: int) -> Iterator[object]:
    results: list[object] = []
    inside, go = threading.Event(), threading.Event()

    def slow() -> object:
        inside.set()
        go.wait(10)
        return work()  # type: ignore[operator]

    def ask() -> None:
        try:
            results.append(flights.fly("name", slow))  # type: ignore[arg-type]
        except ValueError as error:
            results.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    threads[0].start()
    inside.wait(10)
    for thread in threads[1:]:
        thread.start()
    while flights.waiting("name") < count - 1:
        threading.Event().wait(0.001)
    go.set()
    for thread in threads:
        thread.join()
    yield from results


def test_what_many_ask_at_once_is_worked_out_once() -> None:
    calls: list[int] = []
    results = list(asked_together(Flights(), lambda: calls.append(1) or "draft", 8))
    assert results == ["draft"] * 8
    assert calls == [1]


def test_what_two_ask_of_a_cache_at_once_is_drafted_once(monkeypatch: pytest.MonkeyPatch, bakery: Bakery) -> None:
    drafts: list[Query] = []
    answers: list[Answer] = []
    drafting, other_is_there = threading.Event(), threading.Event()
    draft, result = bakery.predictor.draft, Future.result

    def counted(query: Query) -> Draft:
        drafts.append(query)
        (other_is_there if drafting.is_set() else drafting).set()
        assert other_is_there.wait(10)
        return draft(query)

    def waited(landing: Future[Draft]) -> Draft:
        other_is_there.set()
        return result(landing, 10)

    monkeypatch.setattr(bakery.predictor, "draft", counted)
    monkeypatch.setattr(Future, "result", waited)
    cached = cached_of(bakery)
    threads = [threading.Thread(target=lambda: answers.append(cached.answer(question()))) for _ in range(2)]
    threads[0].start()
    assert drafting.wait(10)
    threads[1].start()
    for thread in threads:
        thread.join()
    assert len(drafts) == 1
    assert len({answer.id for answer in answers}) == 2
    assert same(*answers)


def test_a_failure_reaches_everybody_who_waited_and_is_not_kept() -> None:
    def fail() -> None:
        raise ValueError("no")

    flights = Flights()
    assert [str(result) for result in asked_together(flights, fail, 3)] == ["no"] * 3
    assert flights.fly("name", lambda: "draft") == "draft"  # type: ignore[arg-type, return-value]
