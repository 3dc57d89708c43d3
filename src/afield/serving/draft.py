"""A draft: an answer before it is given, to the client who asked or to the next who asks the same."""

from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from afield.records.decision import Override
from afield.records.traffic import Decision, Mode
from afield.serving.inference import Outputs
from afield.serving.product import Observation
from afield.serving.scoring import NOBODY
from afield.serving.situation import Situation


class Decided(msgspec.Struct, frozen=True):
    """What would be said of a key, decided; who asks and when changes only its name and its age.

    Attributes:
        arm: champion or challenger.
        assignment: probability with which the unit was given this arm.
        mode: for the unit.
        release: digest of the release that said it, "baseline" or "none".
        applied: what acted so far, in order (`afield.records.applied`).
        output: the numbers, by name.
        interval: predictive interval, or None.
        reason: one line that a person can read.
        forecast: name of the tick forecast that it rests on, or "".
        rows: version of the feature rows that it rests on, or "".
        tick: of those rows, or None where there are none.
        as_of: moment up to which their facts are known, or None.
        took: seconds that it took to make, or None where that was not measured.
    """

    arm: str
    assignment: float
    mode: Mode
    release: str
    applied: tuple[str, ...]
    output: dict[str, float]
    interval: tuple[float, float] | None
    reason: str
    forecast: str
    rows: str
    tick: datetime | None
    as_of: datetime | None
    took: float | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What was found in a request and what a release says of it; concluded once the answer has its name.

    Attributes:
        arm, assignment, mode: as of `Decided`.
        release: digest of the release that said it, "baseline" or "none".
        applied: what acted so far, in order (`afield.records.applied`).
        found: what was found, or None where nobody can look at the request.
        outputs: what the release says of each thing found; name → shape `(n,)`.
        held: overrides in force.
        took: as of `Decided`.
    """

    arm: str
    assignment: float
    mode: Mode
    release: str
    applied: tuple[str, ...]
    found: Observation | None
    outputs: Outputs
    held: tuple[Override, ...]
    took: float | None = None


Draft = Decided | Observed


def timed(draft: Draft, seconds: float) -> Draft:
    """The draft with how long it took to make."""
    return msgspec.structs.replace(draft, took=seconds) if isinstance(draft, Decided) else replace(draft, took=seconds)


def decided(
    seen: Situation,
    key: str,
    standing: tuple[str, float, Mode],
    decision: Decision,
    release: str,
    applied: tuple[str, ...],
    interval: tuple[float, float] | None,
) -> Decided:
    """The draft of an answer about a key; `standing` is its arm, the arm's probability and the mode."""
    rows, known = seen.rows, release != NOBODY
    arm, assignment, mode = standing
    return Decided(
        arm=arm,
        assignment=assignment,
        mode=mode,
        release=release,
        applied=applied,
        output=decision.output,
        interval=interval,
        reason=decision.reason,
        forecast=f"{seen.tick}:{key}:{release}" if known else "",
        rows=rows.version if rows and known else "",
        tick=rows.tick if rows else None,
        as_of=rows.as_of if rows else None,
    )
