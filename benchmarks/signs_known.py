"""How often the cached design of signs takes one frame for another, and how often it knows one again.

Rendered frames of one place: the same scene taken again (the camera still, or in a hand), the same scene with one
character of a sign exchanged for one that resembles it, with another sign on the same wall, and another scene. Only
frames whose lines are large enough to be kept are counted (`signs.recalling.SMALLEST`).
`python -m benchmarks.signs_known [--frames N] [--seed N] [--json]`
"""

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from time import perf_counter

import cv2
import numpy as np

from benchmarks.measure import Result, show
from signs.frames import decode
from signs.recalling import ALIKE, SMALLEST, Pattern, alike, pattern
from signs.records import Language
from signs.rendering.cameras import DAY, Conditions
from signs.rendering.pictures import SIZE, Picture, picture
from signs.rendering.signs import Sign, Text

FRAMES, SEED = 1500, 5
TEXTS: Mapping[str, Language] = {
    "出口": "ja", "入口 3": "ja", "本日休業": "ja", "営業時間 7:00-22:00": "ja", "駐車禁止": "ja",
    "のりば 4番線": "ja", "売切れ": "ja", "約150m": "ja", "右折": "ja", "Ausgang 2": "de", "Gleis 13": "de",
    "Salida 12": "es", "Abierto": "es", "Sortie": "fr", "Tirez": "fr", "3,50 €": "fr",
}  # fmt: skip
RESEMBLING = {
    "出口": "人口", "本日休業": "本日体業", "駐車禁止": "駐輪禁止", "売切れ": "売切札", "右折": "左折",
    "Sortie": "Sorti",    "Tirez": "Tiret", "Abierto": "Abierta",
}  # fmt: skip
DIGITS = {"0": "8", "1": "7", "2": "7", "3": "8", "4": "9", "5": "6", "6": "5", "7": "1", "8": "3", "9": "4"}


def main() -> None:
    """Render, compare, count and print."""
    cv2.setNumThreads(1)
    frames, generator = int(_option("--frames", FRAMES)), random.Random(int(_option("--seed", SEED)))  # noqa: S311
    found: dict[str, list[float]] = {}
    seconds: list[float] = []
    for _ in range(frames):
        for name, score, took in _place(generator):
            found.setdefault(name, []).append(score)
            seconds.append(took)
    show(
        [
            _share(
                "the same scene, camera still: known again", found["still"], "at least 0.5", lambda share: share >= 0.5
            ),
            _share("the same scene, in a hand: known again", found["hand"], None, None),
            _share("one resembling character: taken for the same", found["character"], "0", lambda share: share == 0),
            _share("another sign on the wall: taken for the same", found["sign"], "0", lambda share: share == 0),
            _share("another scene: taken for the same", found["scene"], "0", lambda share: share == 0),
            Result("most alike with one other character", max(found["character"]), "", f"the limit {ALIKE}", None),
            Result("one comparison", 1e3 * float(np.median(seconds)), "ms", "no baseline", None),
        ]
    )


def _place(generator: random.Random) -> list[tuple[str, float, float]]:
    """One place: each kind of frame, how alike it is to the first, and the seconds of the comparison."""
    texts = generator.sample(list(TEXTS), generator.choice((1, 1, 2)))
    seed, other = generator.getrandbits(48), generator.choice([text for text in TEXTS if text not in texts])
    before, after = _day(generator), _day(generator)
    first = _taken(texts, seed, before)
    if first is None:
        return []
    again = _taken(texts, seed, after)
    seen = pattern(decode(first.content).pixels)
    kinds: dict[str, Picture | None] = {
        "character": _taken([_exchanged(texts[0], generator), *texts[1:]], seed, after),
        "sign": _taken([other, *texts[1:]], seed, after),
        "scene": _taken(texts, generator.getrandbits(48), after),
    }
    compared = [(name, _again(each.content, generator, 4, 0.1, 0.002)) for name, each in kinds.items() if each]
    if again:
        compared.append(("still", _again(again.content, generator, 4, 0.1, 0.002)))
        compared.append(("hand", _again(again.content, generator, 12, 1.5, 0.02)))
    results = []
    for name, asked in compared:
        start = perf_counter()
        results.append((name, alike(seen, asked), perf_counter() - start))
    return results


def _day(generator: random.Random) -> Conditions:
    """A camera by day, and nobody before the sign."""
    drawn = DAY.draw(generator)
    return replace(drawn, crowd=0.0, motion=min(drawn.motion, 1.5))


def _taken(texts: Sequence[str], seed: int, conditions: Conditions) -> Picture | None:
    """The picture, where every sign found room and is large enough to be kept."""
    language = {**TEXTS, **{changed: TEXTS[text] for text, changed in RESEMBLING.items()}}
    signs = [Sign((Text(text, language.get(text, "ja" if any(map(_wide, text)) else "de")),)) for text in texts]
    made = picture(signs, seed, conditions)
    heights = [float(np.linalg.norm(line.box[2] - line.box[1])) for line in made.lines]
    return made if len(made.lines) == len(texts) and min(heights) >= SMALLEST * SIZE[1] else None


def _wide(character: str) -> bool:
    return ord(character) > 0x3000


def _exchanged(text: str, generator: random.Random) -> str:
    """The text with one character exchanged for one that resembles it."""
    places = [place for place, character in enumerate(text) if character in DIGITS]
    if not places:
        return RESEMBLING[text]
    place = generator.choice(places)
    return text[:place] + DIGITS[text[place]] + text[place + 1 :]


def _again(content: bytes, generator: random.Random, shift: float, turn: float, zoom: float) -> Pattern:
    """The pattern of a picture that was taken again: shifted by points, turned by degrees, from a little nearer."""
    pixels = decode(content).pixels
    height, width = pixels.shape[:2]
    view = cv2.getRotationMatrix2D((width / 2, height / 2), generator.gauss(0, turn), 1 + generator.gauss(0, zoom))
    view[:, 2] += np.array([generator.gauss(0, shift), generator.gauss(0, shift)])
    moved = cv2.warpAffine(pixels, view, (width, height), borderMode=cv2.BORDER_REFLECT)
    return pattern(np.asarray(moved, np.uint8))


def _share(name: str, scores: Sequence[float], goal: str | None, meets: object) -> Result:
    """The share of frames that are taken for the same, with the 95 % interval (Wilson)."""
    count, hits = len(scores), sum(score >= ALIKE for score in scores)
    share, wide = hits / count, 1.96**2 / count
    middle, half = (share + wide / 2) / (1 + wide), 1.96 * (share * (1 - share) / count + wide / count / 4) ** 0.5
    half /= 1 + wide
    met = meets(share) if callable(meets) else None
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Result(f"{name} ({hits} of {count})", share, "share", "no baseline", None, goal, met, low, high)


def _option(name: str, default: int) -> str:
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else str(default)


if __name__ == "__main__":
    main()
