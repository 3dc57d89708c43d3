"""Where text is: a frame made ready for the detector, and rotated boxes from its map of probabilities."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.reading.arcs import Arc, fitted

SHORT_SIDE = 576  # a smaller frame is enlarged to this: small letters are found better, large ones not yet worse
LONG_SIDE = 1600  # a larger frame is made smaller to this, whatever its short side then is
MULTIPLE = 32  # the network halves its input five times
INSIDE = 0.3  # a pixel is text from this probability
KEPT = 0.5  # a box is kept from this mean probability
SMALLEST = 3.0  # of a box before it is expanded, pixels of the map
EXPANSION = 1.5  # the network was trained on shrunken boxes; this undoes it
MOST = 1000  # boxes of one frame: the largest are kept


@dataclass(frozen=True, slots=True)
class Region:
    """A rotated rectangle that holds one line of text.

    Attributes:
        box: four corners `(x, y)`, shape `(4, 2)`, clockwise from the one that is the upper left of the upright box.
        score: mean probability inside, before the box was expanded.
        arc: the ring segment that the line follows, or None where it is straight.
    """

    box: NDArray[np.float32]
    score: float
    arc: Arc | None = None


def prepared(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """The frame as the detector takes it: shape `(1, 3, h, w)`, BGR in [-1, 1], sides multiples of 32.

    Args:
        pixels: RGB, shape `(height, width, 3)`.
    """
    height, width = pixels.shape[:2]
    scale = min(max(1.0, SHORT_SIDE / min(height, width)), LONG_SIDE / max(height, width))
    size = [max(MULTIPLE, round(side * scale / MULTIPLE) * MULTIPLE) for side in (width, height)]
    # Far smaller by plain interpolation, thin strokes would fall between the pixels that it looks at.
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    return tensor(np.asarray(cv2.resize(pixels, size, interpolation=how), np.uint8))


def tensor(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """RGB pixels `(h, w, 3)` as both networks take them: shape `(1, 3, h, w)`, BGR in [-1, 1]."""
    blob = cv2.dnn.blobFromImage(pixels, 1 / 127.5, mean=(127.5, 127.5, 127.5), swapRB=True)
    return np.asarray(blob, np.float32)


def regions(probabilities: NDArray[np.float32], width: int, height: int) -> list[Region]:
    """The boxes of a map of probabilities, in pixels of a frame of this width and height; largest first.

    Connected pixels make a box: the smallest rotated rectangle around them, expanded by
    `area · ratio / perimeter` on each side.

    Source: Liao et al., "Real-time scene text detection with differentiable binarization", AAAI (2020).

    Args:
        probabilities: shape `(h, w)`, of any size.
        width: of the frame, pixels.
        height: of the frame, pixels.
    """
    mask = (probabilities > INSIDE).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    contours = sorted(contours, key=cv2.contourArea, reverse=True)[:MOST]
    stretch = np.array([width / mask.shape[1], height / mask.shape[0]], np.float32)
    found = []
    for contour in contours:
        (x, y), (one, other), angle = cv2.minAreaRect(contour)
        if min(one, other) < SMALLEST:
            continue
        arc = fitted(np.asarray(contour, np.int32), one * other)
        outline = contour[:, 0] if arc else cv2.boxPoints(((x, y), (one, other), angle))
        score = _mean_inside(probabilities, np.asarray(outline, np.float32))
        if score < KEPT:
            continue
        grown = one * other * EXPANSION / (2 * (one + other)) * 2
        corners = cv2.boxPoints(((x, y), (one + grown, other + grown), angle))
        box = _clockwise(np.asarray(corners, np.float32) * stretch)
        found.append(Region(box, score, _scaled(arc.grown(EXPANSION), stretch) if arc else None))
    return found


def _mean_inside(probabilities: NDArray[np.float32], corners: NDArray[np.float32]) -> float:
    """The mean probability of the pixels inside a polygon."""
    height, width = probabilities.shape
    left, top = np.clip(np.floor(corners.min(0)).astype(int), 0, (width - 1, height - 1))
    right, bottom = np.clip(np.ceil(corners.max(0)).astype(int), 0, (width - 1, height - 1))
    part = probabilities[top : bottom + 1, left : right + 1]
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillPoly(mask, [(corners - (left, top)).astype(np.int32)], 1)
    return float(cv2.mean(part, mask)[0])


def _scaled(arc: Arc, stretch: NDArray[np.float32]) -> Arc:
    """The arc in pixels of the frame; both sides are stretched alike but for rounding, so it stays a circle."""
    across, down = float(stretch[0]), float(stretch[1])
    both = (across + down) / 2
    return Arc(arc.x * across, arc.y * down, arc.radius * both, arc.middle, arc.span, arc.thickness * both)


def _clockwise(corners: NDArray[np.float32]) -> NDArray[np.float32]:
    """Corners clockwise on the screen, from the upper of the two leftmost ones."""
    middle = corners.mean(0)
    around = corners[np.argsort(np.arctan2(corners[:, 1] - middle[1], corners[:, 0] - middle[0]))]
    left = np.argsort(around[:, 0], kind="stable")[:2]
    first = left[np.argmin(around[left, 1])]
    return np.roll(around, -int(first), axis=0)
