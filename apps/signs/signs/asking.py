"""When a device asks the cloud about a frame that it has read, and what the two answers come to."""

from collections.abc import Mapping, Sequence

import msgspec

from afield.records.traffic import Answer
from afield.serving.designs import Ask

DEADLINE = 3.0
"""Seconds that a traveller waits for a better answer; the device's own is ready by then."""
OVERLAP = 0.5
PROMPT, AUTOMATE = "prompt", "automate"

Told = Mapping[str, object]
Box = tuple[float, float, float, float]


def doubts(answer: Answer) -> str:
    """Why the cloud should be asked: a line that the device would show with a question mark."""
    unsure = sum(line.get("mode") == PROMPT for line in lines_of(answer))
    return f"{unsure} lines are not sure" if unsure else ""


def merged(here: Answer, there: Answer) -> Answer:
    """The device's answer with each line as whoever is surer of it reads it, and with the lines it did not see.

    A line keeps the id of who read it, so that what the traveller says of it reaches the release that was right or
    wrong.
    """
    others = list(lines_of(there))
    content = []
    for line in lines_of(here):
        beside = next((other for other in others if _overlap(_box(line), _box(other)) >= OVERLAP), None)
        if beside is not None:
            others.remove(beside)
        content.append(line if beside is None or _sure(line) >= _sure(beside) else beside)
    content += others
    shown = sum(line.get("mode") == AUTOMATE for line in content)
    output = {**here.output, "lines": float(len(content)), "shown": shown / len(content) if content else 0.0}
    reason = f"{len(content)} lines by the device and the cloud: {shown} sure"
    return msgspec.structs.replace(here, content=tuple(map(dict, content)), output=output, reason=reason)


def lines_of(answer: Answer) -> Sequence[Told]:
    """The lines of an answer."""
    return answer.content if isinstance(answer.content, tuple) else ()


def _sure(line: Told) -> float:
    """How sure a line is: as it is shown first, then by its confidence."""
    confidence = line.get("confidence")
    sure = confidence if isinstance(confidence, int | float) else 0.0
    return sure + (line.get("mode") == AUTOMATE) + (line.get("english") is not None)


def _box(line: Told) -> Box:
    """Left, top, right and bottom of a line."""
    corners = msgspec.convert(line.get("box"), list[tuple[float, float]])
    across, down = [x for x, _ in corners], [y for _, y in corners]
    return min(across), min(down), max(across), max(down)


def _overlap(one: Box, other: Box) -> float:
    """The area that two boxes share, as a part of the area that either has."""
    width, height = min(one[2], other[2]) - max(one[0], other[0]), min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return width * height / (areas - width * height)


ASK = Ask(doubts=doubts, deadline=DEADLINE, merge=merged)
