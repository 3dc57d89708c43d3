"""The ladder as values: the policy of a climb, the evidence of a stage, and the step that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afield.errors import UsageError

Floats = NDArray[np.float64]
Pair = tuple[Floats, Floats]
To = Literal["stay", "canary", "probation", "finished", "rolled_back"]

SHARPEST = 5
"""Burn-ins after which the test is sharpest."""
STAGES = 3
"""The false-alarm rate of the whole climb is split evenly over so many stages."""


@dataclass(frozen=True, slots=True)
class Ladder:
    """How a candidate climbs: shadow → canary → probation → finished, or back.

    Attributes:
        effect: relative difference in mean loss that is worth finding; the power calculation is for it.
        alpha: chance that a candidate as good as the champion is ever aborted, or ever promoted from shadow,
            over the whole climb, all measures and all looks.
        power: probability of finding the effect within the calculated ticks.
        burn_in: ticks before the first look; at least a day's, so that a daily cycle is seen whole.
        minimum_ticks: ticks in shadow before a promotion.
        maximum_ticks: ticks in shadow after which the evidence counts as inconclusive.
        slice_tolerance: rise of a slice's mean loss over the champion's that is still no harm, relative.
        disagreement: mean difference of the answers, as a share of both together, that is still no harm; in (0, 1).
        canary_share: share of units × time blocks that the candidate answers in canary.
        canary_block: length of such a block, seconds.
        canary_ticks: ticks in canary, if no harm is seen.
        rate_tolerance: rise of a rate (guards, fallbacks) over the control that is still no harm, absolute.
        level_tolerance: difference of a decision measure from the control that is still no harm, relative.
        latency_ratio: how many times as long as the control's concurrent answers the candidate's may take; above 1.
        probation_ticks: ticks for which the predecessor is still compared after the candidate went live.
        on_inconclusive: after `maximum_ticks` in shadow, go "back" or "wait".
        approvals: how many people, other than who offered it, must approve before a candidate goes live.
        drilled: whether the drills of the hazard register must have passed, with the code that runs, before a
            candidate goes live.
    """

    effect: float = 0.1
    alpha: float = 0.05
    power: float = 0.95
    burn_in: int = 24
    minimum_ticks: int = 48
    maximum_ticks: int = 336
    slice_tolerance: float = 0.1
    disagreement: float = 0.5
    canary_share: float = 0.1
    canary_block: int = 7200
    canary_ticks: int = 24
    rate_tolerance: float = 0.01
    level_tolerance: float = 0.25
    latency_ratio: float = 2.0
    probation_ticks: int = 72
    on_inconclusive: Literal["back", "wait"] = "back"
    approvals: int = 0
    drilled: bool = False

    def __post_init__(self) -> None:
        """Refuse what can be no ladder.

        Raises:
            UsageError: names the field, and what it may be.
        """
        shares = {name: getattr(self, name) for name in ("effect", "alpha", "power", "disagreement")}
        for name, value in shares.items():
            if not 0 < value < 1:
                raise UsageError(f"Ladder({name}={value}): give a number between 0 and 1, both excluded")
        if not 1 < self.latency_ratio < np.inf:
            raise UsageError(f"Ladder(latency_ratio={self.latency_ratio}): give a number above 1")
        if self.approvals < 0 or not 0 < self.burn_in <= self.minimum_ticks <= self.maximum_ticks:
            raise UsageError(
                f"Ladder(burn_in={self.burn_in}, minimum_ticks={self.minimum_ticks}, "
                f"maximum_ticks={self.maximum_ticks}, approvals={self.approvals}): ticks are positive and grow in this "
                "order; approvals are 0 or more"
            )


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen since the stage began, in the order of the ticks.

    Attributes:
        ticks: ticks that passed since the stage began, whether or not their outcomes are known.
        candidate: mean loss of the candidate per tick whose outcomes are known, shape `(n,)`.
        champion: mean loss on the same ticks of what it is compared with: the champion in shadow, the
            predecessor in probation.
        slices: shadow: name → (candidate, champion), mean losses of the slice's rows on the same ticks, shape `(n,)`;
            NaN on ticks without any.
        differences: shadow: how far the two answer apart per tick, as a share of both together, in [0, 1]; shape
            `(n,)`. None: it is not judged.
        rates: canary: name → (treated, control), each a rate per tick in [0, 1]; NaN where no traffic was.
        levels: canary: name → (treated, control), each a decision measure ≥ 0 per tick; NaN as above.
        slower: canary: per tick, the share of pairs of an answer of each arm in which the candidate's took more than
            `latency_ratio` times as long, in [0, 1]; NaN where no traffic was. None: it was not measured.
        approvals: how many people approved the candidate, besides who offered it.
        unproven: canary: why the drills do not speak for the code that runs; "" where they do, or need not.
    """

    ticks: int
    candidate: Floats = field(default_factory=lambda: np.empty(0))
    champion: Floats = field(default_factory=lambda: np.empty(0))
    slices: Mapping[str, Pair] = field(default_factory=dict)
    differences: Floats | None = None
    rates: Mapping[str, Pair] = field(default_factory=dict)
    levels: Mapping[str, Pair] = field(default_factory=dict)
    slower: Floats | None = None
    approvals: int = 0
    unproven: str = ""


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
