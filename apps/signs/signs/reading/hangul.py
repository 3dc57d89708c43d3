"""Hangul, which the recogniser does not know: telling it from the recogniser's doubts, and reading it elsewhere.

It is read by an installed tesseract that has `kor`, or not at all.
"""

import json
import math
import shutil
import subprocess
from collections.abc import Sequence
from importlib.resources import files
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.reading.recognition import Reading

SECONDS = 5.0  # for one crop
PROGRAM = "tesseract"
TABLE = "hangul.json"


class HangulProbe:
    """Tells Hangul by what the recogniser takes its syllables for: signs like `|` and `吾`, and mostly nothing.

    A logistic regression on the square root of the share that each of two hundred characters has in all that the
    recogniser believes to see, and of how much that is for the crop's width. Fitted by `signs.probing` on rendered
    words; its module says how well it tells.
    """

    def __init__(self, characters: Sequence[str], table: bytes | None = None) -> None:
        """Use this table, or the one that comes with the package.

        Args:
            characters: of each index of the recogniser's output.
            table: JSON with `characters`, `weights`, `filled` and `bias`.
        """
        content = json.loads(table if table is not None else files("signs.reading").joinpath(TABLE).read_bytes())
        places = {character: place for place, character in enumerate(characters)}
        known = [place for place, character in enumerate(content["characters"]) if character in places]
        self._places = np.array([places[content["characters"][place]] for place in known], np.intp)
        self._weights = np.array(content["weights"], np.float64)[known]
        self._filled = float(content["filled"])
        self._bias = float(content["bias"])

    def __call__(self, probabilities: NDArray[np.float32], ratio: float) -> float:
        """The probability that a crop shows Hangul.

        Args:
            probabilities: of one crop, shape `(columns, characters)`.
            ratio: of the crop's width to its height.
        """
        shares, filled = signature(probabilities, ratio)
        logit = float(np.sqrt(shares[self._places]) @ self._weights) + self._filled * math.sqrt(filled) + self._bias
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


def signature(probabilities: NDArray[np.float32], ratio: float) -> tuple[NDArray[np.float64], float]:
    """What a recogniser believes to see: each character's share of it, and how much it is, in [0, 1].

    Args:
        probabilities: of one crop, shape `(columns, characters)`; the first character is the blank.
        ratio: of the crop's width to its height.
    """
    seen = probabilities.sum(0, dtype=np.float64)
    seen[0] = 0.0
    total = float(seen.sum())
    return seen / (total + 1e-6), min(total / (2 * max(ratio, 0.1)), 1.0)


class ReadsHangul(Protocol):
    """Reads one crop of Hangul."""

    def __call__(self, crop: NDArray[np.uint8]) -> Reading | None:
        """What it says, or None where that cannot be told.

        Args:
            crop: RGB, upright, shape `(48, width, 3)`.
        """


class Tesseract:
    """Reads crops with an installed tesseract, one process a crop."""

    def __init__(self, program: str, seconds: float = SECONDS) -> None:
        """Use this program.

        Args:
            program: path of tesseract.
            seconds: that one crop may take; after that it counts as unreadable.
        """
        self._program = program
        self._seconds = seconds

    def __call__(self, crop: NDArray[np.uint8]) -> Reading | None:
        """What the crop says; None where tesseract read nothing, failed, or took too long."""
        grey = cv2.copyMakeBorder(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), 12, 12, 12, 12, cv2.BORDER_REPLICATE)
        written, content = cv2.imencode(".png", grey)
        if not written:
            return None
        command = [self._program, "stdin", "stdout", "-l", "kor", "--psm", "7", "tsv"]
        try:
            done = subprocess.run(  # noqa: S603 - the tesseract that was found, and no text of the frame
                command, input=content.tobytes(), capture_output=True, timeout=self._seconds, check=True
            )
        except (OSError, subprocess.SubprocessError):
            return None
        return words(done.stdout.decode("utf-8", "replace"))


def installed() -> Tesseract | None:
    """The tesseract on the path, or None where it is missing or has no `kor`."""
    program = shutil.which(PROGRAM)
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603 - the tesseract that was found
            [program, "--list-langs"], capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return Tesseract(program) if b"kor" in done.stdout.split() + done.stderr.split() else None


def words(table: str) -> Reading | None:
    """The words of tesseract's table (TSV: the confidence in per cent before the text) as one reading."""
    texts: list[str] = []
    scores: list[float] = []
    for row in table.splitlines()[1:]:
        fields = row.split("\t")
        if len(fields) < 12 or not fields[11].strip() or float(fields[10]) < 0:
            continue
        word = fields[11].strip() if not texts else f" {fields[11].strip()}"
        texts.append(word)
        scores += [float(fields[10]) / 100] * len(word)
    if not texts:
        return None
    probabilities = np.array(scores, np.float32)
    certain = np.clip(probabilities, 1e-6, 1 - 1e-6)
    entropy = float(-(certain * np.log(certain) + (1 - certain) * np.log(1 - certain)).mean())
    return Reading("".join(texts), probabilities, entropy)
