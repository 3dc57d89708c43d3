"""Draws an answer onto its frame, for reports: the English over each line, a question mark where it is not sure."""

import io
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from signs.rendering.fonts import JAPANESE, KOREAN, LABEL, SIMPLIFIED, Face, font, has
from signs.shown import Shown

Box = tuple[float, float, float, float]

NARROWEST = 640  # a smaller frame is enlarged so that labels can be read
SMALLEST, LARGEST = 14, 30
SURE, ASKED, READ = (14, 110, 70), (176, 98, 0), (84, 88, 96)
WHITE = (255, 255, 255)


def overlay(pixels: NDArray[np.uint8], lines: Sequence[Shown], kind: Literal["png", "jpeg"] = "jpeg") -> bytes:
    """The frame as a file with its answer drawn on it.

    Green: shown as sure. Amber with "?": shown with a question. Grey: read, or found, but not translated; its
    reading stands in brackets. A label stands beside its line where there is room,
    so that the sign can be compared.

    Args:
        pixels: the upright frame, RGB, shape `(height, width, 3)`.
        lines: of the answer.
        kind: of the file.
    """
    image = Image.fromarray(pixels)
    scale = max(1.0, NARROWEST / image.width)
    if scale > 1:
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(image, "RGBA")
    outlines = [[(x * scale, y * scale) for x, y in line.box] for line in lines]
    for line, outline in zip(lines, outlines, strict=True):
        pen.polygon(outline, outline=colour(line), width=3 if line.mode == "automate" else 2)
    boxes = [_around(outline) for outline in outlines]
    labels: list[Box] = []
    for line, box in zip(lines, boxes, strict=True):
        labels.append(_label(pen, line, box, image.size, labels, boxes))
    file = io.BytesIO()
    image.save(file, "PNG") if kind == "png" else image.save(file, "JPEG", quality=88)
    return file.getvalue()


def label(line: Shown) -> str:
    """What is written over a line."""
    if line.english is None or line.mode == "off":
        return f"[{line.text}]" if line.text else "[unreadable]"
    return f"{line.english}?" if line.mode == "prompt" else line.english


def colour(line: Shown) -> tuple[int, int, int]:
    """The colour of a line: how sure it is shown."""
    if line.english is None or line.mode == "off":
        return READ
    return ASKED if line.mode == "prompt" else SURE


def _label(
    pen: ImageDraw.ImageDraw, line: Shown, box: Box, size: tuple[int, int], labels: Sequence[Box], boxes: Sequence[Box]
) -> Box:
    """Write the label beside its line, where it covers least: other labels count most, then lines."""
    text = label(line)
    left, top, right, bottom = box
    letters = _fitting(text, max(right - left, bottom - top), min(right - left, bottom - top), size[0])
    ink = letters.getbbox(text)
    width, height = ink[2] - ink[0] + 10, ink[3] - ink[1] + 8
    x, y = (left + right - width) / 2, (top + bottom - height) / 2
    places = (
        (x, bottom + 3), (x, top - height - 3), (right + 4, y), (left - width - 4, y), (x, y),
        (x, bottom + height + 6), (x, top - 2 * height - 6), (right + 4, y + height), (left - width - 4, y + height),
    )  # fmt: skip
    inside = [_within(place, width, height, size) for place in places]
    best = min(inside, key=lambda place: 4 * _covered(place, labels) + _covered(place, boxes))
    pen.rounded_rectangle(best, 4, (*colour(line), 232))
    pen.text((best[0] + 5 - ink[0], best[1] + 4 - ink[1]), text, WHITE, letters)
    return best


def _around(outline: Sequence[tuple[float, float]]) -> Box:
    xs, ys = [x for x, _ in outline], [y for _, y in outline]
    return min(xs), min(ys), max(xs), max(ys)


def _within(place: tuple[float, float], width: float, height: float, size: tuple[int, int]) -> Box:
    """A label at this place, moved into the picture."""
    x = max(0.0, min(place[0], size[0] - width - 1))
    y = max(0.0, min(place[1], size[1] - height - 1))
    return x, y, x + width, y + height


def _covered(place: Box, others: Sequence[Box]) -> float:
    """Pixels of other boxes that lie under a place."""
    left, top, right, bottom = place
    return sum(
        max(0.0, min(right, other[2]) - max(left, other[0])) * max(0.0, min(bottom, other[3]) - max(top, other[1]))
        for other in others
    )


def _fitting(text: str, length: float, across: float, most: int) -> ImageFont.FreeTypeFont:
    """Letters about as large as those of the line, and small enough for the picture."""
    face = _face(text)
    size = int(min(max(across * 0.72, SMALLEST), LARGEST))
    while size > SMALLEST and font(face, size).getlength(text) > max(length, most * 0.4):
        size -= 1
    while size > 8 and font(face, size).getlength(text) + 10 > most:
        size -= 1
    return font(face, size)


def _face(text: str) -> Face:
    """A typeface that has the text: readings are in any script."""
    return next((face for face in (LABEL, JAPANESE[0], SIMPLIFIED[0], KOREAN[0]) if has(face, text)), SIMPLIFIED[0])
