"""Records of signs: a frame, the lines read in it, and what each of them means."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Script = Literal["latin", "han", "kana", "hangul", "other", "none"]
"""What a line is written in: `kana` where any kana is among it, `han` for Chinese characters alone, `none` for digits
and signs."""

Language = Literal["ja", "zh", "ko", "fr", "de", "es", "en", "other"]
LANGUAGES: tuple[Language, ...] = ("ja", "zh", "ko", "fr", "de", "es", "en", "other")
"""ISO 639-1; `other`: none of these, or no language at all (a number, a name)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a frame was taken: WGS 84 degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Frame:
    """A picture, decoded and upright.

    Attributes:
        pixels: RGB, shape `(height, width, 3)`.
        place: where it was taken, where that is known and may be used.
    """

    pixels: NDArray[np.uint8]
    place: Place | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text in a frame.

    Attributes:
        box: its four corners in pixels of the upright frame, shape `(4, 2)` as `(x, y)`: clockwise, from the corner
            before the first character.
        text: as it was read, in the order of reading; "" where its script cannot be read.
        vertical: whether it runs from top to bottom.
        detection: the detector's mean probability inside the box.
        scores: probability of each character of `text`, shape `(n,)`.
        entropy: mean entropy of the recogniser's choices at those characters, nats.
        blur: variance of the Laplacian of the crop, scaled to 48 px height (small: blurred).
        script: of `text`; `hangul` also where it was recognised as unreadable Hangul.
        readable: False where no installed reader knows the script; `text` is then "".
    """

    box: NDArray[np.float32]
    text: str
    vertical: bool
    detection: float
    scores: NDArray[np.float32]
    entropy: float
    blur: float
    script: Script
    readable: bool = True

    @property
    def height(self) -> float:
        """Size of its characters across the direction of reading, pixels."""
        top, right = np.linalg.norm(self.box[1] - self.box[0]), np.linalg.norm(self.box[2] - self.box[1])
        return float(top if self.vertical else right)


@dataclass(frozen=True, slots=True)
class Translation:
    """English for a line, where it came from, and how sure that is.

    Attributes:
        english: as it is shown.
        source: `phrasebook`, `dictionary`, `segmented` (several entries put together) or the name of an engine.
        sure: probability in [0, 1] that it is right, given that the line was read right and is in that language.
        reason: one line that a person can read.
    """

    english: str
    source: str
    sure: float
    reason: str
