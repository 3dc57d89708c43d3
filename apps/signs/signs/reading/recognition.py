"""What text says: crops turned upright, read in groups of one width, and decoded to characters with probabilities."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.reading.arcs import Arc, unrolled
from signs.reading.detection import tensor

HEIGHT = 48  # of the recogniser's input
STEP = 32  # widths are rounded up to a multiple, so that crops share a call
NARROWEST = 64
WIDEST = 3200
LARGEST_CALL = 3200  # columns of one call
POINTERS = frozenset("▲△▶▷▼▽◀◁◄►➔➜➡⬅⬆⬇")
SURE = 0.9  # a reading is doubtful below this mean probability

Probe = Callable[[NDArray[np.float32], float], float]
"""Probabilities of one crop, shape `(columns, characters)`, and its width over its height → probability of Hangul."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a crop says.

    Attributes:
        text: characters in the order of reading.
        scores: probability of each, shape `(n,)`.
        entropy: mean entropy of the choices at those characters, nats; 0 without any.
        hangul: probability that the crop shows Hangul, where the text is doubtful; else 0.
    """

    text: str
    scores: NDArray[np.float32]
    entropy: float
    hangul: float = 0.0

    @property
    def score(self) -> float:
        """Mean probability of its characters; 0 without any."""
        return float(self.scores.mean()) if self.scores.size else 0.0

    def trimmed(self) -> "Reading":
        """Without spaces and arrows at either end: an arrow beside a text is a pictogram and not part of it."""
        places = [place for place, character in enumerate(self.text) if not _is_pointer(character)]
        if not places or len(self.text) != self.scores.size:
            return self if places else replace(self, text="", scores=self.scores[:0])
        first, last = places[0], places[-1] + 1
        return replace(self, text=self.text[first:last], scores=self.scores[first:last])


def cut(pixels: NDArray[np.uint8], box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """The rectangle of a frame, turned upright and scaled to 48 px height.

    Args:
        pixels: RGB, shape `(height, width, 3)`.
        box: corners, shape `(4, 2)`: clockwise from where the upper left of the crop lies.
    """
    across = max(float(np.linalg.norm(box[1] - box[0])), 1.0)
    down = max(float(np.linalg.norm(box[3] - box[0])), 1.0)
    width = min(max(round(across * HEIGHT / down), 1), WIDEST)
    # Drawn larger first and then averaged: a plain reduction of large letters would leave jagged strokes.
    fold = max(1, int(down // HEIGHT))
    target = np.array([[0, 0], [width * fold, 0], [0, HEIGHT * fold]], np.float32)
    matrix = cv2.getAffineTransform(np.ascontiguousarray(box[[0, 1, 3]]), target)
    size = (width * fold, HEIGHT * fold)
    drawn = cv2.warpAffine(pixels, matrix, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return _averaged(np.asarray(drawn, np.uint8), fold)


def cut_arc(pixels: NDArray[np.uint8], arc: Arc) -> NDArray[np.uint8]:
    """The ring segment of a frame, laid straight and scaled to 48 px height."""
    width = min(max(round(arc.length * HEIGHT / arc.thickness), 1), WIDEST)
    fold = max(1, int(arc.thickness // HEIGHT))
    return _averaged(unrolled(pixels, arc, width * fold, HEIGHT * fold), fold)


def _averaged(drawn: NDArray[np.uint8], fold: int) -> NDArray[np.uint8]:
    if fold == 1:
        return drawn
    size = (drawn.shape[1] // fold, drawn.shape[0] // fold)
    return np.asarray(cv2.resize(drawn, size, interpolation=cv2.INTER_AREA), np.uint8)


def read(
    crops: Sequence[NDArray[np.uint8]],
    recognise: Callable[[NDArray[np.float32]], NDArray[np.float32]],
    characters: Sequence[str],
    probe: Probe | None = None,
) -> list[Reading]:
    """What each crop says, in the order given.

    Crops are padded to a multiple of 32 columns by nothing but their own width, and only crops of the same padded
    width share a call: what a crop says does not depend on what else is in the frame.

    Args:
        crops: RGB, shape `(48, width, 3)`.
        recognise: `(n, 3, 48, w)` → probabilities `(n, columns, characters)`.
        characters: of each index; the first is the blank.
        probe: tells Hangul from the recogniser's doubts.
    """
    groups: dict[int, list[int]] = defaultdict(list)
    for place, crop in enumerate(crops):
        groups[max(NARROWEST, -(-crop.shape[1] // STEP) * STEP)].append(place)
    found: dict[int, Reading] = {}
    for width, places in groups.items():
        together = max(1, LARGEST_CALL // width)
        for start in range(0, len(places), together):
            part = places[start : start + together]
            batch = np.zeros((len(part), 3, HEIGHT, width), np.float32)
            for row, place in enumerate(part):
                batch[row, :, :, : crops[place].shape[1]] = tensor(crops[place])[0]
            for place, probabilities in zip(part, recognise(batch), strict=True):
                reading = decoded(probabilities, characters)
                if probe is not None and reading.score < SURE:
                    reading = replace(reading, hangul=probe(probabilities, crops[place].shape[1] / HEIGHT))
                found[place] = reading
    return [found[place] for place in range(len(crops))]


def decoded(probabilities: NDArray[np.float32], characters: Sequence[str]) -> Reading:
    """The text of one crop: the likeliest character of each column, repeats and blanks left out.

    Source: Graves et al., "Connectionist temporal classification", ICML (2006), best-path decoding.

    Args:
        probabilities: shape `(columns, characters)`.
        characters: of each index; the first is the blank.
    """
    best = probabilities.argmax(1)
    kept = best != 0
    kept[1:] &= best[1:] != best[:-1]
    at = np.flatnonzero(kept)
    if not at.size:
        return Reading("", np.zeros(0, np.float32), 0.0)
    chosen = probabilities[at]
    likely = chosen[chosen > 1e-6]
    entropy = float(-(likely * np.log(likely)).sum() / at.size)
    return Reading("".join(characters[index] for index in best[at]), chosen[np.arange(at.size), best[at]], entropy)


def _is_pointer(character: str) -> bool:
    """Whether it is a space, an arrow or a triangle that points somewhere."""
    return character.isspace() or "\u2190" <= character <= "\u21ff" or character in POINTERS
