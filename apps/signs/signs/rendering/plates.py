"""Draws a sign as a flat plate, seen from straight ahead."""

import random
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from signs.rendering.fonts import Face, faces, font
from signs.rendering.signs import Sign, Text

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Paint:
    """The colours of a plate."""

    ground: Colour
    ink: Colour


PAINTS = (
    Paint((244, 244, 240), (25, 25, 28)),
    Paint((246, 246, 242), (190, 22, 34)),
    Paint((240, 243, 246), (18, 62, 140)),
    Paint((18, 70, 152), (245, 247, 250)),
    Paint((12, 106, 66), (244, 248, 244)),
    Paint((188, 24, 36), (250, 244, 240)),
    Paint((250, 208, 30), (24, 22, 20)),
    Paint((96, 62, 38), (244, 236, 220)),
    Paint((36, 38, 42), (238, 236, 228)),
    Paint((16, 15, 18), (255, 152, 36)),
    Paint((232, 220, 192), (70, 40, 26)),
    Paint((168, 172, 176), (34, 38, 44)),
)


@dataclass(frozen=True, slots=True)
class Plate:
    """A sign from straight ahead.

    Attributes:
        pixels: RGB, shape `(height, width, 3)`.
        mask: 255 where the plate is, shape `(height, width)`: its corners may be round.
        boxes: corners of each line in pixels of the plate, shape `(lines, 4, 2)`.
    """

    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    boxes: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Set:
    """A line in its typeface: what it takes, and where its ink begins."""

    text: str
    face: Face
    size: int
    direction: str
    ink: tuple[int, int, int, int]

    @property
    def width(self) -> int:
        return self.ink[2] - self.ink[0]

    @property
    def height(self) -> int:
        return self.ink[3] - self.ink[1]


def plate(sign: Sign, height: int, generator: random.Random) -> Plate:
    """The sign as a plate.

    Args:
        sign: with texts whose characters some typeface has.
        height: size of the characters of its first line, pixels.
        generator: of colours, typefaces, margins and pictograms.
    """
    lines = [
        _typeset(
            text, height if place == 0 else max(10, round(height * generator.uniform(0.55, 0.95))), sign, generator
        )
        for place, text in enumerate(sign.texts)
    ]
    paint = generator.choice(PAINTS)
    margin, gap = round(height * generator.uniform(0.3, 0.9)), round(height * generator.uniform(0.25, 0.6))
    pictogram = 0 if sign.vertical or generator.random() > 0.2 else round(height * generator.uniform(1.0, 1.5))
    left = margin + (pictogram + gap if pictogram else 0)
    if sign.vertical:
        width = sum(line.width for line in lines) + gap * (len(lines) - 1) + 2 * margin
        tall = max(line.height for line in lines) + 2 * margin
    else:
        width = max(line.width for line in lines) + left + margin
        tall = max(sum(line.height for line in lines) + gap * (len(lines) - 1), pictogram) + 2 * margin
    image = Image.new("RGB", (width, tall), paint.ground)
    pen = ImageDraw.Draw(image)
    _frame(pen, width, tall, margin, paint, generator)
    if pictogram:
        _pictogram(pen, (margin, (tall - pictogram) // 2), pictogram, paint, generator)
    middle = generator.random() < 0.6
    boxes = []
    x, y = width - margin, margin
    for line in lines:
        if sign.vertical:
            x -= line.width
            corner = (x, margin)
            x -= gap
        else:
            corner = (left + ((width - left - margin - line.width) // 2 if middle else 0), y)
            y += line.height + gap
        pen.text(
            (corner[0] - line.ink[0], corner[1] - line.ink[1]),
            line.text,
            paint.ink,
            font(line.face, line.size),
            direction=line.direction,
            stroke_width=line.face.stroke(line.size),
        )
        boxes.append(_box(*corner, line.width, line.height))
    return Plate(_lit(image, generator), _shape(width, tall, margin, generator), np.array(boxes, np.float32))


def _typeset(text: Text, size: int, sign: Sign, generator: random.Random) -> _Set:
    face = generator.choice(faces(text.language, text.text))
    size -= size % 2  # fewer sizes, fewer typefaces to open
    direction = "ttb" if sign.vertical else "ltr"
    left, top, right, bottom = font(face, size).getbbox(text.text, direction=direction, stroke_width=face.stroke(size))
    return _Set(text.text, face, size, direction, (int(left), int(top), int(-(-right // 1)), int(-(-bottom // 1))))


def _box(x: int, y: int, width: int, height: int) -> list[tuple[int, int]]:
    return [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]


def _frame(
    pen: ImageDraw.ImageDraw, width: int, height: int, margin: int, paint: Paint, generator: random.Random
) -> None:
    """A border, or none."""
    if generator.random() < 0.55:
        inset, thick = margin // 5, max(1, margin // 7)
        corner = margin // 3 if generator.random() < 0.5 else 0
        pen.rounded_rectangle((inset, inset, width - 1 - inset, height - 1 - inset), corner, None, paint.ink, thick)


def _pictogram(
    pen: ImageDraw.ImageDraw, at: tuple[int, int], size: int, paint: Paint, generator: random.Random
) -> None:
    """An arrow, or a ring that is struck through: no text, and nothing to be read."""
    x, y = at
    thick = max(2, size // 9)
    if generator.random() < 0.5:
        points = ((0, 0.5), (0.45, 0.1), (0.45, 0.38), (1, 0.38), (1, 0.62), (0.45, 0.62), (0.45, 0.9))
        flip = generator.random() < 0.5
        pen.polygon([(x + size * (1 - u if flip else u), y + size * v) for u, v in points], fill=paint.ink)
    else:
        pen.ellipse((x, y, x + size, y + size), outline=paint.ink, width=thick)
        pen.line((x + size * 0.16, y + size * 0.16, x + size * 0.84, y + size * 0.84), fill=paint.ink, width=thick)


def _lit(image: Image.Image, generator: random.Random) -> NDArray[np.uint8]:
    """The plate with light that falls off to one side."""
    pixels = np.asarray(image, np.uint8)
    height, width = pixels.shape[:2]
    across = np.linspace(-1, 1, width, dtype=np.float32) * generator.uniform(-0.14, 0.14)
    down = np.linspace(-1, 1, height, dtype=np.float32) * generator.uniform(-0.14, 0.14)
    light = 0.93 + across[None, :] + down[:, None]
    return np.asarray(cv2.multiply(pixels, cv2.merge([light] * 3), dtype=cv2.CV_8U), np.uint8)


def _shape(width: int, height: int, margin: int, generator: random.Random) -> NDArray[np.uint8]:
    mask = Image.new("L", (width, height), 0)
    radius = generator.choice((0, margin // 4, margin // 2))
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, width - 1, height - 1), radius, 255)
    return np.asarray(mask, np.uint8)
