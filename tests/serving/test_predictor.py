from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from afield.errors import RequestError, ServingError
from afield.mitigation.guards import step_limit
from afield.records.decision import Override
from afield.records.traffic import Query
from afield.testing.stand import TICK
from afield.testing.toy import HOUR, SHOPS, operate
from tests.serving.bakery import COLUMNS, Bakery, bakery_of, broken, release, rows_at

EAST = Query(key="east", unit="east", at=TICK)


def test_an_answer_says_what_was_forecast_decided_and_by_whom(bakery: Bakery) -> None:
    answer = bakery.see(release("r1")).answer(EAST)
    assert answer.output == {"forecast": 5.0, "bake": 5.0}
    assert (answer.release, answer.mode, answer.applied) == ("r1", "automate", ())
    assert answer.interval == (2.0, 8.0)
    assert answer.forecast == f"{TICK.isoformat()}:east:r1"
    assert answer.reason == "5.0 loaves expected: bake 5"


def test_an_answer_is_recorded_with_its_id_rows_and_assignment(bakery: Bakery) -> None:
    predictor = bakery.see(release("r1"))
    answer = predictor.answer(EAST)
    (event,) = bakery.events
    assert (event.id, event.arm, event.release, event.assignment) == (answer.id, "champion", "r1", 1.0)
    assert event.rows == predictor.situation.rows.version
    assert event.output == answer.output


def test_the_age_of_facts_is_counted_from_the_moment_asked_about(bakery: Bakery) -> None:
    answer = bakery.see(release("r1")).answer(replace_at(EAST, minutes=23))
    assert answer.facts_age == 23 * 60


def test_request_fields_reach_the_decision(bakery: Bakery) -> None:
    query = Query(key="east", unit="east", at=TICK, fields={"extra": 7.0})
    assert bakery.see(release("r1")).answer(query).output["bake"] == 12.0


def test_one_row_and_all_rows_get_the_same_forecast(bakery: Bakery) -> None:
    predictor = bakery.see(release("r1", (0.3, 0.7)))
    batch = predictor.forecast("champion", "r1")
    single = [predictor.answer(Query(key=shop, unit=shop, at=TICK)).output["forecast"] for shop in SHOPS]
    assert batch.output["forecast"] == tuple(single)
    assert batch.units == SHOPS
    assert set(batch.output) == {"forecast", "low", "high"}


def test_the_baseline_arm_is_the_baseline_column(bakery: Bakery) -> None:
    batch = bakery.see(release("r1")).forecast("baseline", "")
    assert (batch.release, batch.output) == ("baseline", {"forecast": (6.0, 6.0, 10.0, 10.0)})


def test_a_baseline_that_is_not_known_is_completed_and_says_so(bakery: Bakery) -> None:
    columns = {**COLUMNS, "usual": np.array([np.nan, 6.0, 10.0, 10.0])}
    batch = bakery.see(release("r1"), rows=rows_at(columns=columns)).forecast("baseline", "")
    assert batch.output == {"forecast": (0.0, 6.0, 10.0, 10.0)}
    assert batch.applied == ("fallback:neutral",)


def test_forecasts_need_rows(bakery: Bakery) -> None:
    with pytest.raises(ServingError, match="tick first"):
        bakery.predictor.forecast("champion", "r1")


@pytest.mark.parametrize("champion", [broken("bad"), release("bad", faulty=True), release("bad", (-9.0, 0.0))])
def test_a_failing_model_is_stood_in_for_by_the_last_good_release(bakery: Bakery, champion: object) -> None:
    answer = bakery.see(champion, release("good"), last_good="good").answer(EAST)
    assert (answer.output["forecast"], answer.release) == (5.0, "good")
    assert answer.applied[-1] == "fallback:last_good"
    assert bakery.predictor.problem


def test_without_a_last_good_release_the_cached_answer_is_given(bakery: Bakery) -> None:
    bakery.see(release("r1")).answer(EAST)
    answer = bakery.see(broken("r2"), rows=rows_at(TICK + HOUR)).answer(replace_at(EAST, hours=1))
    assert (answer.output["forecast"], answer.applied) == (5.0, ("fallback:cached",))
    assert answer.interval == (2.0, 8.0)
    assert answer.release == "r1"


def test_without_a_cached_answer_the_baseline_is_given(bakery: Bakery) -> None:
    answer = bakery.see(broken("r1")).answer(EAST)
    assert (answer.output["forecast"], answer.applied, answer.release) == (6.0, ("fallback:baseline",), "baseline")
    assert answer.interval is None
    assert "fallback:baseline" in answer.reason


def test_without_a_baseline_the_neutral_output_is_given(bakery: Bakery) -> None:
    columns = {**COLUMNS, "usual": np.full(4, np.nan)}
    answer = bakery.see(broken("r1"), rows=rows_at(columns=columns)).answer(EAST)
    assert (answer.output, answer.applied, answer.release) == ({"bake": 10.0}, ("fallback:neutral",), "none")


def test_what_people_set_by_hand_holds_where_no_model_speaks(bakery: Bakery) -> None:
    override = Override("strike", "*", "bake", 0.0, "strike", TICK + HOUR)
    answer = bakery.see(release("r1"), mode="off", overrides=[override]).answer(EAST)
    assert (answer.output, answer.applied) == ({"bake": 0.0}, ("mode:off", "override:strike"))


def test_without_any_rows_the_neutral_output_is_given(bakery: Bakery) -> None:
    answer = bakery.predictor.answer(EAST)
    assert (answer.output, answer.applied, answer.facts_age) == ({"bake": 10.0}, ("fallback:neutral",), None)


def test_a_release_that_is_not_loaded_is_stood_in_for(bakery: Bakery) -> None:
    predictor = bakery.see(champion="r1")
    assert predictor.answer(EAST).applied == ("fallback:baseline",)
    assert "not loaded" in predictor.problem


def test_stale_facts_are_not_given_to_the_model(bakery: Bakery) -> None:
    predictor = bakery.see(release("r1"), release("good"), last_good="good")
    answer = predictor.answer(replace_at(EAST, hours=3))
    assert answer.applied == ("fallback:baseline",)
    assert "stale" in predictor.problem


def test_facts_older_than_a_day_are_not_even_used_for_the_baseline() -> None:
    late = TICK + timedelta(days=2)
    bakery = bakery_of(operate({}), now=late)
    answer = bakery.see(release("r1"), now=None).answer(Query(key="east", unit="east", at=late))
    assert answer.applied == ("fallback:neutral",)


def test_a_decision_that_fails_becomes_the_neutral_one() -> None:
    bakery = bakery_of(replace(operate({}), decision=lambda _, __: {}["nothing"]))
    predictor = bakery.see(release("r1"))
    assert predictor.answer(EAST).applied == ("fallback:neutral",)
    assert "the decision failed" in predictor.problem


def test_a_release_that_answers_again_clears_the_problem(bakery: Bakery) -> None:
    bakery.see(broken("r1")).answer(EAST)
    assert bakery.predictor.problem
    bakery.see(release("r1")).answer(EAST)
    assert bakery.predictor.problem == ""


def test_only_the_rows_that_fail_fall_back(bakery: Bakery) -> None:
    columns = {**COLUMNS, "last_hour": np.array([np.nan, 8.0, 12.0, 16.0])}
    batch = bakery.see(release("r1"), rows=rows_at(columns=columns)).forecast("champion", "r1")
    assert batch.output["forecast"] == (6.0, 7.0, 11.0, 13.0)
    assert (batch.release, batch.applied) == ("r1", ("fallback:baseline",))
    assert set(batch.output) == {"forecast"}


def test_mode_off_leaves_the_model_out(bakery: Bakery) -> None:
    answer = bakery.see(release("r1"), mode="off").answer(EAST)
    assert (answer.output, answer.mode, answer.applied) == ({"bake": 10.0}, "off", ("mode:off",))


def test_a_unit_may_have_a_mode_of_its_own(bakery: Bakery) -> None:
    predictor = bakery.see(release("r1"), mode_by_unit={"east": "prompt"})
    assert predictor.answer(EAST).mode == "prompt"
    assert predictor.answer(Query(key="west", unit="west", at=TICK)).mode == "automate"


def test_an_override_of_the_forecast_goes_through_the_decision(bakery: Bakery) -> None:
    override = Override("fair", "east", "forecast", 40.0, "the fair", TICK + HOUR)
    answer = bakery.see(release("r1"), overrides=(override,)).answer(EAST)
    assert answer.output == {"forecast": 40.0, "bake": 40.0}
    assert answer.applied == ("override:fair",)


def test_an_override_of_the_decision_has_the_last_word(bakery: Bakery) -> None:
    override = Override("strike", "*", "bake", 0.0, "strike", TICK + HOUR)
    answer = bakery.see(broken("r1"), overrides=(override,)).answer(EAST)
    assert answer.output["bake"] == 0.0
    assert answer.applied == ("fallback:baseline", "override:strike")


def test_an_override_ends_when_it_expires(bakery: Bakery) -> None:
    override = Override("fair", "*", "forecast", 40.0, "the fair", TICK)
    assert bakery.see(release("r1"), overrides=(override,)).answer(EAST).applied == ()


def test_a_guard_bounds_the_forecast_and_says_so(bakery: Bakery) -> None:
    answer = bakery.see(release("r1", (400.0, 0.0))).answer(EAST)
    assert answer.output["forecast"] == 500.0
    assert answer.applied == ("clamp:forecast", "clamp:bake")


def test_a_guard_bounds_the_decision(bakery: Bakery) -> None:
    answer = bakery.see(release("r1", (100.0, 0.0))).answer(EAST)
    assert answer.output == {"forecast": 400.0, "bake": 300.0}
    assert answer.applied == ("clamp:bake",)


def test_the_step_limit_starts_from_the_answer_at_an_earlier_tick() -> None:
    bakery = bakery_of(replace(operate({}), guards=(step_limit("forecast", 0.5),)))
    bakery.see(release("r1")).answer(EAST)
    later = bakery.see(release("r2", (9.0, 9.0)), rows=rows_at(TICK + HOUR))
    for _ in range(3):
        assert later.answer(replace_at(EAST, hours=1)).output["forecast"] == 7.5


def test_in_canary_the_assignment_decides_who_answers(bakery: Bakery) -> None:
    predictor = bakery.see(
        release("old"), release("new"), challenger="new", stage="canary", canary_share=0.25, salt="s"
    )
    assert predictor.answer(EAST).release == "new"
    assert predictor.answer(Query(key="west", unit="west", at=TICK)).release == "old"
    assert [(event.arm, event.assignment) for event in bakery.events] == [("challenger", 0.25), ("champion", 0.75)]


def test_outside_the_canary_the_champion_answers_alone(bakery: Bakery) -> None:
    predictor = bakery.see(release("old"), release("new"), challenger="new", stage="shadow", canary_share=0.5)
    assert predictor.answer(EAST).release == "old"


def test_in_canary_alone_it_is_recorded_how_long_an_answer_took(bakery: Bakery) -> None:
    for stage in ("canary", "shadow"):
        predictor = bakery.see(release("old"), release("new"), challenger="new", stage=stage, canary_share=0.5)
        predictor.answer(EAST)
        predictor.answers([EAST, EAST])
    measured = [event.took for event in bakery.events]
    assert all(took is not None and took > 0 for took in measured[:3])
    assert measured[3:] == [None] * 3


@pytest.mark.parametrize("hours", [-2, 26])
def test_a_moment_far_from_the_rows_is_refused(bakery: Bakery, hours: int) -> None:
    predictor = bakery.see(release("r1"))
    with pytest.raises(RequestError, match="the service stands at"):
        predictor.answer(replace_at(EAST, hours=hours))
    assert bakery.events == []


def test_an_unknown_key_is_refused(bakery: Bakery) -> None:
    with pytest.raises(RequestError, match="'moon'"):
        bakery.see(release("r1")).answer(Query(key="moon", unit="moon", at=TICK))


def replace_at(query: Query, **later: float) -> Query:
    return Query(key=query.key, unit=query.unit, at=query.at + timedelta(**later), fields=query.fields)
