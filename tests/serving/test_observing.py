"""Requests that bring their own input: loaves are counted on a picture of the shelf."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
import pytest

from afield.answering import loader, predictor
from afield.errors import RequestError
from afield.mitigation.texts import TextGuard, deny_words, longest
from afield.records.decision import Override
from afield.records.traffic import Answer, Event, Fact, Mode, Query
from afield.serving.inference import Columns, Outputs, Parts, Rows
from afield.serving.predictor import Predictor
from afield.serving.product import Conclude, Conclusion, FromInput, Observation
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.serving.updates import Updates
from afield.store.snapshots import Follower
from afield.testing.stand import TICK, Stand
from afield.testing.toy import FEATURES, operate

ONE = {name: np.ones(1) for name in FEATURES}


def observe(request: object, release: Release) -> Observation:
    """Each character of the request is a shelf with that many loaves."""
    if not isinstance(request, str):
        raise RequestError("that is no picture", "picture")
    if request == "blur":
        raise ValueError("too dark")
    loaves = np.array([float(each) for each in request])
    return Observation(Rows.of({"last_hour": loaves, "usual": loaves}), tuple(release.kit for _ in request))


def conclude(identity: str, query: Query, observed: Observation, outputs: Outputs, mode: Mode, /) -> Conclusion:
    content = tuple(
        {"id": f"{identity}/{place}", "loaves": value, "kit": observed.found[place], "mode": mode}
        for place, value in enumerate(outputs["forecast"].tolist())
    )
    facts = tuple(Fact(str(each["id"]), "sale", query.at) for each in content)
    return Conclusion(content, {"shelves": float(len(content))}, f"{len(content)} shelves", facts)


class Looking:
    """A predictor of the bakery that looks at shelves, and what it recorded and kept."""

    def __init__(self, stand: Stand, conclude: Conclude = conclude, texts: tuple[TextGuard, ...] = ()) -> None:
        self.stand = stand
        self.events: list[Event] = []
        self.facts: list[Fact] = []
        self.broken = False

        def infer(rows: Columns, parts: Parts) -> Outputs:
            if self.broken:
                raise ValueError("the model is gone")
            return operate({}).infer(rows, parts)

        self.operate = replace(
            operate({}),
            decision=FromInput(observe, conclude),
            infer=infer,
            texts=texts,
            neutral={"shelves": 0.0},
            prepare=lambda parts, _read: f"counts {parts['loaves'].predict(ONE)[0]:g}",
        )
        self.predictor: Predictor = predictor(
            self.operate, clock=lambda: TICK, record=self.events.append, keep=self.facts.extend
        )

    def serve(self, digest: str, **others: object) -> None:
        self.stand.control(digest, **others)
        load: Callable[[str], Release] = loader(self.stand.bundles, self.stand.trusted, self.operate)
        Updates(Follower(self.stand.snapshots), load, self.predictor).step()

    def ask(self, picture: object, at: datetime = TICK, unit: str = "phone-1") -> Answer:
        return self.predictor.answer(Query(key="", unit=unit, at=at, request=picture))


@pytest.fixture
def looking(stand: Stand) -> Looking:
    made = Looking(stand)
    made.serve(stand.release())
    return made


def test_everything_found_is_answered_in_order(looking: Looking) -> None:
    answer = looking.ask("48")
    assert [each["loaves"] for each in answer.content] == [4.0, 8.0]
    assert [each["kit"] for each in answer.content] == ["counts 1", "counts 1"]
    assert answer.output == {"shelves": 2.0}
    assert answer.applied == ()


def test_a_request_in_which_nothing_is_found_has_an_empty_answer(looking: Looking) -> None:
    assert looking.ask("").content == ()


def test_the_answer_is_recorded_and_what_it_brought_to_light_is_kept(looking: Looking) -> None:
    answer = looking.ask("48")
    assert [each.id for each in looking.events] == [answer.id]
    assert [each.id for each in looking.facts] == [f"{answer.id}/0", f"{answer.id}/1"]


def test_a_challenger_in_canary_observes_and_answers_with_its_own_parts(looking: Looking) -> None:
    champion, challenger = looking.stand.release(), looking.stand.release((1.0, 1.0))
    looking.serve(champion, challenger=challenger, stage="canary", canary_share=0.5, salt="canary")
    (said,) = zip(*(looking.ask("4", unit=f"phone-{number}").content for number in range(20)), strict=True)
    told = {
        (event.arm, event.release, each["kit"], each["loaves"])
        for event, each in zip(looking.events, said, strict=True)
    }
    assert told == {("champion", champion, "counts 1", 4.0), ("challenger", challenger, "counts 2", 8.0)}


def test_a_request_that_cannot_be_looked_at_is_refused(looking: Looking) -> None:
    with pytest.raises(RequestError, match="no picture"):
        looking.ask(7)


def test_a_model_that_fails_leaves_the_baseline_to_answer(looking: Looking) -> None:
    looking.broken = True
    answer = looking.ask("5")
    assert [each["loaves"] for each in answer.content] == [5.0]
    assert (answer.applied, answer.release) == (("fallback:baseline",), "baseline")


def test_where_looking_itself_fails_the_neutral_answer_says_so(looking: Looking) -> None:
    answer = looking.ask("blur")
    assert (answer.applied, answer.output, answer.content) == (("fallback:neutral",), {"shelves": 0.0}, ())
    assert "too dark" in looking.predictor.problem


def test_no_release_gives_the_neutral_answer(stand: Stand) -> None:
    alone = Looking(stand)
    assert alone.ask("48").applied == ("fallback:neutral",)


def test_mode_off_is_told_to_the_conclusion_and_to_the_client(looking: Looking) -> None:
    seen = looking.predictor.situation
    off = msgspec.structs.replace(seen.control, mode="off")
    looking.predictor.see(Situation(seen.rows, off, seen.releases))
    answer = looking.ask("4")
    assert (answer.mode, answer.applied, answer.content[0]["mode"]) == ("off", ("mode:off",), "off")


def test_an_answer_is_recorded_at_the_tick_that_the_request_fell_into(looking: Looking) -> None:
    step = looking.operate.step
    looking.ask("4", TICK + step / 3)
    looking.ask("4", TICK + step / 2)
    assert {each.tick for each in looking.events} == {TICK}
    assert {each.at for each in looking.facts} == {TICK + step / 3, TICK + step / 2}


@pytest.mark.parametrize("at", [datetime.max, datetime.min, TICK + timedelta(days=41), TICK - timedelta(days=401)])
def test_a_request_from_far_away_in_time_is_refused_and_leaves_nothing(looking: Looking, at: datetime) -> None:
    looking.stand.rows()
    looking.serve(looking.stand.release())
    with pytest.raises(RequestError, match="where the service stands") as refused:
        looking.ask("4", at)
    assert refused.value.field == "at"
    assert looking.events == []
    assert looking.facts == []


def test_where_the_conclusion_fails_the_neutral_answer_says_so(looking: Looking) -> None:
    def failing(*_: object) -> Conclusion:
        raise ZeroDivisionError("no shelves")

    stubborn = Looking(looking.stand, failing)
    stubborn.serve(looking.stand.release())
    answer = stubborn.ask("4")
    assert (answer.applied, answer.content, answer.release) == (("fallback:neutral",), (), "none")
    assert "no shelves" in stubborn.predictor.problem


def test_what_a_person_set_by_hand_acts_on_everything_found_and_on_the_answer(looking: Looking) -> None:
    seen = looking.predictor.situation
    held = tuple(
        Override(name=name, scope="*", output=name, value=value, reason="a test", expires=TICK + timedelta(days=1))
        for name, value in (("forecast", 3.0), ("shelves", 9.0))
    )
    looking.predictor.see(Situation(seen.rows, msgspec.structs.replace(seen.control, overrides=held), seen.releases))
    answer = looking.ask("48")
    assert [each["loaves"] for each in answer.content] == [3.0, 3.0]
    assert answer.output == {"shelves": 9.0}
    assert answer.applied == ("override:forecast", "override:shelves")


def test_a_fact_is_known_when_it_was_answered_whatever_the_client_speaks_of(looking: Looking) -> None:
    seen = looking.predictor.situation
    looking.predictor.see(Situation(seen.rows, msgspec.structs.replace(seen.control, now=None), seen.releases))
    looking.predictor.answer(Query(key="", unit="phone-1", at=TICK - timedelta(days=3), request="4"))
    assert [(each.at, each.known_at) for each in looking.facts] == [(TICK - timedelta(days=3), TICK)]


def test_where_the_champion_cannot_look_the_last_good_release_looks_and_speaks(stand: Stand) -> None:
    looking = Looking(stand)
    champion, spare = stand.release((0.9, 0.9)), stand.release((0.5, 0.5))

    def only_the_spare(request: object, release: Release) -> Observation:
        if release.digest == champion:
            raise ValueError("its reader is broken")
        return observe(request, release)

    looking.operate = replace(looking.operate, decision=FromInput(only_the_spare, conclude))
    looking.predictor = predictor(looking.operate, clock=lambda: TICK, record=looking.events.append)
    stand.control(champion, last_good=spare)
    load = loader(stand.bundles, stand.trusted, looking.operate)
    Updates(Follower(stand.snapshots), load, looking.predictor).step()
    answer = looking.ask("4")
    assert [each["loaves"] for each in answer.content] == [4.0], "the spare's weights, not the champion's"
    assert (answer.release, answer.applied) == (spare, ("fallback:last_good",))


def test_a_text_guard_withholds_a_line_s_text_and_the_answer_says_so(stand: Stand) -> None:
    looking = Looking(stand, texts=(deny_words("kit", ["counts"]), longest("mode", 99)))
    looking.serve(stand.release())
    answer = looking.ask("48")
    assert [(each["kit"], each["mode"], each["loaves"]) for each in answer.content] == [
        (None, "automate", 4.0), (None, "automate", 8.0)
    ]  # fmt: skip
    assert answer.applied == ("deny:kit",)
    assert looking.ask("").applied == ()
