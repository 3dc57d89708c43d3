"""The ladder: whether a candidate stays, climbs or goes back, decided from the evidence alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afield.errors import RolloutError
from afield.rollout.exposure import harms
from afield.statistics.sequential import Sequential, paired_test, required_ticks

Floats = NDArray[np.float64]
To = Literal["stay", "canary", "probation", "finished", "rolled_back"]

SHARPEST = 5  # burn-ins after which the test is sharpest
STAGES = 3  # the false-alarm rate of the whole climb is split evenly over them


@dataclass(frozen=True, slots=True)
class Ladder:
    """How a candidate climbs: shadow → canary → probation → finished, or back.

    Attributes:
        effect: relative difference in mean loss that is worth finding; the power calculation is for it.
        alpha: chance that a candidate as good as the champion is ever aborted, or ever promoted from shadow,
            over the whole climb and all looks.
        power: probability of finding the effect within the calculated ticks.
        burn_in: ticks before the first look; at least a day's, so that a daily cycle is seen whole.
        minimum_ticks: ticks in shadow before a promotion.
        maximum_ticks: ticks in shadow after which the evidence counts as inconclusive.
        canary_share: share of units × time blocks that the candidate answers in canary.
        canary_block: length of such a block, seconds.
        canary_ticks: ticks in canary, if no harm is seen.
        rate_tolerance: rise of a rate (guards, errors) over the control that is still no harm, absolute.
        level_tolerance: difference of a decision measure from the control that is still no harm, relative.
        probation_ticks: ticks for which the predecessor is still compared after the candidate went live.
        on_inconclusive: after `maximum_ticks` in shadow, go "back" or "wait".
    """

    effect: float = 0.1
    alpha: float = 0.05
    power: float = 0.9
    burn_in: int = 24
    minimum_ticks: int = 48
    maximum_ticks: int = 336
    canary_share: float = 0.1
    canary_block: int = 7200
    canary_ticks: int = 24
    rate_tolerance: float = 0.01
    level_tolerance: float = 0.25
    probation_ticks: int = 72
    on_inconclusive: Literal["back", "wait"] = "back"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen since the stage began, in the order of the ticks.

    Attributes:
        ticks: ticks that passed since the stage began, whether or not their outcomes are known.
        candidate: mean loss of the candidate per tick whose outcomes are known, shape `(n,)`.
        champion: mean loss on the same ticks of what it is compared with: the champion in shadow, the
            predecessor in probation.
        rates: canary: name → (treated, control), each a rate per tick in [0, 1]; NaN where no traffic was.
        levels: canary: name → (treated, control), each a decision measure ≥ 0 per tick; NaN as above.
    """

    ticks: int
    candidate: Floats = field(default_factory=lambda: np.empty(0))
    champion: Floats = field(default_factory=lambda: np.empty(0))
    rates: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)
    levels: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now, why, and the numbers that it rests on.

    `numbers` holds, where they are finite, in shadow and probation: `ticks`, `ratio`, `ratio_low`,
    `ratio_high`, `difference`, `difference_low`, `difference_high`, `deviation`, `autocorrelation`, `alpha`,
    `decided` and, after the burn-in, `required_ticks`; in canary `ticks`, `alpha` and each measure's figures.
    """

    to: To
    reason: str
    numbers: Mapping[str, float] = field(default_factory=dict)


def judge(ladder: Ladder, stage: str, evidence: Evidence) -> Step:
    """The step that the evidence of a stage calls for.

    A pure function of the whole series: whoever asks rarely, or again after a crash, hears what would have
    been said in time. Each stage may spend a third of `ladder.alpha` (Bonferroni over the stages).

    Args:
        ladder: the policy.
        stage: "shadow", "canary" or "probation".
        evidence: since that stage began.

    Raises:
        RolloutError: nothing climbs in this stage, or the two series of losses differ in length.
        EvaluationError: a loss is negative or not finite, or a rate lies outside [0, 1].
    """
    decide = _STAGES.get(stage)
    if decide is None:
        raise RolloutError(f"stage {stage!r} has no evidence to judge; a candidate is in {', '.join(_STAGES)}")
    if evidence.candidate.shape != evidence.champion.shape:
        raise RolloutError(
            f"{evidence.candidate.size} losses of the candidate but {evidence.champion.size} to compare with; "
            "give those of the same ticks"
        )
    return decide(ladder, evidence)


def _shadow(ladder: Ladder, evidence: Evidence) -> Step:
    """Up on evidence that the candidate is better, back on evidence that it is worse."""
    alpha = ladder.alpha / STAGES
    last = ladder.maximum_ticks if ladder.on_inconclusive == "back" else evidence.candidate.size
    result = _compared(ladder, evidence, slice(0, last), alpha, patience=ladder.minimum_ticks)
    numbers, plan = _numbers(result, alpha), _plan(ladder, result, alpha)
    if plan:
        numbers["required_ticks"] = float(plan)
    seen = f"{_difference(result)} the champion's{_planned(ladder, plan)}"
    if result.verdict == "better":
        return Step("canary", f"better: {seen}", numbers)
    if result.verdict == "worse":
        return Step("rolled_back", f"worse: {seen}", numbers)
    if evidence.ticks < ladder.maximum_ticks or ladder.on_inconclusive == "wait":
        return Step("stay", f"undecided: {seen}", numbers)
    return Step("rolled_back", f"inconclusive: {seen}", numbers)


def _probation(ladder: Ladder, evidence: Evidence) -> Step:
    """Back on evidence that what is live now is worse than its predecessor.

    A test over everything would be slow to see a release that turns bad after a good start, so another one
    begins with every further burn-in; they share the stage's alpha.
    """
    last = ladder.probation_ticks
    starts = range(0, max(last - ladder.burn_in, 0) + 1, ladder.burn_in)
    # One direction is tested, so both halves of a two-sided test's error go to it; "better" ends nothing.
    alpha = 2 * ladder.alpha / STAGES / len(starts)
    results = [_compared(ladder, evidence, slice(start, last), alpha, patience=last + 1) for start in starts]
    worse = [(start + each.decided, each) for start, each in zip(starts, results, strict=True) if each.decided]
    result = min(worse, key=lambda found: found[0])[1] if worse else results[0]
    numbers, plan = _numbers(result, alpha), _plan(ladder, result, alpha)
    if plan:
        numbers["required_ticks"] = float(plan)
    seen = f"{_difference(result)} its predecessor's{_planned(ladder, plan)}"
    left = last - results[0].ticks
    if worse:
        return Step("rolled_back", f"worse: {seen}", numbers)
    if left <= 0:
        return Step("finished", f"no evidence of harm: {seen}", numbers)
    return Step("stay", f"{left} ticks of probation left: {seen}", numbers)


def _canary(ladder: Ladder, evidence: Evidence) -> Step:
    """Back on evidence of harm in what only exposure changes, against the concurrent control."""
    alpha = ladder.alpha / STAGES
    found, numbers = harms(
        evidence.rates,
        evidence.levels,
        ticks=ladder.canary_ticks,
        alpha=alpha,
        rate_tolerance=ladder.rate_tolerance,
        level_tolerance=ladder.level_tolerance,
    )
    numbers |= {"ticks": float(evidence.ticks), "alpha": alpha}
    if found:
        return Step("rolled_back", f"harm: {'; '.join(found)}", numbers)
    judged = ", ".join([*evidence.rates, *evidence.levels]) or "nothing"
    if evidence.ticks >= ladder.canary_ticks:
        return Step("probation", f"no evidence of harm in {ladder.canary_ticks} ticks ({judged} judged)", numbers)
    return Step("stay", f"{ladder.canary_ticks - evidence.ticks} ticks of canary left, no harm seen", numbers)


_STAGES: Mapping[str, Callable[[Ladder, Evidence], Step]] = {
    "shadow": _shadow,
    "canary": _canary,
    "probation": _probation,
}


def _compared(ladder: Ladder, evidence: Evidence, part: slice, alpha: float, patience: int) -> Sequential:
    """The paired test over a part of the ticks."""
    pair = evidence.candidate[part], evidence.champion[part]
    scale = SHARPEST * ladder.burn_in
    return paired_test(*pair, level=1.0 - alpha, burn_in=ladder.burn_in, scale=scale, patience=patience)


def _plan(ladder: Ladder, result: Sequential, alpha: float) -> int:
    """Ticks that the effect worth finding takes at the noise seen; 0 before the burn-in is over."""
    if result.ticks < ladder.burn_in or not np.isfinite(result.deviation):
        return 0
    noise = (result.deviation, result.autocorrelation, alpha, ladder.power)
    return required_ticks(ladder.effect, *noise, burn_in=ladder.burn_in, scale=SHARPEST * ladder.burn_in)


def _planned(ladder: Ladder, plan: int) -> str:
    """The power calculation in words."""
    if not plan:
        return f"; the power calculation follows at tick {ladder.burn_in}"
    return f"; finding {ladder.effect:.0%} with {ladder.power:.0%} probability takes up to {plan} ticks at this noise"


def _difference(result: Sequential) -> str:
    """The estimate and its interval in words, ready to be followed by whose loss it is compared with."""
    seen = result.ratio.count
    if seen == 0:
        return "no tick yet whose loss could be compared with"
    change, interval = result.ratio.value - 1.0, result.ratio.interval
    bounds = f"{interval.low - 1.0:+.1%} to {interval.high - 1.0:+.1%}" if np.isfinite(interval.high) else "unknown"
    return f"after {seen} ticks mean loss {change:+.1%} (interval {bounds}) against"


def _numbers(result: Sequential, alpha: float) -> dict[str, float]:
    """The comparison as named numbers, without those that are not known yet."""
    ratio, difference = result.ratio, result.difference
    numbers = {
        "ticks": float(result.ticks),
        "decided": float(result.decided),
        "alpha": alpha,
        "ratio": ratio.value,
        "ratio_low": ratio.interval.low,
        "ratio_high": ratio.interval.high,
        "difference": difference.value,
        "difference_low": difference.interval.low,
        "difference_high": difference.interval.high,
        "deviation": result.deviation,
        "autocorrelation": result.autocorrelation,
    }
    return {name: value for name, value in numbers.items() if np.isfinite(value)}
