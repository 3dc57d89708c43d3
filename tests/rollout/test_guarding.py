"""What beside the mean loss takes a candidate back, and what keeps it waiting."""

import numpy as np
import pytest

from afield.errors import RolloutError, UsageError
from afield.rollout.judging import judge
from afield.rollout.ladder import Evidence, Ladder
from tests.statistics.series import Floats, paired_losses

TICKS = 336
POLICY = Ladder()


def pair(seed: int, effect: float = 0.0, runs: int = 1) -> tuple[Floats, Floats]:
    (candidate, *_), (champion, *_) = paired_losses(np.random.default_rng(seed), runs, TICKS, effect=effect)
    return candidate, champion


def test_a_slice_that_gets_much_worse_takes_a_candidate_back_that_is_better_on_the_whole() -> None:
    step = judge(POLICY, "shadow", Evidence(TICKS, *pair(1, -0.05), slices={"airport": pair(2, 0.8), "rest": pair(3)}))
    assert step.to == "rolled_back"
    assert step.reason.startswith("worse in slice airport: after ")


def test_a_slice_is_judged_on_the_ticks_on_which_it_has_rows() -> None:
    candidate, champion = pair(2, 1.5)
    nights = np.where(np.arange(TICKS) % 24 < 6, 1.0, np.nan)
    step = judge(POLICY, "shadow", Evidence(TICKS, *pair(1), slices={"night": (candidate * nights, champion)}))
    assert step.reason.startswith("worse in slice night")
    assert step.numbers["decided"] % 24 in range(1, 7)


def test_a_slice_no_worse_than_is_tolerated_takes_nothing_back() -> None:
    slices = {"airport": pair(2, 0.08)}
    assert (
        judge(POLICY, "shadow", Evidence(100, *(each[:100] for each in pair(3)), slices=_cut(slices, 100))).to == "stay"
    )


def test_what_was_decided_first_stands() -> None:
    better = pair(4, -0.4)
    candidate, champion = pair(5)
    late = np.where(np.arange(TICKS) < 200, candidate, 20 * candidate)
    step = judge(POLICY, "shadow", Evidence(TICKS, *better, slices={"airport": (late, champion)}))
    assert step.to == "canary"


def test_answers_that_lie_far_apart_take_a_candidate_back() -> None:
    step = judge(POLICY, "shadow", Evidence(48, *(each[:48] for each in pair(1)), differences=np.full(48, 0.95)))
    assert step.to == "rolled_back"
    assert "answers lie 95% apart" in step.reason


def test_slices_of_other_ticks_are_refused() -> None:
    with pytest.raises(RolloutError, match="same ticks"):
        judge(POLICY, "shadow", Evidence(TICKS, *pair(1), slices={"airport": (np.ones(3), np.ones(3))}))


def test_a_canary_waits_for_the_approvals_that_are_declared_and_is_watched_meanwhile() -> None:
    two = Ladder(approvals=2)
    assert judge(two, "canary", Evidence(24, approvals=1)).reason.endswith("waits for 1 more approval")
    assert judge(two, "canary", Evidence(24)).reason.endswith("waits for 2 more approvals")
    assert judge(two, "canary", Evidence(24, approvals=2)).to == "probation"
    late = np.where(np.arange(60) < 30, 0.0, 0.9)
    assert judge(two, "canary", Evidence(60, rates={"guards": (late, np.zeros(60))})).to == "rolled_back"


@pytest.mark.parametrize(
    "wrong",
    [
        {"effect": 0.0}, {"alpha": 1.0}, {"power": 2.0}, {"disagreement": -1.0},
        {"approvals": -1}, {"burn_in": 0}, {"minimum_ticks": 400},
    ],
)  # fmt: skip
def test_a_senseless_ladder_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Ladder(**wrong)  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_harmless_candidate_is_aborted_no_more_often_than_declared_over_all_measures_and_stages() -> None:
    generator, runs = np.random.default_rng(12), 1000
    shadow = paired_losses(generator, runs, TICKS)
    slices = [paired_losses(generator, runs, TICKS) for _ in range(4)]
    probation = paired_losses(generator, runs, 72)
    aborted = 0
    for run in range(runs):
        parts = {str(place): (one[run], two[run]) for place, (one, two) in enumerate(slices)}
        apart = generator.beta(4, 4, TICKS)
        first = judge(
            POLICY, "shadow", Evidence(TICKS, shadow[0][run], shadow[1][run], slices=parts, differences=apart)
        )
        busy = {
            name: (generator.binomial(20, 0.02, 24) / 20, generator.binomial(180, 0.02, 24) / 180)
            for name in ("guards", "fallbacks", "slow")
        }
        felt = {"multiplier": (generator.gamma(50, 0.02, 24), generator.gamma(50, 0.02, 24))}
        slower = generator.beta(4, 4, 24)
        second = judge(POLICY, "canary", Evidence(24, rates=busy, levels=felt, slower=slower))
        third = judge(POLICY, "probation", Evidence(72, probation[0][run], probation[1][run]))
        harmed = first.to == "rolled_back" and not first.reason.startswith("inconclusive")
        aborted += harmed or second.to == "rolled_back" or third.to == "rolled_back"
    # Measured with this seed: 0.002; what is promised is 0.05.
    assert aborted / runs <= 0.05


def _cut(slices: dict[str, tuple[Floats, Floats]], ticks: int) -> dict[str, tuple[Floats, Floats]]:
    return {name: (one[:ticks], two[:ticks]) for name, (one, two) in slices.items()}


def test_a_candidate_that_answers_too_slowly_goes_back_from_the_canary() -> None:
    step = judge(Ladder(), "canary", Evidence(12, slower=np.ones(12)))
    assert step.to == "rolled_back"
    assert "too slow" in step.reason
    assert judge(Ladder(), "canary", Evidence(24, slower=np.zeros(24))).reason.endswith("(latency judged)")


def test_a_ladder_allows_answers_that_take_longer_and_none_that_must_be_quicker() -> None:
    with pytest.raises(UsageError, match="latency_ratio"):
        Ladder(latency_ratio=1.0)
