"""The languages of the lines of a frame, each with its probability."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from signs.language.features import rows
from signs.records import LANGUAGES, Language, Line, Place


class Classifies(Protocol):
    """The fitted part `language` of a release: an output for each of `LANGUAGES`."""

    def run(self, matrix: NDArray[np.float32], /) -> Mapping[str, NDArray[np.float64]]:
        """Language → probabilities of shape `(n,)` for inputs of shape `(n, columns)`."""
        ...


def languages(lines: Sequence[Line], place: Place | None, classifier: Classifies) -> tuple[tuple[Language, float], ...]:
    """The likeliest language of each line of one frame, and its probability."""
    return tuple(max(shares.items(), key=lambda share: share[1]) for shares in probabilities(lines, place, classifier))


def probabilities(
    lines: Sequence[Line], place: Place | None, classifier: Classifies
) -> tuple[dict[Language, float], ...]:
    """The probability of each language for each line of one frame.

    A line without text, for its script cannot be read, is Korean where it is Hangul, and `other` else.
    """
    read = [line.text for line in lines if line.text]
    outputs = classifier.run(rows(read, place)) if read else {}
    numbers = zip(*(outputs[language].tolist() for language in LANGUAGES), strict=True) if read else iter(())
    return tuple(dict(zip(LANGUAGES, next(numbers), strict=True)) if line.text else _unread(line) for line in lines)


def _unread(line: Line) -> dict[Language, float]:
    return {language: float(language == ("ko" if line.script == "hangul" else "other")) for language in LANGUAGES}
