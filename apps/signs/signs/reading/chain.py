"""The reader: a frame's lines of text, each with its box, its characters' probabilities and its script."""

from dataclasses import dataclass
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.reading.detection import Region, prepared, regions
from signs.reading.hangul import ReadsHangul
from signs.reading.order import reading_order
from signs.reading.recognition import Reading, cut, cut_arc, read
from signs.reading.scripts import script
from signs.records import Frame, Line

TALL = 1.5  # a box is a vertical line from this ratio of height to width
LEAST = 0.5  # mean probability from which a reading counts
LONE = {"latin": 0.6, "none": 0.6, "han": 0.95, "kana": 0.95, "other": 0.95}
"""What one character alone must reach, by script. Pictograms (a walker, an arrow) are read as one of the twenty
thousand Chinese characters or symbols, and not quite surely; hardly ever as a letter or a digit."""
TEXT = 0.6  # detector's probability from which something that says nothing is text of an unknown script


class Tensors(Protocol):
    """A network of one input and one output."""

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        """The output for one batch."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads frames.

    Attributes:
        detection: `(1, 3, h, w)` → probabilities of text `(1, 1, h, w)`.
        recognition: `(n, 3, 48, w)` → probabilities of characters `(n, columns, characters)`.
        characters: of each index of the recogniser's output; the first is the blank.
        hangul: reads Hangul, or None: lines of Hangul are then unreadable.
    """

    detection: Tensors
    recognition: Tensors
    characters: tuple[str, ...]
    hangul: ReadsHangul | None = None

    def read(self, frame: Frame) -> tuple[Line, ...]:
        """The lines of a frame in reading order.

        What a line says does not depend on the other lines of its frame.
        """
        height, width = frame.pixels.shape[:2]
        found = regions(self.detection.run(prepared(frame.pixels))[0, 0], width, height)
        tall = [region.arc is None and _is_tall(region.box) for region in found]
        crops = [_crop(frame.pixels, region, up) for region, up in zip(found, tall, strict=True)]
        readings = read(crops, self.recognition.run, self.characters)
        lines = [
            line
            for region, up, crop, reading in zip(found, tall, crops, readings, strict=True)
            if (line := self._line(region, up, crop, reading)) is not None
        ]
        order = reading_order([line.box for line in lines], [line.vertical for line in lines])
        return tuple(lines[place] for place in order)

    def _line(self, region: Region, vertical: bool, crop: NDArray[np.uint8], reading: Reading) -> Line | None:
        """The line of one region; None where it is no text."""
        written, readable = script(reading.text), True
        if reading.score < LEAST:
            if region.score < TEXT:
                return None
            foreign = self.hangul(crop) if self.hangul is not None and not vertical else None
            written, readable = "hangul", foreign is not None
            reading = foreign or Reading("", np.zeros(0, np.float32), reading.entropy)
        elif len(reading.text.strip()) < 2 and reading.score < LONE.get(written, LEAST):
            return None
        return Line(
            box=region.box,
            text=reading.text,
            vertical=vertical,
            detection=region.score,
            scores=reading.scores,
            entropy=reading.entropy,
            blur=float(cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()),
            script=written,
            readable=readable,
        )


def _crop(pixels: NDArray[np.uint8], region: Region, vertical: bool) -> NDArray[np.uint8]:
    """The region at 48 px height; a vertical one lies on its side, as the recogniser has learned to read it."""
    if region.arc is not None:
        return cut_arc(pixels, region.arc)
    return cut(pixels, np.roll(region.box, -1, axis=0) if vertical else region.box)


def _is_tall(box: NDArray[np.float32]) -> bool:
    return bool(np.linalg.norm(box[3] - box[0]) >= TALL * np.linalg.norm(box[1] - box[0]))
