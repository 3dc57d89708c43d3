"""The hybrid design: the device answers, another is asked where the rule says so, and never waited for too long."""

import threading
from collections.abc import Callable, Iterator

import msgspec
import pytest

from afield.errors import RequestError, ServingError
from afield.records.traffic import Answer
from afield.serving.designs import Ask
from afield.serving.hybrid import Hybrid

HERE = Answer("here", "", "a", "automate", (), {"bake": 5.0}, None, 0.9, 60.0, "from the device")
THERE = msgspec.structs.replace(HERE, id="there", output={"bake": 7.0}, facts_age=0.0)
OLD = Ask(oldest=30.0)


@pytest.fixture
def made() -> Iterator[Callable[..., Hybrid]]:
    hybrids: list[Hybrid] = []

    def make(there: Callable[[bytes], Answer], ask: Ask, here: Answer = HERE, **others: object) -> Hybrid:
        hybrids.append(Hybrid(lambda _: here, there, ask, **others))  # type: ignore[arg-type]
        return hybrids[-1]

    yield make
    for hybrid in hybrids:
        hybrid.close()


def test_the_device_answers_alone_where_nothing_is_doubted(made: Callable[..., Hybrid]) -> None:
    hybrid = made(pytest.fail, Ask(oldest=90.0))
    assert hybrid.ask(b"") is HERE
    assert hybrid.tally.asked == 0


def test_facts_that_are_too_old_let_the_other_answer(made: Callable[..., Hybrid]) -> None:
    answer = made(lambda _: THERE, OLD).ask(b"")
    assert (answer.id, answer.output, answer.applied) == ("there", {"bake": 7.0}, ("hybrid:merged",))


def test_the_applications_own_doubt_lets_the_other_answer(made: Callable[..., Hybrid]) -> None:
    hybrid = made(lambda _: THERE, Ask(doubts=lambda answer: "few" if answer.output["bake"] < 6 else ""))
    assert hybrid.ask(b"").id == "there"


def test_a_device_that_needed_a_fallback_is_doubted(made: Callable[..., Hybrid]) -> None:
    fallen = msgspec.structs.replace(HERE, applied=("fallback:baseline",))
    assert made(lambda _: THERE, Ask(), fallen).ask(b"").id == "there"


def test_the_application_says_what_two_answers_come_to(made: Callable[..., Hybrid]) -> None:
    def mean(here: Answer, there: Answer) -> Answer:
        return msgspec.structs.replace(here, output={"bake": (here.output["bake"] + there.output["bake"]) / 2})

    answer = made(lambda _: THERE, Ask(oldest=30.0, merge=mean)).ask(b"")
    assert (answer.id, answer.output) == ("here", {"bake": 6.0})


def test_the_device_keeps_answering_when_the_network_goes(made: Callable[..., Hybrid]) -> None:
    calls: list[bytes] = []

    def gone(body: bytes) -> Answer:
        calls.append(body)
        raise ServingError("no route")

    now = [0.0]
    hybrid = made(gone, OLD, pause=10.0, clock=lambda: now[0])
    for _ in range(5):
        answer = hybrid.ask(b"x")
        assert (answer.id, answer.applied) == ("here", ("hybrid:alone",))
    assert calls == [b"x"]
    assert hybrid.problem == "no route"
    now[0] = 11.0
    hybrid.ask(b"y")
    assert calls == [b"x", b"y"]


def test_the_other_is_waited_for_no_longer_than_the_deadline(made: Callable[..., Hybrid]) -> None:
    released = threading.Event()

    def slow(_: bytes) -> Answer:
        released.wait(10)
        return THERE

    hybrid = made(slow, Ask(oldest=30.0, deadline=0.01))
    assert hybrid.ask(b"").applied == ("hybrid:alone",)
    assert hybrid.tally.late == 1
    released.set()


def test_questions_that_hang_do_not_pile_up(made: Callable[..., Hybrid]) -> None:
    released = threading.Event()
    calls: list[bytes] = []

    def slow(body: bytes) -> Answer:
        calls.append(body)
        released.wait(10)
        return THERE

    hybrid = made(slow, Ask(oldest=30.0, deadline=0.005), pause=0.0)
    for _ in range(20):
        assert hybrid.ask(b"").applied == ("hybrid:alone",)
    assert len(calls) == 4
    assert hybrid.tally.spared == 16
    released.set()


def test_another_that_refuses_the_request_is_asked_again_at_once(made: Callable[..., Hybrid]) -> None:
    def refuse(_: bytes) -> Answer:
        raise RequestError("unknown field", "extra")

    hybrid = made(refuse, OLD)
    for _ in range(2):
        assert hybrid.ask(b"").applied == ("hybrid:alone",)
    assert hybrid.tally.asked == 2


def fails(*_: object) -> object:
    raise KeyError("size")


@pytest.mark.parametrize(
    ("there", "ask"),
    [
        (fails, OLD),
        (lambda _: THERE, Ask(doubts=fails)),  # type: ignore[arg-type]
        (lambda _: THERE, Ask(oldest=30.0, merge=fails)),  # type: ignore[arg-type]
        (lambda _: THERE, Ask(oldest=30.0, merge=lambda *_: None)),  # type: ignore[arg-type, return-value]
    ],
    ids=["the other", "doubts", "merge", "merge gives nothing"],
)
def test_whatever_fails_beside_the_device_its_answer_stands(
    made: Callable[..., Hybrid], there: Callable[[bytes], Answer], ask: Ask
) -> None:
    hybrid = made(there, ask)
    assert hybrid.ask(b"") == msgspec.structs.replace(HERE, applied=("hybrid:alone",))
    assert (hybrid.tally.failed, hybrid.tally.merged) == (1, 0)
    assert "failed: " in hybrid.problem


def test_what_the_device_refuses_is_refused(made: Callable[..., Hybrid]) -> None:
    def refuse(_: bytes) -> Answer:
        raise RequestError("no such shop", "shop")

    hybrid = Hybrid(refuse, lambda _: THERE, OLD)
    with pytest.raises(RequestError):
        hybrid.ask(b"")
    hybrid.close()
