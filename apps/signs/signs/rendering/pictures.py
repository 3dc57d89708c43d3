"""Generates a picture of signs in a street, with the truth of each line: the same seed makes the same picture."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.rendering.cameras import Conditions, developed
from signs.rendering.plates import Plate, plate
from signs.rendering.signs import Sign, TrueLine
from signs.rendering.streets import street

SIZE = (640, 480)
SMALLEST, LARGEST = 15, 58  # size of a sign's first line, pixels
EDGE = 6
TRIES = 12


@dataclass(frozen=True, slots=True)
class Picture:
    """A generated picture.

    Attributes:
        content: the JPEG file.
        lines: what stands in it, sign by sign; the end of a line may be hidden, and the truth has it whole.
    """

    content: bytes
    lines: tuple[TrueLine, ...]


def picture(
    signs: Sequence[Sign], seed: int, conditions: Conditions | None = None, size: tuple[int, int] = SIZE
) -> Picture:
    """A picture of these signs; one that finds no room beside the others is left out, and is then not in the truth.

    Args:
        signs: to be put up, the most important first.
        seed: of everything that is left to chance.
        conditions: light, weather and camera; a good camera by day where None.
        size: width and height, pixels.
    """
    generator = random.Random(seed)  # noqa: S311 - generated pictures are no secret
    width, height = size
    conditions = conditions or Conditions()
    scene = street(width, height, generator)
    taken: list[NDArray[np.float32]] = []
    lines: list[TrueLine] = []
    for sign in signs:
        drawn = plate(sign, round(math.exp(generator.uniform(math.log(SMALLEST), math.log(LARGEST)))), generator)
        corners = _room(drawn, size, taken, generator)
        if corners is None:
            continue
        taken.append(corners)
        lines.extend(_put(scene, drawn, corners, sign))
        if generator.random() < conditions.crowd:
            _hide(scene, lines[-1].box, lines[-1].vertical, generator)
    return Picture(developed(scene, conditions, generator), tuple(lines))


def _room(
    drawn: Plate, size: tuple[int, int], taken: Sequence[NDArray[np.float32]], generator: random.Random
) -> NDArray[np.float32] | None:
    """Where the plate's corners come to lie, shape `(4, 2)`, or None where there is no room."""
    for _ in range(TRIES):
        corners = _slanted(drawn, size, generator)
        low, high = corners.min(0), corners.max(0)
        if not all((high + EDGE < other.min(0)).any() or (low - EDGE > other.max(0)).any() for other in taken):
            continue
        return corners
    return None


def _slanted(drawn: Plate, size: tuple[int, int], generator: random.Random) -> NDArray[np.float32]:
    """The plate's corners as a camera sees them from aside, somewhere in the picture and wholly in it."""
    height, width = drawn.pixels.shape[:2]
    turn = math.radians(generator.gauss(0, 3.5) if generator.random() < 0.9 else generator.uniform(-18, 18))
    aside, up = generator.gauss(0, 0.07), generator.gauss(0, 0.04)
    narrow = generator.uniform(0.82, 1.0)
    flat = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], np.float32) * (width * narrow / 2, height / 2)
    flat *= np.stack([1 + up * np.sign(flat[:, 1]), 1 + aside * np.sign(flat[:, 0])], axis=1)
    rotation = np.array([(math.cos(turn), math.sin(turn)), (-math.sin(turn), math.cos(turn))], np.float32)
    corners = flat @ rotation
    room = np.array(size, np.float32) - 2 * EDGE
    corners *= min(1.0, *(room / (corners.max(0) - corners.min(0))))
    low, high = EDGE - corners.min(0), np.array(size) - EDGE - corners.max(0)
    shift = [generator.uniform(float(low[axis]), max(float(low[axis]), float(high[axis]))) for axis in (0, 1)]
    return np.asarray(corners + np.array(shift), np.float32)


def _put(scene: NDArray[np.uint8], drawn: Plate, corners: NDArray[np.float32], sign: Sign) -> list[TrueLine]:
    """Draw the plate into the scene, with its shadow, and say where its lines lie."""
    height, width = drawn.pixels.shape[:2]
    x, y = np.floor(corners.min(0)).astype(int) - 3
    right, bottom = np.ceil(corners.max(0)).astype(int) + 4
    x, y = max(0, int(x)), max(0, int(y))
    window = scene[y : int(bottom), x : int(right)]
    flat = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    view = cv2.getPerspectiveTransform(flat, corners - np.array((x, y), np.float32))
    extent = (window.shape[1], window.shape[0])
    seen = cv2.warpPerspective(drawn.pixels, view, extent, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    cover = cv2.warpPerspective(drawn.mask, view, extent, flags=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    shade = np.roll(cover, (3, 3), (0, 1)) * 0.45
    window[:] = (window * (1 - shade) * (1 - cover) + seen * cover).astype(np.uint8)
    whole = cv2.getPerspectiveTransform(flat, corners)
    boxes = cv2.perspectiveTransform(drawn.boxes.reshape(-1, 1, 2), whole).reshape(-1, 4, 2)
    return [
        TrueLine(text.text, text.language, text.english, np.asarray(box, np.float32), sign.vertical)
        for text, box in zip(sign.texts, boxes, strict=True)
    ]


def _hide(scene: NDArray[np.uint8], box: NDArray[np.float32], vertical: bool, generator: random.Random) -> None:
    """Put an umbrella before one end of a line: up to two fifths of it are hidden, and the rest looks whole."""
    begin, end = (
        ((box[0] + box[1]) / 2, (box[2] + box[3]) / 2) if vertical else ((box[0] + box[3]) / 2, (box[1] + box[2]) / 2)
    )
    if generator.random() < 0.5:
        begin, end = end, begin
    along = end - begin
    across = float(np.linalg.norm(box[1] - box[0] if vertical else box[3] - box[0]))
    radius = across * generator.uniform(1.2, 2.0)
    length = float(np.linalg.norm(along))
    middle = end + along / max(length, 1.0) * (radius - length * generator.uniform(0.12, 0.4))
    colour = generator.choice(((34, 36, 44), (120, 24, 30), (40, 60, 96), (90, 92, 94)))
    centre = (round(float(middle[0])), round(float(middle[1])))
    cv2.circle(scene, centre, round(radius), colour, -1, cv2.LINE_AA)
    for spoke in range(8):
        angle = math.pi * spoke / 4
        rim = (round(centre[0] + radius * math.cos(angle)), round(centre[1] + radius * math.sin(angle)))
        cv2.line(scene, centre, rim, (20, 20, 24), 1, cv2.LINE_AA)
