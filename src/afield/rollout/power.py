"""The power calculation that is told before a climb: how many ticks it may take, at the noise of the reference."""

from dataclasses import dataclass, replace

import numpy as np

from afield.rollout.comparing import compared, needed
from afield.rollout.judging import comparison_alpha
from afield.rollout.ladder import Floats, Ladder
from afield.statistics.looks import NORMAL
from afield.statistics.sequential import TAILS


@dataclass(frozen=True, slots=True)
class Plan:
    """How long it takes to find the effect that is worth finding.

    Attributes:
        ticks: after so many, a candidate whose mean loss differs by the effect has been found out, with the ladder's
            power; 0: too few ticks of reference to tell.
        effect, power: of the ladder.
        alpha: error of the comparison, over all looks and both directions.
        deviation: standard deviation of one tick's relative difference in the reference.
        autocorrelation: of that difference between neighbouring ticks.
        reference: ticks that noise was estimated on.
        longest: ticks after which the ladder calls the evidence inconclusive.
    """

    ticks: int
    effect: float
    power: float
    alpha: float
    deviation: float
    autocorrelation: float
    reference: int
    longest: int

    def numbers(self) -> dict[str, float]:
        """What the ledger keeps of it, finite."""
        named = {
            "required_ticks": float(self.ticks or np.nan),
            "effect": self.effect,
            "power": self.power,
            "alpha": self.alpha,
            "deviation": self.deviation,
            "autocorrelation": self.autocorrelation,
            "reference_ticks": float(self.reference),
        }
        return {name: value for name, value in named.items() if np.isfinite(value)}

    def words(self) -> str:
        """The plan in a line."""
        if not self.ticks:
            return (
                f"power: {self.reference} ticks of reference are too few to plan with; the calculation follows once "
                "the candidate has been compared in shadow for as long as the burn-in"
            )
        line = (
            f"power: a mean loss that differs by {self.effect:.0%} is found with {self.power:.0%} probability within "
            f"{self.ticks} ticks of shadow, at the noise of {self.reference} ticks of reference"
        )
        if self.ticks <= self.longest:
            return line
        return f"{line}; the ladder waits for {self.longest} alone, so a smaller difference may end inconclusive"


def plan(ladder: Ladder, candidate: Floats, champion: Floats) -> Plan:
    """The power calculation from losses per tick of the two on a reference window, in order.

    The noise of the reference is itself an estimate, so it is raised by one standard error.

    Source: the test's own width, `afield.statistics.sequential.required_ticks`; simulated in the tests.

    Args:
        ladder: the policy.
        candidate: mean loss per tick, shape `(n,)`.
        champion: mean loss on the same ticks, shape `(n,)`.

    Raises:
        EvaluationError: the lengths differ, or a loss is negative or not finite.
    """
    alpha = comparison_alpha(ladder, guarded=True)
    result = compared(ladder, (candidate, champion), alpha, ladder.minimum_ticks)
    independent = result.ticks * (1.0 - result.autocorrelation) / (1.0 + result.autocorrelation) * NORMAL / TAILS
    raised = result.deviation * (1.0 + 1.0 / np.sqrt(2.0 * max(independent, 1.0)))
    return Plan(
        ticks=needed(ladder, replace(result, deviation=float(raised)), alpha),
        effect=ladder.effect,
        power=ladder.power,
        alpha=alpha,
        deviation=result.deviation,
        autocorrelation=result.autocorrelation,
        reference=result.ticks,
        longest=ladder.maximum_ticks,
    )
