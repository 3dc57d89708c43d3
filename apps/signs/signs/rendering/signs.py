"""What stands on a sign before it is drawn, and what is true of it once it has been photographed."""

import random
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signs.records import Language

HOLE = re.compile(r"\{(\d)\}")
NUMBERS = ("2", "3", "5", "7", "10", "12", "15", "20", "30", "50", "100", "120", "150", "200", "300", "500", "800")


@dataclass(frozen=True, slots=True)
class Text:
    """One line of a sign.

    Attributes:
        text: as it is drawn.
        language: it is written in.
        english: accepted renderings; () where the text is in no phrasebook and no dictionary.
    """

    text: str
    language: Language
    english: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sign:
    """Lines that stand on one plate, from top to bottom or, where vertical, as columns from right to left."""

    texts: tuple[Text, ...]
    vertical: bool = False


@dataclass(frozen=True, slots=True)
class TrueLine:
    """One line as it stands in a picture.

    Attributes:
        text, language, english: as in `Text`.
        box: its corners in the picture, shape `(4, 2)` as `(x, y)`, clockwise from the corner before the first
            character, as in `signs.records.Line`.
        vertical: whether it runs from top to bottom.
    """

    text: str
    language: Language
    english: tuple[str, ...]
    box: NDArray[np.float32]
    vertical: bool


def texts(
    language: Language, phrases: Iterable[tuple[Sequence[str], Sequence[str]]], seed: int = 0
) -> tuple[Text, ...]:
    """Every spelling of phrases as a text that can be drawn; the placeholders `{1}`… become numbers.

    Args:
        language: of the phrases.
        phrases: spellings and accepted renderings of each; a rendering counts for the spellings that have its
            placeholders.
        seed: of the numbers.

    >>> texts("ja", [(("約{1}m",), ("About {1} m",))])[0].english
    ('About 150 m',)
    """
    generator = random.Random(seed)  # noqa: S311 - the numbers on generated signs are no secret
    found = []
    for spellings, renderings in phrases:
        for spelling in spellings:
            holes = sorted(set(HOLE.findall(spelling)))
            numbers = {hole: generator.choice(NUMBERS) for hole in holes}
            english = tuple(filled(each, numbers) for each in renderings if set(HOLE.findall(each)) <= set(holes))
            found.append(Text(filled(spelling, numbers), language, english))
    return tuple(found)


def filled(text: str, numbers: dict[str, str]) -> str:
    """The text with numbers in the place of its placeholders."""
    return HOLE.sub(lambda hole: numbers[hole[1]], text)
