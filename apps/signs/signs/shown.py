"""One line of an answer as the traveller has it before the eyes."""

from collections.abc import Iterable

import msgspec

from afield.records.traffic import Mode


class Shown(msgspec.Struct, frozen=True):
    """A line of an answer's content; fields that only other readers need are left out.

    Attributes:
        id: of the line.
        box: its four corners in pixels of the upright frame, clockwise.
        text: as it was read, "" where the script cannot be read.
        mode: `automate`: the English is shown; `prompt`: with a question mark; `off`: the reading alone.
        english: what is shown in English, or None.
        reason: one line on why.
    """

    id: str
    box: tuple[tuple[float, float], ...]
    text: str
    mode: Mode
    english: str | None = None
    reason: str = ""


def shown(content: Iterable[object]) -> tuple[Shown, ...]:
    """The lines of an answer's content.

    Raises:
        msgspec.ValidationError: an item is no line.
    """
    return tuple(msgspec.convert(item, Shown) for item in content)
