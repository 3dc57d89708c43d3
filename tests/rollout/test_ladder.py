from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from afield.errors import RolloutError
from afield.rollout.judging import judge
from afield.rollout.ladder import Evidence, Ladder, Step
from tests.statistics.series import Floats, paired_losses

TICKS = 336
POLICY = Ladder()
STAGES = ("shadow", "canary", "probation")


def losses(seed: int, effect: float) -> tuple[Floats, Floats]:
    (candidate,), (champion,) = paired_losses(np.random.default_rng(seed), 1, TICKS, effect=effect)
    return candidate, champion


BETTER, WORSE, SAME = losses(1, -0.3), losses(2, 0.6), losses(3, 0.0)


def at(stage: str, pair: tuple[Floats, Floats], ticks: int, policy: Ladder = POLICY) -> Step:
    return judge(policy, stage, Evidence(ticks, pair[0][:ticks], pair[1][:ticks]))


def climb(stage: str, pair: tuple[Floats, Floats], policy: Ladder = POLICY) -> tuple[Step, int]:
    """The first step that is not "stay", and the tick at which it is taken."""
    for ticks in range(1, len(pair[0]) + 1):
        step = at(stage, pair, ticks, policy)
        if step.to != "stay":
            return step, ticks
    return step, ticks


def test_a_better_candidate_climbs_from_shadow_to_canary() -> None:
    step, ticks = climb("shadow", BETTER)
    assert step.to == "canary"
    assert 48 <= ticks <= 168
    assert step.numbers["ratio_high"] < 1


def test_a_worse_candidate_goes_back_from_shadow_within_days() -> None:
    step, ticks = climb("shadow", WORSE)
    assert step.to == "rolled_back"
    assert ticks <= 48
    assert step.reason.startswith("worse")


def test_without_evidence_a_candidate_goes_back_at_the_end() -> None:
    step, ticks = climb("shadow", SAME)
    assert (step.to, ticks) == ("rolled_back", TICKS)
    assert step.reason.startswith("inconclusive")


def test_or_waits_where_the_policy_says_so() -> None:
    assert at("shadow", SAME, TICKS, Ladder(on_inconclusive="wait")).to == "stay"


def test_a_candidate_that_never_answers_is_inconclusive_too() -> None:
    step = judge(POLICY, "shadow", Evidence(TICKS))
    assert step.to == "rolled_back"
    assert "no tick yet" in step.reason


def test_the_power_calculation_is_stated_from_the_burn_in_on() -> None:
    before, after = at("shadow", SAME, 23), at("shadow", SAME, 24)
    assert "required_ticks" not in before.numbers
    assert "follows at tick 24" in before.reason
    assert f"takes up to {after.numbers['required_ticks']:.0f} ticks" in after.reason


@given(st.integers(0, TICKS))
def test_asking_rarely_gives_the_step_that_was_due(ticks: int) -> None:
    due, first = climb("shadow", WORSE)
    late = at("shadow", WORSE, ticks)
    assert late.to == (due.to if ticks >= first else "stay")
    if ticks >= first:
        assert late.reason == due.reason


@given(
    st.sampled_from(["shadow", "canary", "probation"]), st.integers(0, TICKS), st.sampled_from([BETTER, WORSE, SAME])
)
def test_a_step_is_a_function_of_the_evidence_and_all_its_numbers_are_finite(
    stage: str, ticks: int, pair: tuple[Floats, Floats]
) -> None:
    step = at(stage, pair, ticks)
    assert step == at(stage, pair, ticks)
    assert all(np.isfinite(value) for value in step.numbers.values())


def test_a_canary_without_harm_moves_on_after_its_ticks() -> None:
    rates = {"guard_rate": (np.full(24, 0.02), np.full(24, 0.02))}
    assert judge(POLICY, "canary", Evidence(23, rates=rates)).to == "stay"
    assert judge(POLICY, "canary", Evidence(24, rates=rates)).to == "probation"


def test_a_canary_waits_for_drills() -> None:
    policy = replace(POLICY, drilled=True)
    waiting = judge(policy, "canary", Evidence(40, unproven="no drills were run"))
    assert (waiting.to, waiting.reason) == ("stay", "no evidence of harm; waits: no drills were run")
    assert judge(policy, "canary", Evidence(40)).to == "probation"


def test_a_canary_judges_only_what_exposure_changes() -> None:
    assert at("canary", WORSE, 12).to == "stay"


def test_harm_ends_a_canary_at_once() -> None:
    rates = {"error_rate": (np.full(12, 0.9), np.zeros(12))}
    step = judge(POLICY, "canary", Evidence(12, rates=rates))
    assert step.to == "rolled_back"
    assert "error_rate 90.0% against 0.0%" in step.reason


def test_a_sound_release_finishes_its_probation() -> None:
    for pair in (SAME, BETTER):
        step, ticks = climb("probation", pair)
        assert (step.to, ticks) == ("finished", POLICY.probation_ticks)


def test_a_release_that_does_harm_in_probation_is_taken_back() -> None:
    step, ticks = climb("probation", WORSE)
    assert step.to == "rolled_back"
    assert ticks <= 48


def test_a_release_that_turns_bad_after_a_good_start_is_taken_back() -> None:
    candidate, champion = losses(4, -0.3)
    turned = np.where(np.arange(TICKS) < 24, candidate, 2.5 * candidate)
    assert climb("probation", (turned, champion))[0].to == "rolled_back"


def test_no_step_is_made_without_a_stage_or_with_unequal_series() -> None:
    with pytest.raises(RolloutError, match="'idle'"):
        judge(POLICY, "idle", Evidence(0))
    with pytest.raises(RolloutError, match="3 losses"):
        judge(POLICY, "shadow", Evidence(3, np.ones(3), np.ones(2)))


@pytest.mark.slow
@pytest.mark.parametrize("correlation", [0.3, 0.6])
def test_a_candidate_as_good_as_the_champion_is_rarely_aborted_or_promoted_over_the_whole_climb(
    correlation: float,
) -> None:
    generator = np.random.default_rng(5)
    runs, policy = 1500, Ladder(alpha=0.05)
    pairs = [
        paired_losses(generator, runs, ticks, correlation=correlation)
        for ticks in (policy.maximum_ticks, policy.probation_ticks)
    ]
    wrong = 0
    for run in range(runs):
        shadow = judge(policy, "shadow", Evidence(TICKS, pairs[0][0][run], pairs[0][1][run]))
        probation = judge(policy, "probation", Evidence(72, pairs[1][0][run], pairs[1][1][run]))
        calm = generator.binomial(20, 0.02, 24) / 20, generator.binomial(180, 0.02, 24) / 180
        canary = judge(policy, "canary", Evidence(24, rates={"guard_rate": calm}))
        verdicts = (shadow.reason.split(":")[0], canary.to, probation.to)
        wrong += verdicts != ("inconclusive", "probation", "finished")
    assert wrong / runs <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / runs)


@pytest.mark.slow
@pytest.mark.parametrize(("effect", "to", "half", "most"), [(-0.1, "canary", 168, 336), (0.6, "rolled_back", 36, 60)])
def test_in_hours_a_tenth_less_takes_days_and_much_worse_about_a_day(
    effect: float, to: str, half: int, most: int
) -> None:
    runs = 400
    candidate, champion = paired_losses(np.random.default_rng(6), runs, TICKS, effect=effect)
    taken = []
    for run in range(runs):
        step = judge(POLICY, "shadow", Evidence(TICKS, candidate[run], champion[run]))
        taken.append(step.numbers["decided"] if step.to == to else np.inf)
    assert np.quantile(taken, 0.5) <= half
    assert np.quantile(taken, 0.9, method="higher") <= most
