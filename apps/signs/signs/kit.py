"""The kit of a release: its reader, its languages and its phrases, made once as it is opened."""

from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.serving.inference import Parts
from signs.language.classify import languages
from signs.reading.chain import Reader
from signs.reading.hangul import installed
from signs.records import Language, Line, Place, Translation
from signs.translation.book import Book
from signs.translation.dictionaries import Words
from signs.translation.engine import Translates, in_turn

CHARACTERS, PHRASES, WORDS = "characters.json", "phrases.json", "words.bin"
TWIN: dict[Language, Language] = {"ja": "zh", "zh": "ja"}


@dataclass(frozen=True, slots=True)
class Found:
    """A line with what it may mean.

    Attributes:
        line: as it was read.
        language: of the text, as far as script, words, place and the other lines tell.
        language_sure: the probability of that; 1 where the other likely language gives the same English.
        translation: or None where nobody knows.
    """

    line: Line
    language: Language
    language_sure: float
    translation: Translation | None


class Network:
    """A part of a release as the reader runs it."""

    def __init__(self, parts: Parts, name: str) -> None:
        """Run the part called `name`."""
        self._part = parts[name]

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        """The output for one batch."""
        return self._part.tensor(inputs)


class Kit:
    """Reads frames and translates lines with the parts and tables of one release."""

    def __init__(self, parts: Parts, characters: tuple[str, ...], translate: Translates) -> None:
        """Work with these."""
        self.reader = Reader(Network(parts, "detection"), Network(parts, "recognition"), characters, installed())
        self.translate = translate
        self._classifier = parts["language"]

    def understood(self, lines: tuple[Line, ...], place: Place | None) -> tuple[Found, ...]:
        """The lines of one frame with their languages and translations."""
        told = languages(lines, place, self._classifier)
        return tuple(self._found(line, *each) for line, each in zip(lines, told, strict=True))

    def _found(self, line: Line, language: Language, sure: float) -> Found:
        if not line.readable:
            return Found(line, language, sure, None)
        english = self.translate(line.text, language)
        # Chinese characters alone may be either language: where both say the same, that does not matter.
        if english is not None and line.script == "han" and language in TWIN:
            twin = self.translate(line.text, TWIN[language])
            if twin is not None and twin.english.casefold() == english.english.casefold():
                return Found(line, language, 1.0, english)
        return Found(line, language, sure, english)


def prepare(parts: Parts, read: Callable[[str], bytes]) -> Kit:
    """The kit of a release."""
    characters = tuple(msgspec.json.decode(read(CHARACTERS), type=list[str]))
    return Kit(parts, characters, in_turn(Book.opened(read(PHRASES)), Words.opened(read(WORDS))))
