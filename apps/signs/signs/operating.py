"""How signs operates: a frame comes in, its lines are read, and each is shown, shown with a question mark, or not."""

from collections.abc import Mapping
from datetime import timedelta

from afield.application import Designs, Monitoring, Operate
from afield.mitigation.guards import clamp
from afield.monitoring.alarms import Budget
from afield.monitoring.estimation import Estimated
from afield.monitoring.performance import Performance
from afield.monitoring.quality import Quality
from afield.retraining.triggers import after, any_of, every
from afield.rollout.ladder import Ladder
from afield.selection.strategies import Selection
from afield.serving.asking import Asked
from afield.serving.designs import Ahead
from afield.serving.product import FromInput
from afield.serving.static import Edition
from afield.telemetry.expected import Expectation
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import MinimumGroup
from signs.asking import ASK
from signs.concluding import conclude, infer, observe, observed_rows
from signs.frames import LARGEST_BYTES
from signs.kit import prepare
from signs.recalling import KnownSigns
from signs.sights import LineFact, Sight, VerdictFact, resolve, sample, seen
from signs.slicing import SLICES

STEP = timedelta(minutes=30)
CHUNK = timedelta(hours=6)
DAY = timedelta(days=1)
SELECTION = Selection(
    budget=40,
    shares={"random": 0.4, "uncertain": 0.3, "disagreeing": 0.1, "rare": 0.2},
    groups=("script", "language"),
)
"""Forty lines a day that a reviewer looks at: what travellers did not answer for, and what they contested."""


def operate(_options: Mapping[str, str]) -> Operate:
    """Signs in operation."""
    return Operate(
        asked=Asked(route="read", request=Sight, resolve=resolve, sample=sample, largest=LARGEST_BYTES * 4 // 3 + 4096),
        facts={"line": LineFact, "verdict": VerdictFact},
        private=("device", "unit"),
        infer=infer,
        decision=FromInput(observe=observe, conclude=conclude),
        prepare=prepare,
        neutral={"lines": 0.0, "shown": 0.0},
        baseline="mean_score",
        output="confidence",
        loss="squared_error",
        pages="signs:pages/phone",
        step=STEP,
        stale_after=DAY,
        guards=(clamp("confidence", 0.0, 1.0),),
        slices=SLICES,
        felt="shown",
        telemetry=Policy(
            name="everything", share=1.0, minimum_group=MinimumGroup(by=("tick",), size=10, person="unit")
        ),
        outcomes=Expectation(window=7 * DAY, low=0.0, high=1.0),
        monitoring=Monitoring(
            monitors=(
                Performance(
                    loss="squared_error",
                    truth="truth",
                    forecast="confidence",
                    tick="tick",
                    threshold=0.25,
                    burn_in=16,
                    restart=24,
                ),
                Quality(columns=("confidence",), ranges={"confidence": (0.0, 1.0)}),
                Estimated(columns=("confidence",), loss="squared_error", forecast="confidence"),
            ),
            delay=STEP,
            chunk=CHUNK,
            # What speaks of loss spends most of the budget; an estimate raises nothing.
            budget=Budget(weights={"quality": 0.1, "estimated": 0.01}),
        ),
        selection=SELECTION,
        retraining=any_of(after(alerts=1, monitors=("performance",), cooldown=DAY, wait=1.75 * DAY), every(28 * DAY)),
        rollout=Ladder(
            effect=0.2,
            burn_in=12,
            minimum_ticks=24,
            maximum_ticks=192,
            canary_ticks=12,
            probation_ticks=24,
            level_tolerance=0.6,
            rate_tolerance=0.05,
            canary_share=0.25,
            canary_block=3600,
            drilled=True,
        ),
        designs=Designs(
            ahead=Ahead(slots=0, fresh=DAY, recall=KnownSigns(seen, observed_rows)),
            ask=ASK,
            static=Edition(slim="signs.glasses:slim", memory=288 * 2**20, seconds=0.15),
        ),
    )
