"""The kit of a release: its reader, its languages and its phrases, made once as it is opened."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.records.traffic import Mode
from afield.serving.inference import Parts
from signs.language.classify import probabilities
from signs.reading.chain import Reader
from signs.reading.hangul import installed
from signs.records import Language, Line, Place, Translation
from signs.translation.engine import Translates, translator

CHARACTERS, PHRASES, WORDS = "characters.json", "phrases.json", "words.bin"
LEAST = 0.05
"""Probability from which a language is asked what a text means."""
ENGLISH = 0.7
"""Probability from which a text counts as English, and needs no translation."""
CERTAIN = "certain"
"""Constant of the part `confidence`: the confidence from which a line's conformal set is "read right" alone."""
SILENT = 0.1
"""How much the probability of languages that do not know the text speaks against those that do."""


@dataclass(frozen=True, slots=True)
class Found:
    """A line with what it may mean.

    Attributes:
        line: as it was read.
        language: of the text, as far as script, words, place and the other lines tell.
        language_sure: how sure the translation is as far as the language goes.
        translation: or None where nobody knows.
        certain: the confidence from which it is certain that the line was read right; 0 where none was fitted.
        most: what it may be shown as at most, by the modes that people set for slices of lines.
    """

    line: Line
    language: Language
    language_sure: float
    translation: Translation | None
    certain: float = 0.0
    most: Mode = "automate"


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

    def __init__(self, parts: Parts, characters: tuple[str, ...], translate: Translates, certain: float = 0.0) -> None:
        """Work with these; lines are certain from the confidence `certain`."""
        self.reader = Reader(Network(parts, "detection"), Network(parts, "recognition"), characters, installed())
        self.translate, self.certain = translate, certain
        self._classifier = parts["language"]

    def understood(self, lines: tuple[Line, ...], place: Place | None) -> tuple[Found, ...]:
        """The lines of one frame with their languages and translations."""
        told = probabilities(lines, place, self._classifier)
        return tuple(self._found(line, shares) for line, shares in zip(lines, told, strict=True))

    def _found(self, line: Line, shares: Mapping[Language, float]) -> Found:
        """A line in the language whose phrase or word it most likely is.

        Chinese characters alone, or a word of Latin letters, may be several languages. One that knows the text speaks
        for itself; one that does not says nothing against it; one that says something else does.
        """
        likeliest = max(shares, key=lambda language: shares[language])
        if not line.readable or (likeliest == "en" and shares["en"] >= ENGLISH):
            return Found(line, likeliest, shares[likeliest], None, self.certain)
        known = {
            language: english
            for language, share in shares.items()
            if share >= LEAST and (english := self.translate(line.text, language)) is not None
        }
        if not known:
            return Found(line, likeliest, shares[likeliest], None, self.certain)
        language = max(known, key=lambda each: shares[each] * known[each].sure)
        same = known[language].english.casefold()
        against = sum(shares[each] for each, english in known.items() if english.english.casefold() != same)
        silent = sum(share for each, share in shares.items() if each not in known)
        return Found(line, language, 1.0 - against - SILENT * silent, known[language], self.certain)


def prepare(parts: Parts, read: Callable[[str], bytes]) -> Kit:
    """The kit of a release, or of the parts that read and translate alone, before any confidence was fitted."""
    characters = tuple(msgspec.json.decode(read(CHARACTERS), type=list[str]))
    certain = parts["confidence"].constants.get(CERTAIN, 0.0) if "confidence" in parts else 0.0
    return Kit(parts, characters, translator(read(PHRASES), read(WORDS)), certain)
