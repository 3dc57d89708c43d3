"""What tells whether a line was read right: the numbers that the model of confidence is fitted on and asked with."""

import math

import numpy as np

from signs.records import Line

SCRIPTS = ("latin", "han", "kana", "hangul", "other", "none")
FEATURES: tuple[str, ...] = (
    "mean_score",
    "low_score",
    "lowest_score",
    "log_score",
    "doubtful",
    "entropy",
    "detection",
    "height",
    "blur",
    "length",
    "digits",
    "vertical",
    "slant",
    "known",
    *(f"script_{name}" for name in SCRIPTS),
)
"""Names of the features, in the order of the model's inputs.

Of the recogniser's probabilities of a line's characters: `mean_score`, the lowest tenth (`low_score`), the lowest, the
logarithm of their product (`log_score`: of the whole line, if characters were independent) and how many are below a
half (`doubtful`). `entropy` of its choices and `detection` as in `Line`. Logarithms of the characters' `height` in
pixels, of `blur`, and of 1 + characters (`length`). `digits`: share of characters. `slant`: sine of the angle between
the line and the frame's edge. `known`: 1 where the phrasebook or a dictionary has the line. `script_…`: 1 for its own.
"""
SMALLEST = 1e-6
DOUBT = 0.5


def features(line: Line, known: bool) -> dict[str, float]:
    """The features of a line, by the names in `FEATURES`; all finite, also of a line without text.

    Args:
        line: as it was read.
        known: whether the phrasebook or a dictionary has its text.
    """
    scores = line.scores if line.scores.size else np.zeros(1, np.float32)
    number = len(line.text)
    along = line.box[1] - line.box[0]
    length = float(np.hypot(*along))
    values = (
        float(scores.mean()),
        float(np.sort(scores)[(scores.size - 1) // 10]),
        float(scores.min()),
        float(np.log(np.maximum(scores, SMALLEST)).sum()),
        float((scores < DOUBT).sum()),
        line.entropy,
        line.detection,
        math.log(max(line.height, 1.0)),
        math.log(max(line.blur, SMALLEST)),
        math.log1p(number),
        sum(character.isdecimal() for character in line.text) / max(number, 1),
        float(line.vertical),
        min(abs(float(each)) for each in along) / max(length, SMALLEST),
        float(known),
        *(float(line.script == name) for name in SCRIPTS),
    )
    return dict(zip(FEATURES, values, strict=True))
