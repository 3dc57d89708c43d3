"""What a generated traveller does about an answer: taps, edits, takes the picture again, or nothing.

The traveller knows what stands on the sign, as a person does who asks somebody or sees the door behind it, and what
the answer shows; never what the model thought of it. The probabilities are assumptions, stated in `Habits`.
"""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from afield.evaluation.texts import folded
from signs.rendering.signs import TrueLine
from signs.shown import Shown

How = Literal["tapped_right", "tapped_wrong", "edited", "retaken"]
OVERLAP = 0.3
ENDS = ".。!?…:"


@dataclass(frozen=True, slots=True)
class Habits:
    """How likely a traveller does what.

    Attributes:
        notices: sees that a shown line is wrong, and acts.
        notices_asked: the same, where the line carries a question mark.
        notices_reading: the same, where the reading stands alone, without English.
        edits, taps: shares of those acts; the rest takes the picture again, at most once a frame.
        confirms: taps "right" on a line that is right.
        confirms_asked: the same, where the line carries a question mark.
        slips: taps "wrong" on a line that is right.
        retakes_missing: takes the picture again where a line is not translated or not found, once a frame.
    """

    notices: float = 0.5
    notices_asked: float = 0.75
    notices_reading: float = 0.15
    edits: float = 0.35
    taps: float = 0.5
    confirms: float = 0.15
    confirms_asked: float = 0.5
    slips: float = 0.01
    retakes_missing: float = 0.05


@dataclass(frozen=True, slots=True)
class Act:
    """What a person did about one line.

    Attributes:
        line: id of the line.
        how: `retaken` is said of every line of the frame that carried English, right or wrong: a proxy, and no more.
        right: 1.0 right, 0.0 wrong; the value of the outcome.
        text: what stands there, where the person edited the reading.
        english: what it means, where the person edited the translation.
    """

    line: str
    how: How
    right: float
    text: str | None = None
    english: str | None = None


def act(
    truth: Sequence[TrueLine], answer: Sequence[Shown], generator: random.Random, habits: Habits | None = None
) -> tuple[Act, ...]:
    """What the traveller does about an answer; at most one act a line.

    A line is right where it was read right and its English, if there is any, is an accepted rendering; a reading
    that stands nowhere on the signs is wrong.
    """
    habits = habits or Habits()
    found = matched(truth, answer)
    acts: list[Act] = []
    again = False
    for line in answer:
        there = found.get(line.id)
        if right(line, there):
            acts.extend(_content(line, generator, habits))
        elif line.text and generator.random() < _notices(line, habits):
            how = generator.choices(("edited", "tapped_wrong", "retaken"), _shares(habits))[0]
            again = again or how == "retaken"
            acts.extend(_complaint(line, there, how))
    unhappy = len(found) < len(truth) or any(line.english is None for line in answer)
    if again or (unhappy and generator.random() < habits.retakes_missing):
        done = {each.line for each in acts}
        acts.extend(Act(line.id, "retaken", 0.0) for line in answer if line.english is not None and line.id not in done)
    return tuple(acts)


def right(line: Shown, there: TrueLine | None) -> bool:
    """Whether what is shown of a line is true, as far as a person can tell."""
    if not read_right(line, there) or there is None:
        return False
    return line.english is None or plain(line.english) in {plain(each) for each in there.english}


def read_right(line: Shown, there: TrueLine | None) -> bool:
    """Whether a line was read as it stands there."""
    return there is not None and folded(line.text) == folded(there.text)


def plain(english: str) -> str:
    """English without differences that do not count."""
    return folded(english).rstrip(ENDS)


def matched(truth: Sequence[TrueLine], answer: Sequence[Shown]) -> Mapping[str, TrueLine]:
    """The line that stands where each shown line lies, by id; nothing where their boxes overlap too little.

    Overlap is intersection over union of the boxes' outlines; the largest overlaps are matched first, each line once.
    """
    pairs = sorted(
        (
            (-share, line.id, number)
            for line in answer
            for number, there in enumerate(truth)
            if (share := overlap(np.array(line.box, np.float32), there.box)) >= OVERLAP
        ),
    )
    found: dict[str, int] = {}
    for _, identity, number in pairs:
        if identity not in found and number not in found.values():
            found[identity] = number
    return {identity: truth[number] for identity, number in found.items()}


def overlap(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    """Intersection over union of two convex outlines, each of shape `(corners, 2)`."""
    shared, _ = cv2.intersectConvexConvex(one, other)
    union = cv2.contourArea(one) + cv2.contourArea(other) - shared
    return float(shared / union) if union > 0 else 0.0


def _content(line: Shown, generator: random.Random, habits: Habits) -> list[Act]:
    draw = generator.random()
    if draw < habits.slips:
        return [Act(line.id, "tapped_wrong", 0.0)]
    confirms = habits.confirms_asked if line.mode == "prompt" else habits.confirms
    return [Act(line.id, "tapped_right", 1.0)] if line.english is not None and draw < habits.slips + confirms else []


def _complaint(line: Shown, there: TrueLine | None, how: str) -> list[Act]:
    """A line that is wrong, edited or tapped; nobody edits what stands nowhere."""
    if how == "retaken":
        return []
    if how == "edited" and there is not None:
        misread = folded(line.text) != folded(there.text)
        english = there.english[0] if there.english and not misread else None
        return [Act(line.id, "edited", 0.0, there.text if misread else None, english)]
    return [Act(line.id, "tapped_wrong", 0.0)]


def _notices(line: Shown, habits: Habits) -> float:
    if line.english is None:
        return habits.notices_reading
    return habits.notices_asked if line.mode == "prompt" else habits.notices


def _shares(habits: Habits) -> tuple[float, float, float]:
    return habits.edits, habits.taps, max(0.0, 1 - habits.edits - habits.taps)
