"""Signs known near a place: whether a frame shows what a frame of the same place showed before.

Two frames match where, after one is shifted over the other, every patch that has any structure looks alike. One
character that differs is a patch that differs: frames are told apart by their most different patch and not by how alike
they are on the whole, for the signs of one street are alike on the whole. A frame that was turned, or taken from
elsewhere, does not match; it is read, as every frame is without this. How often this errs: docs/adr/0021.
"""

import math
import struct
from collections.abc import Callable

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.records.traffic import Mode, Query
from afield.serving.inference import Rows
from afield.serving.product import Observation
from signs.frames import decode
from signs.kit import Found
from signs.records import Language, Line, Place, Script, Translation

WIDTH, HEIGHT = 640, 480
PATCH = 8
ALIKE = 0.88
"""Correlation of the most different patch, from which two frames show the same. See docs/adr/0021 for both errors."""
STRUCTURE = 6.5
"""Mean square of a patch's pattern from which it has structure that must agree."""
FAINT = 1.6
LEAST = 0.005
"""Share of the frame that must have structure: of a bare wall nothing is known."""
FARTHEST = WIDTH / 24
"""Points by which the frames may be shifted."""
SMALLEST = 0.05
"""Height of the smallest line, as a share of the frame's, at which single characters are told apart."""
BORDER = 24
"""Points along the edges that are not compared: their pattern depends on what lies beyond."""
DIGITS = 3  # of a degree: cells of about 110 by 80 metres
LEVELS = 7

_SIZE = struct.Struct("<II")
_WINDOW = np.asarray(cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F), np.float32)

Pattern = NDArray[np.float32]


class _Line(msgspec.Struct, frozen=True):
    box: list[list[float]]
    text: str
    vertical: bool
    detection: float
    scores: list[float]
    entropy: float
    blur: float
    script: Script
    readable: bool


class _Found(msgspec.Struct, frozen=True):
    line: _Line
    language: Language
    language_sure: float
    translation: Translation | None
    certain: float
    most: Mode


class KnownSigns:
    """Tells known frames, for the cached design (`afield.serving.designs.Recall`)."""

    def __init__(
        self, seen: Callable[[object], tuple[bytes, Place | None]], rows: Callable[[tuple[Found, ...]], Rows]
    ) -> None:
        """Compare frames of requests.

        Args:
            seen: the decoded request → its picture and its place.
            rows: what was found → its features, one row each.
        """
        self._seen = seen
        self._rows = rows
        self._decode = msgspec.msgpack.Decoder(tuple[_Found, ...]).decode

    def cell(self, query: Query, /) -> str:
        """The place, coarsely; "" where the traveller does not tell it."""
        _, place = self._seen(query.request)
        return f"{place.latitude:.{DIGITS}f},{place.longitude:.{DIGITS}f}" if place else ""

    def print(self, query: Query, /) -> bytes:
        """The pattern of the frame: where it is lighter and darker than around, in fifteen steps, and its size.

        Raises:
            RequestError: the image cannot be read as a picture.
        """
        content, _ = self._seen(query.request)
        pixels = decode(content).pixels
        levels = (pattern(pixels) + LEVELS).astype(np.uint8).ravel()
        return _SIZE.pack(pixels.shape[1], pixels.shape[0]) + (levels[::2] * 16 + levels[1::2]).tobytes()

    def same(self, known: bytes, asked: bytes, /) -> bool:
        """Whether two frames of the same size show the same."""
        if known[: _SIZE.size] != asked[: _SIZE.size] or len(known) != len(asked):
            return False
        return alike(_unpacked(known), _unpacked(asked)) >= ALIKE

    def write(self, found: Observation, asked: bytes, /) -> bytes:
        """The lines with their meanings; b"" where one is too small for its characters to be told apart again."""
        _, height = _SIZE.unpack_from(asked)
        known = tuple(each for each in found.found if isinstance(each, Found))
        if any(each.line.height < SMALLEST * height for each in known):
            return b""
        return msgspec.msgpack.encode(known, enc_hook=_plain)

    def read(self, content: bytes, /) -> Observation:
        """The lines that `write` wrote.

        Raises:
            ValueError: it wrote no such thing.
        """
        found = tuple(_again(each) for each in self._decode(content))
        return Observation(self._rows(found), found)


def pattern(pixels: NDArray[np.uint8]) -> Pattern:
    """Where a frame is lighter or darker than around it, shape `(HEIGHT, WIDTH)`, in whole steps of [-7, 7].

    Steps are relative to the contrast there, so that light, haze and exposure hardly matter.
    """
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY).astype(np.float32)
    small = cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA)
    detail = cv2.GaussianBlur(small, (0, 0), 1.4) - cv2.GaussianBlur(small, (0, 0), 6)
    contrast = np.sqrt(cv2.GaussianBlur(detail * detail, (0, 0), 14)) + 6
    return np.asarray(np.clip(np.round(detail / contrast * 3.5), -LEVELS, LEVELS), np.float32)


def alike(known: Pattern, asked: Pattern) -> float:
    """Correlation of the most different patch with structure, after the best shift; -1 where none is comparable."""
    # It multiplies what it is given by the window, in place.
    (right, down), _ = cv2.phaseCorrelate(known.copy(), asked.copy(), _WINDOW)
    if max(abs(right), abs(down)) > FARTHEST:
        return -1.0
    moved = cv2.warpAffine(known, np.array([[1, 0, right], [0, 1, down]], np.float32), (WIDTH, HEIGHT))
    patch = (PATCH, PATCH)
    ours, theirs = cv2.blur(moved * moved, patch), cv2.blur(asked * asked, patch)
    both = cv2.blur(moved * asked, patch)
    structured = np.maximum(ours, theirs) > STRUCTURE
    # What came into sight by the shift can be compared with nothing.
    side, edge = math.ceil(abs(right)) + BORDER, math.ceil(abs(down)) + BORDER
    inside = (slice(edge, HEIGHT - edge), slice(side, WIDTH - side))
    if structured[inside].mean() < LEAST:
        return -1.0
    correlation = both / np.sqrt(np.maximum(ours, FAINT) * np.maximum(theirs, FAINT))
    return float(correlation[inside][structured[inside]].min())


def _unpacked(content: bytes) -> Pattern:
    packed = np.frombuffer(content, np.uint8, offset=_SIZE.size)
    levels = np.stack([packed // 16, packed % 16], axis=1).reshape(HEIGHT, WIDTH)
    return levels.astype(np.float32) - LEVELS


def _again(found: _Found) -> Found:
    line = found.line
    box, scores = np.array(line.box, np.float32).reshape(-1, 2), np.array(line.scores, np.float32)
    read = Line(
        box,
        line.text,
        line.vertical,
        line.detection,
        scores,
        line.entropy,
        line.blur,
        line.script,
        line.readable,
    )
    return Found(read, found.language, found.language_sure, found.translation, found.certain, found.most)


def _plain(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not kept")
