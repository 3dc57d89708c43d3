"""The reader: a frame's lines of text, each with its box, its characters' probabilities and its script."""

from dataclasses import dataclass, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from signs.language.script import script
from signs.reading.detection import Region, prepared, regions
from signs.reading.hangul import HangulProbe, ReadsHangul
from signs.reading.order import reading_order
from signs.reading.recognition import HEIGHT, SURE, Reading, cut, cut_arc, read
from signs.records import Frame, Line, Script

TALL = 1.5  # a box is a vertical line from this ratio of height to width
LEAST = 0.5  # mean probability from which a reading counts
LONE = {"latin": 0.6, "none": 0.6, "han": 0.95, "kana": 0.9, "other": 0.95}
"""What one character alone must reach, by script. Pictograms (a walker, an arrow) are read as one of the twenty
thousand Chinese characters or symbols, and not quite surely; hardly ever as a letter or a digit."""
HANGUL = 0.8  # probability from which a doubtful reading is Hangul
TEXT = 0.8  # detector's probability from which what says nothing is text of an unknown script
WIDE = 1.5  # ratio of width to height from which what cannot be read counts as text: narrower ones are pictograms
UPRIGHT = 3.0  # a tall box up to this ratio may be one narrow character that stands upright


class Tensors(Protocol):
    """A network of one input and one output."""

    def run(self, inputs: NDArray[np.float32], /) -> NDArray[np.float32]:
        """The output for one batch."""


class Reader:
    """Reads frames."""

    def __init__(
        self,
        detection: Tensors,
        recognition: Tensors,
        characters: tuple[str, ...],
        hangul: ReadsHangul | None = None,
    ) -> None:
        """Read with these networks.

        Args:
            detection: `(1, 3, h, w)` → probabilities of text `(1, 1, h, w)`.
            recognition: `(n, 3, 48, w)` → probabilities of characters `(n, columns, characters)`.
            characters: of each index of the recogniser's output; the first is the blank.
            hangul: reads Hangul, or None: lines of Hangul are then unreadable.
        """
        self._detection = detection
        self._recognition = recognition
        self._characters = characters
        self._hangul = hangul
        self._probe = HangulProbe(characters)

    @property
    def unreadable(self) -> frozenset[Script]:
        """Scripts that it does not know."""
        return frozenset({"other"}) if self._hangul else frozenset({"hangul", "other"})

    def read(self, frame: Frame) -> tuple[Line, ...]:
        """The lines of a frame in reading order.

        What a line says does not depend on the other lines of its frame.
        """
        height, width = frame.pixels.shape[:2]
        found = regions(self._detection.run(prepared(frame.pixels))[0, 0], width, height)
        views = [_View(region, _is_tall(region), _crop(frame.pixels, region, _is_tall(region))) for region in found]
        readings = self._read([view.crop for view in views])
        self._look_again(frame.pixels, views, readings)
        lines = [
            line
            for view, reading in zip(views, readings, strict=True)
            if (line := self._line(view, reading.trimmed())) is not None
        ]
        order = reading_order([line.box for line in lines], [line.vertical for line in lines])
        return tuple(lines[place] for place in order)

    def _read(self, crops: list[NDArray[np.uint8]]) -> list[Reading]:
        return read(crops, self._recognition.run, self._characters, self._probe)

    def _look_again(self, pixels: NDArray[np.uint8], views: list["_View"], readings: list[Reading]) -> None:
        """Read doubtful tall boxes in other ways too, and keep the surest, in place.

        A tall box is most often text that runs down; but it may be one narrow character, or run up.
        """
        others: list[tuple[int, _View]] = []
        for place, (view, reading) in enumerate(zip(views, readings, strict=True)):
            if view.vertical and reading.score < SURE:
                others.append((place, replace(view, crop=np.ascontiguousarray(view.crop[::-1, ::-1]))))
                if _ratio(view.region.box) <= UPRIGHT:
                    others.append((place, _View(view.region, False, _crop(pixels, view.region, False))))
        for (place, view), reading in zip(others, self._read([view.crop for _, view in others]), strict=True):
            if reading.score > max(readings[place].score, LEAST) and reading.text.strip():
                views[place], readings[place] = view, reading

    def _line(self, view: "_View", reading: Reading) -> Line | None:
        """The line of one region; None where it is no text."""
        written, readable = script(reading.text), True
        doubtful = reading.hangul >= HANGUL or reading.score < LEAST
        if doubtful and (view.crop.shape[1] < WIDE * HEIGHT or (view.vertical and view.region.score < TEXT)):
            return None  # a pictogram, or a stroke that stands alone
        if reading.hangul >= HANGUL:
            foreign = self._hangul(view.crop) if self._hangul is not None and not view.vertical else None
            written, readable, reading = "hangul", foreign is not None, foreign or _nothing(reading)
        elif reading.score < LEAST:
            if view.region.score < TEXT:
                return None
            written, readable, reading = "other", False, _nothing(reading)
        elif len(reading.text) < 2 and reading.score < LONE.get(written, LEAST):
            return None
        return Line(
            box=view.region.box,
            text=reading.text,
            vertical=view.vertical and len(reading.text) != 1,
            detection=view.region.score,
            scores=reading.scores,
            entropy=reading.entropy,
            blur=float(cv2.Laplacian(cv2.cvtColor(view.crop, cv2.COLOR_RGB2GRAY), cv2.CV_32F).var()),
            script=written,
            readable=readable,
        )


@dataclass(frozen=True, slots=True)
class _View:
    """A region, how it is looked at, and its crop."""

    region: Region
    vertical: bool
    crop: NDArray[np.uint8]


def _nothing(reading: Reading) -> Reading:
    return replace(reading, text="", scores=reading.scores[:0])


def _crop(pixels: NDArray[np.uint8], region: Region, vertical: bool) -> NDArray[np.uint8]:
    """The region at 48 px height; a vertical one lies on its side, as the recogniser has learned to read it."""
    if region.arc is not None:
        return cut_arc(pixels, region.arc)
    return cut(pixels, np.roll(region.box, -1, axis=0) if vertical else region.box)


def _is_tall(region: Region) -> bool:
    return region.arc is None and _ratio(region.box) >= TALL


def _ratio(box: NDArray[np.float32]) -> float:
    """Height over width."""
    return float(np.linalg.norm(box[3] - box[0]) / max(float(np.linalg.norm(box[1] - box[0])), 1e-6))
