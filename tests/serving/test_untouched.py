"""The share that the decision leaves alone: drawn by lot, neutral, and told so."""

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.answering import predictor
from afield.control.evidence import exposed
from afield.control.untouched import CHANCE, TOUCHED, with_lot
from afield.errors import RolloutError, UsageError
from afield.records.decision import ControlState, Override
from afield.records.traffic import Answer, Event, Query
from afield.rollout.assignment import Untouched, assign
from afield.serving.predictor import Predictor
from afield.serving.situation import Situation
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, SHOPS, operate
from tests.serving.bakery import release, rows_at

HALF = Untouched(0.5, 2 * HOUR)
LEFT = next(shop for shop in SHOPS if HALF.drawn(shop, TICK)[0])
ACTED = next(shop for shop in SHOPS if not HALF.drawn(shop, TICK)[0])


def serving(untouched: Untouched | None, *overrides: Override) -> tuple[Predictor, list[Event]]:
    events: list[Event] = []
    made = predictor(replace(operate({}), untouched=untouched), clock=lambda: TICK, record=events.append)
    control = ControlState(version=1, champion="r1", now=TICK, overrides=overrides)
    made.see(Situation(rows_at(), control, {"r1": release("r1")}))
    return made, events


def said(answer: Answer) -> tuple[object, ...]:
    return answer.output, answer.applied, answer.mode, answer.release, answer.interval


def asked(shop: str) -> Query:
    return Query(key=shop, unit=shop, at=TICK)


def test_a_unit_that_the_lot_leaves_alone_gets_the_neutral_answer_and_is_told() -> None:
    made, events = serving(HALF)
    left, acted = made.answer(asked(LEFT)), made.answer(asked(ACTED))
    assert (left.output, left.applied, left.mode) == (dict(operate({}).neutral), ("untouched",), "off")
    assert (acted.applied, acted.mode, acted.release) == ((), "automate", "r1")
    assert [event.applied for event in events] == [("untouched",), ()]


def test_what_the_model_says_of_it_is_recorded_with_the_forecasts_of_all() -> None:
    made, _ = serving(HALF)
    plain, _ = serving(None)
    assert made.forecast("champion", "r1").output == plain.forecast("champion", "r1").output


def test_several_queries_at_once_are_answered_as_each_by_itself() -> None:
    together, _ = serving(HALF)
    single, _ = serving(HALF)
    queries = [asked(shop) for shop in SHOPS]
    found = together.answers(queries)
    assert [said(each) for each in found if isinstance(each, Answer)] == [said(single.answer(each)) for each in queries]


def test_without_a_share_answers_are_those_of_before() -> None:
    without, _ = serving(None)
    assert all(without.answer(asked(shop)).applied == () for shop in SHOPS)
    assert without.basis(asked(LEFT)) != serving(HALF)[0].basis(asked(LEFT))
    assert without.basis(asked(ACTED)) == serving(HALF)[0].basis(asked(ACTED))


def test_what_a_person_set_holds_there_too() -> None:
    made, _ = serving(HALF, Override("strike", "*", "bake", 3.0, "by a test", TICK + HOUR))
    answer = made.answer(asked(LEFT))
    assert answer.output["bake"] == 3.0
    assert answer.applied == ("untouched", "override:strike")


@given(share=st.floats(0.01, 0.5), seed=st.integers(0, 1000))
def test_the_share_is_kept_and_independent_of_a_canary(share: float, seed: int) -> None:
    lot = Untouched(share, HOUR)
    units = [f"{seed}-{number}" for number in range(4000)]
    left = [lot.drawn(unit, TICK)[0] for unit in units]
    treated = [assign(unit, TICK, share=0.5, block=3600, salt="canary")[0] for unit in units]
    deviation = (share * (1 - share) / len(units)) ** 0.5
    assert abs(sum(left) / len(units) - share) < 6 * deviation
    both = sum(one and other for one, other in zip(left, treated, strict=True)) / max(sum(treated), 1)
    assert abs(both - share) < 9 * deviation


def test_the_lot_is_drawn_again_from_unit_and_tick() -> None:
    ticks = [TICK + hour * HOUR for hour in range(4)]
    rows = pl.DataFrame({"unit": [LEFT] * 4, "tick": ticks}, schema_overrides={"tick": pl.Datetime("us")})
    found = with_lot(rows, HALF)
    drawn = [HALF.drawn(LEFT, tick) for tick in ticks]
    assert found[TOUCHED].to_list() == [float(not left) for left, _ in drawn]
    assert found[CHANCE].to_list() == [chance for _, chance in drawn]
    assert with_lot(rows, None) is rows


def test_a_canary_is_not_judged_by_what_was_left_alone() -> None:
    def answers(applied: list[str], value: float) -> pl.DataFrame:
        arms = ["champion", "challenger"]
        rows = {"tick": [TICK] * 2, "arm": arms, "applied": [applied] * 2, "output_bake": [value] * 2}
        return pl.DataFrame(rows, schema_overrides={"tick": pl.Datetime("us"), "applied": pl.List(pl.String)})

    acted, alone = answers([], 5.0), answers(["untouched"], 0.0)
    found = exposed(pl.concat([acted, alone]), "bake", 1, ["clamp:bake"])
    assert [series.tolist() for series in found.levels["bake"]] == [[5.0], [5.0]]


@pytest.mark.parametrize("wrong", [(0.0, HOUR), (0.6, HOUR), (0.1, timedelta(0))])
def test_a_share_or_a_block_that_is_none_is_refused(wrong: tuple[float, timedelta]) -> None:
    with pytest.raises(RolloutError, match="give a share above 0"):
        Untouched(*wrong)


def test_a_block_that_cuts_ticks_is_refused() -> None:
    with pytest.raises(UsageError, match="declare whole ticks"):
        serving(Untouched(0.1, HOUR / 7))


def test_blocks_of_the_lot_are_those_of_ticks() -> None:
    day = datetime(2024, 3, 1)
    for minutes in range(0, 24 * 60, 7):
        at = day + timedelta(minutes=minutes)
        tick = at - (at - day) % HOUR
        assert HALF.drawn("x", at) == HALF.drawn("x", tick)
