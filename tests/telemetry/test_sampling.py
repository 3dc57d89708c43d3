"""Sampling: probabilities fixed before the outcome, never under the least, and estimates without bias."""

import math
import random
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.records.traffic import Event, EventBatch
from afield.telemetry.policy import PerSlice, Policy, RareFirst, Sampling, UncertainFirst
from afield.telemetry.sampling import KINDS, Sampler, drawn

AT = datetime(2023, 7, 1)


def event(number: int, unit: str = "74", value: float = 1.0, at: datetime = AT) -> Event:
    return Event(f"e{number}", unit, "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": value}, at)


def unit_of(one: Event) -> str:
    return one.unit


def value_of(one: Event) -> float:
    return one.output["x"]


SAMPLINGS: tuple[Sampling | None, ...] = (
    None,
    PerSlice(unit_of, {"1": 0.9}),
    RareFirst(unit_of),
    UncertainFirst(value_of),
)


@given(share=st.floats(0.001, 1.0), name=st.text())
def test_every_event_has_the_probability_stated_and_the_same_draw_wherever_it_is_asked_about(
    share: float, name: str
) -> None:
    one = Event(name, "74", "champion", "r", AT, 1.0, 1.0, "p", "v", {"x": 1.0}, AT)
    first, second = (Sampler(Policy("p", share=share, p_min=0.001)).draw(one) for _ in range(2))
    assert first == second
    assert first.inclusion == share


def test_the_share_taken_is_the_probability_stated() -> None:
    sampler = Sampler(Policy("p", share=0.3))
    taken = sum(sampler.draw(event(number)).taken for number in range(20_000))
    assert abs(taken / 20_000 - 0.3) < 0.013  # four standard errors


def test_samples_of_two_salts_are_independent() -> None:
    both = sum(drawn("sampling", str(n)) < 0.5 and drawn("canary", str(n)) < 0.5 for n in range(20_000))
    assert abs(both / 20_000 - 0.25) < 0.013


@given(
    sampling=st.sampled_from(SAMPLINGS),
    budget=st.none() | st.integers(1, 50),
    p_min=st.floats(0.001, 0.2),
    steps=st.lists(st.tuples(st.integers(0, 3), st.floats(0, 100), st.integers(-60, 40_000)), max_size=200),
)
def test_no_event_has_less_than_the_least_probability_whatever_came_before(
    sampling: Sampling | None, budget: int | None, p_min: float, steps: list[tuple[int, float, int]]
) -> None:
    sampler, at = Sampler(Policy("p", share=0.5, p_min=p_min, sampling=sampling, budget=budget)), AT
    for number, (unit, value, seconds) in enumerate(steps):
        at += timedelta(seconds=seconds)
        assert p_min <= sampler.draw(event(number, str(unit), value, at)).inclusion <= 1.0
    assert sampler.problem == ""


@pytest.mark.parametrize("budget", [None, 2000])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_weighted_estimates_are_not_biased_by_who_is_sampled_more_often(
    sampling: Sampling | None, budget: int | None
) -> None:
    # Units that are rare, uncertain and different: a sample without weights would be far from the mean of 0.19.
    draws = random.Random(11)
    sampler = Sampler(Policy("p", share=0.2, p_min=0.02, sampling=sampling, budget=budget))
    total = weights = truth = taken = variance = 0.0
    count = 20_000
    for number in range(count):
        rare = draws.random() < 0.1
        one = event(number, "1" if rare else "0", 0.9 if rare else 0.1, AT + timedelta(seconds=4 * number))
        wrong = float(draws.random() < one.output["x"])
        truth += wrong / count
        draw = sampler.draw(one)
        if draw.taken:
            taken += 1
            weights += 1 / draw.inclusion
            total += wrong / draw.inclusion
            variance += (wrong - 0.18) ** 2 * (1 - draw.inclusion) / draw.inclusion**2
    assert abs(total / weights - truth) < 4 * math.sqrt(variance) / count
    assert taken < 0.6 * count


def test_each_slice_has_its_share_and_others_that_of_the_policy() -> None:
    sampler = Sampler(Policy("p", share=0.1, sampling=PerSlice(unit_of, {"1": 0.7})))
    assert [sampler.draw(event(n, unit)).inclusion for n, unit in enumerate("012")] == [0.1, 0.7, 0.1]


def test_rare_kinds_have_as_many_events_in_the_sample_as_frequent_ones() -> None:
    sampler = Sampler(Policy("p", share=0.1, sampling=RareFirst(unit_of)))
    taken = {"often": 0, "rare": 0}
    for number in range(20_000):
        unit = "rare" if number % 20 == 0 else "often"
        taken[unit] += sampler.draw(event(number, unit)).taken
    # Half of a tenth each: the rare kind's 1000 events are all taken.
    assert 800 < taken["rare"] <= 1000
    assert 800 < taken["often"] < 1200


def test_kinds_without_number_take_bounded_memory() -> None:
    sampler = Sampler(Policy("p", share=0.1, sampling=RareFirst(lambda one: one.id)))
    for number in range(2 * KINDS):
        sampler.draw(event(number))
    assert sampler.draw(event(2 * KINDS)).inclusion < 0.01


def test_uncertain_events_come_in_proportion_to_their_score_and_the_share_is_kept() -> None:
    sampler = Sampler(Policy("p", share=0.1, sampling=UncertainFirst(value_of)))
    found = [sampler.draw(event(number, value=1.0 if number % 2 else 3.0)) for number in range(10_000)]
    assert found[-1].inclusion == pytest.approx(0.05, rel=0.01)
    assert found[-2].inclusion == pytest.approx(0.15, rel=0.01)
    assert abs(sum(draw.taken for draw in found) / 10_000 - 0.1) < 0.012


@pytest.mark.parametrize("score", [lambda one: one.output["y"], lambda one: math.nan * value_of(one), lambda _: -1.0])
def test_a_score_that_cannot_be_had_leaves_the_share_and_says_so(score: Callable[[Event], float]) -> None:
    sampler = Sampler(Policy("p", share=0.25, sampling=UncertainFirst(score)))
    assert sampler.draw(event(1)).inclusion == 0.25
    assert sampler.problem.startswith("the sampling of policy 'p' failed: ")


@pytest.mark.parametrize("traffic", [lambda _: 1, lambda second: 3 if 36_000 < second < 50_400 else 1])
def test_a_budget_is_spent_over_the_day_and_not_passed(traffic: Callable[[int], int]) -> None:
    policy = Policy("p", p_min=0.0001, budget=1000)
    sampler, number = Sampler(policy), 0
    stored: list[int] = []
    for day in range(2):
        kept = 0
        for second in range(0, 86_400, 4):
            for _ in range(traffic(second)):
                number += 1
                kept += sampler.draw(event(number, at=AT + timedelta(days=day, seconds=second))).taken
        stored.append(kept)
    assert all(900 < kept <= 1000 + 30 for kept in stored), stored


def test_a_budget_takes_everything_where_it_is_enough() -> None:
    sampler = Sampler(Policy("p", budget=1000))
    found = [sampler.draw(event(n, at=AT + timedelta(minutes=20 * n))) for n in range(200)]
    assert {draw.inclusion for draw in found} == {1.0}


def test_a_flood_in_one_second_does_not_pass_the_budget() -> None:
    sampler = Sampler(Policy("p", p_min=0.001, budget=100))
    for number in range(50):
        sampler.draw(event(number, at=AT + timedelta(minutes=number)))
    taken = sum(sampler.draw(event(n, at=AT + timedelta(hours=1))).taken for n in range(100, 20_000))
    assert taken <= 100 + 40


def test_a_clock_that_goes_back_opens_no_new_day() -> None:
    sampler = Sampler(Policy("p", p_min=0.001, budget=10))
    for number in range(100):
        sampler.draw(event(number, at=AT + timedelta(seconds=number)))
    assert sampler.draw(event(100, at=AT - timedelta(days=1))).inclusion == 0.001


def test_a_batch_has_the_policy_s_share_and_all_arms_of_a_tick_one_draw() -> None:
    sampler = Sampler(Policy("p", share=0.5, sampling=RareFirst(unit_of), budget=1))
    for number in range(40):
        tick = AT + timedelta(minutes=number)
        arms = [
            EventBatch(f"{arm}{number}", ("1",), arm, "r", tick, 1.0, 1.0, "p", "v", {"x": (1.0,)}, tick)
            for arm in ("champion", "challenger")
        ]
        first, second = map(sampler.draw, arms)
        assert first == second
        assert first.inclusion == 0.5
