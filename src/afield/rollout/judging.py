"""Judging: whether a candidate stays, climbs or goes back, decided from the evidence alone."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from afield.errors import RolloutError
from afield.rollout.comparing import compared, difference, figures
from afield.rollout.exposure import harms
from afield.rollout.ladder import STAGES, Evidence, Ladder, Pair, Step
from afield.statistics.sequential import exceeds


def judge(ladder: Ladder, stage: str, evidence: Evidence) -> Step:
    """The step that the evidence of a stage calls for.

    A pure function of the whole series: whoever asks rarely, or again after a crash, hears what would have
    been said in time. Each stage may spend a third of `ladder.alpha` (Bonferroni over the stages), and splits it
    over all that it tests: a harmless candidate is aborted with probability `ladder.alpha` at most.

    Args:
        ladder: the policy.
        stage: "shadow", "canary" or "probation".
        evidence: since that stage began.

    Raises:
        RolloutError: nothing climbs in this stage, or the series of losses differ in length.
        EvaluationError: a loss is negative or not finite, or a rate lies outside [0, 1].
    """
    decide = _STAGES.get(stage)
    if decide is None:
        raise RolloutError(f"stage {stage!r} has no evidence to judge; a candidate is in {', '.join(_STAGES)}")
    for pair in ((evidence.candidate, evidence.champion), *evidence.slices.values()):
        if not pair[0].shape == pair[1].shape == evidence.candidate.shape:
            raise RolloutError(
                f"{pair[0].size} losses of the candidate but {pair[1].size} to compare with, on "
                f"{evidence.candidate.size} ticks; give those of the same ticks"
            )
    return decide(ladder, evidence)


def comparison_alpha(ladder: Ladder, guarded: bool) -> float:
    """What the comparison of mean losses in shadow may spend: half of the stage's where something else is tested."""
    return ladder.alpha / STAGES / (2 if guarded else 1)


def _shadow(ladder: Ladder, evidence: Evidence) -> Step:
    """Up on evidence that the candidate is better, back on evidence that it is worse, somewhere or everywhere."""
    tests = len(evidence.slices) + (evidence.differences is not None)
    alpha = comparison_alpha(ladder, tests > 0)
    last = ladder.maximum_ticks if ladder.on_inconclusive == "back" else evidence.candidate.size
    pair = evidence.candidate[:last], evidence.champion[:last]
    result = compared(ladder, pair, alpha, ladder.minimum_ticks)
    numbers, planned = figures(ladder, result, alpha)
    harm = min(_harms(ladder, evidence, last, alpha / max(tests, 1)), default=None)
    if harm and (not result.decided or harm[0] <= result.decided):
        return Step("rolled_back", harm[1], numbers | {"decided": float(harm[0])})
    seen = f"{difference(result)} the champion's{planned}"
    if result.verdict == "better":
        return Step("canary", f"better: {seen}", numbers)
    if result.verdict == "worse":
        return Step("rolled_back", f"worse: {seen}", numbers)
    if evidence.ticks < ladder.maximum_ticks or ladder.on_inconclusive == "wait":
        return Step("stay", f"undecided: {seen}", numbers)
    return Step("rolled_back", f"inconclusive: {seen}", numbers)


def _harms(ladder: Ladder, evidence: Evidence, last: int, alpha: float) -> Iterator[tuple[int, str]]:
    """Each harm beside the mean loss that is proven: the tick after which it was, and what it is, in words."""
    for name, series in evidence.slices.items():
        candidate, champion = series[0][:last], series[1][:last]
        seen = np.flatnonzero(~(np.isnan(candidate) | np.isnan(champion)))
        allowed: Pair = candidate[seen], champion[seen] * (1.0 + ladder.slice_tolerance)
        # One direction is tested, so both halves of a two-sided test's error go to it; "better" ends nothing.
        result = compared(ladder, allowed, 2 * alpha, last + 1)
        if result.verdict == "worse":
            at = int(seen[result.decided - 1]) + 1
            change = result.ratio.value * (1.0 + ladder.slice_tolerance) - 1.0
            yield at, f"worse in slice {name}: after {at} ticks mean loss {change:+.1%} against the champion's"
    if evidence.differences is not None:
        apart = evidence.differences[:last]
        at, _ = exceeds(apart, ladder.disagreement, low=0.0, high=1.0, alpha=alpha)
        if at:
            mean = float(apart[:at].mean())
            yield at, f"answers lie {mean:.0%} apart after {at} ticks; up to {ladder.disagreement:.0%} is allowed"


def _probation(ladder: Ladder, evidence: Evidence) -> Step:
    """Back on evidence that what is live now is worse than its predecessor.

    A test over everything would be slow to see a release that turns bad after a good start, so another one
    begins with every further burn-in; they share the stage's alpha.
    """
    last = ladder.probation_ticks
    starts = range(0, max(last - ladder.burn_in, 0) + 1, ladder.burn_in)
    # One direction is tested, so both halves of a two-sided test's error go to it; "better" ends nothing.
    alpha = 2 * ladder.alpha / STAGES / len(starts)
    pairs = [(evidence.candidate[start:last], evidence.champion[start:last]) for start in starts]
    results = [compared(ladder, pair, alpha, last + 1) for pair in pairs]
    worse = [(start + each.decided, each) for start, each in zip(starts, results, strict=True) if each.decided]
    result = min(worse, key=lambda found: found[0])[1] if worse else results[0]
    numbers, planned = figures(ladder, result, alpha)
    seen = f"{difference(result)} its predecessor's{planned}"
    left = last - results[0].ticks
    if worse:
        return Step("rolled_back", f"worse: {seen}", numbers)
    if left <= 0:
        return Step("finished", f"no evidence of harm: {seen}", numbers)
    return Step("stay", f"{left} ticks of probation left: {seen}", numbers)


def _canary(ladder: Ladder, evidence: Evidence) -> Step:
    """Back on evidence of harm in what only exposure changes, against the concurrent control.

    A candidate that waits for people's approval or for drills stays exposed, so it is judged for as long as it waits.
    """
    alpha = ladder.alpha / STAGES
    found, numbers = harms(
        evidence.rates,
        evidence.levels,
        ticks=max(ladder.canary_ticks, evidence.ticks) if ladder.approvals or ladder.drilled else ladder.canary_ticks,
        scale=ladder.canary_ticks,
        alpha=alpha,
        rate_tolerance=ladder.rate_tolerance,
        level_tolerance=ladder.level_tolerance,
        slower=evidence.slower,
    )
    numbers |= {"ticks": float(evidence.ticks), "alpha": alpha}
    if found:
        return Step("rolled_back", f"harm: {'; '.join(found)}", numbers)
    if evidence.ticks < ladder.canary_ticks:
        return Step("stay", f"{ladder.canary_ticks - evidence.ticks} ticks of canary left, no harm seen", numbers)
    missing = ladder.approvals - evidence.approvals
    if missing > 0:
        return Step("stay", f"no evidence of harm; waits for {missing} more approval{'s' * (missing > 1)}", numbers)
    if evidence.unproven:
        return Step("stay", f"no evidence of harm; waits: {evidence.unproven}", numbers)
    judged = ", ".join([*evidence.rates, *evidence.levels, *(["latency"] * (evidence.slower is not None))]) or "nothing"
    return Step("probation", f"no evidence of harm in {ladder.canary_ticks} ticks ({judged} judged)", numbers)


_STAGES: Mapping[str, Callable[[Ladder, Evidence], Step]] = {
    "shadow": _shadow,
    "canary": _canary,
    "probation": _probation,
}
