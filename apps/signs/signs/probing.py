"""How the table that tells Hangul was made: `python -m signs.probing` fits it on rendered words and writes it anew.

The recogniser has no Hangul; what it sees in such a crop follows the shapes of the syllables. Words of the Korean
phrasebook are drawn against words of the other phrasebooks and of alphabets that nobody reads, with blur, noise, slant
and little resolution; every fourth word is held out, and what the table does on those is printed.
"""

import json
import sys
from collections.abc import Iterator
from importlib.resources import files
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
import onnxruntime
import pymupdf_fonts
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from sklearn.linear_model import LogisticRegression

from afield.errors import DataError
from signs.reading.chain import HANGUL
from signs.reading.hangul import TABLE, HangulProbe, signature
from signs.reading.models import characters, metadata, pretrained
from signs.reading.recognition import HEIGHT, SURE, Reading, read

KEPT = 200  # characters of the table
WORDS = {"ko": 600, "ja": 200, "zh": 200, "fr": 100, "de": 100}
FOREIGN = 200  # words of random letters
SEED = 3
CERTAIN = 100.0  # inverse of the ridge; on held-out words 10 and 1 told less
FONTS = {"ko": "pylopdf_fonts_ko", "ja": "pylopdf_fonts_jp", "zh": "pylopdf_fonts_zh_cn"}
ALPHABETS = ((0x410, 0x44F), (0x3B1, 0x3C9), (0xE01, 0xE2E), (0x10D0, 0x10F0), (0x905, 0x939), (0x5D0, 0x5EA))
"""Code points of Cyrillic, Greek, Thai, Georgian, Devanagari and Hebrew letters."""

Crop = NDArray[np.uint8]
Floats = NDArray[np.float32]


def main() -> None:
    """Fit the table, write it, and say what it does on held-out words."""
    recogniser = _Recogniser()
    drawn = list(_drawn(np.random.default_rng(SEED)))
    signatures = [signature(recogniser.probabilities(crop), crop.shape[1] / HEIGHT) for _, crop in drawn]
    shares, filled = (
        np.stack([share.astype(np.float32) for share, _ in signatures]),
        np.array([[full] for _, full in signatures]),
    )
    truth = np.array([language == "ko" for language, _ in drawn])
    held = np.arange(len(drawn)) % 4 == 0
    top = np.sort(np.argsort(-shares[~held & truth].mean(0), kind="stable")[:KEPT])
    rows = np.sqrt(np.concatenate([shares[:, top], filled], 1))
    model = LogisticRegression(C=CERTAIN, max_iter=5000).fit(rows[~held], truth[~held])
    weights = [round(float(weight), 3) for weight in model.coef_[0]]
    table = {
        "characters": [recogniser.characters[place] for place in top],
        "weights": weights[:-1],
        "filled": weights[-1],
        "bias": round(float(model.intercept_[0]), 3),
    }
    content = json.dumps(table, ensure_ascii=False).encode() + b"\n"
    Path(str(files("signs.reading").joinpath(TABLE))).write_bytes(content)
    probe = HangulProbe(recogniser.characters, content)
    _report(probe, recogniser, [drawn[place] for place in np.flatnonzero(held)])


class _Recogniser:
    """The pretrained recogniser on one thread."""

    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        graph = pretrained()["recognition"]
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self.characters = characters(metadata(graph))

    def run(self, batch: Floats) -> Floats:
        return np.asarray(self._session.run(None, {self._session.get_inputs()[0].name: batch})[0], np.float32)

    def probabilities(self, crop: Crop) -> Floats:
        seen: list[Floats] = []

        def run(batch: Floats) -> Floats:
            seen.append(self.run(batch))
            return seen[0]

        read([crop], run, self.characters)
        return np.asarray(seen[0][0], np.float32)

    def read(self, crop: Crop, probe: HangulProbe) -> Reading:
        return read([crop], self.run, self.characters, probe)[0]


def _report(probe: HangulProbe, recogniser: _Recogniser, held: list[tuple[str, Crop]]) -> None:
    """One line a language: how many held-out words count as Hangul, and how many are read surely."""
    found: dict[str, list[Reading]] = {}
    for language, crop in held:
        found.setdefault(language, []).append(recogniser.read(crop, probe))
    for language, readings in sorted(found.items()):
        told = sum(reading.hangul >= HANGUL for reading in readings)
        sure = sum(reading.score >= SURE for reading in readings)
        sys.stdout.write(f"{language}: {len(readings)} held-out words, {told} told as Hangul, {sure} read surely\n")


def _drawn(chance: np.random.Generator) -> Iterator[tuple[str, Crop]]:
    """Languages and crops of words, in random order."""
    words = [("foreign", _letters(chance)) for _ in range(FOREIGN)]
    for language, most in WORDS.items():
        path = Path(str(files("signs").joinpath(f"phrases/{language}.tsv")))
        try:
            rows = path.read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise DataError(f"{path}: {error.strerror}; the words of the phrasebooks are drawn") from error
        phrases = [row.split("\t")[0] for row in rows if row.strip() and not row.startswith("#")]
        texts = [text.strip() for phrase in phrases for text in phrase.split("|") if "{" not in text]
        chosen = chance.choice(len(texts), min(most, len(texts)), replace=False)
        words += [(language, texts[place]) for place in chosen]
    for place in chance.permutation(len(words)):
        language, text = words[place]
        yield language, _worn(_word(text, _font(language, chance), chance), chance)


def _letters(chance: np.random.Generator) -> str:
    first, last = ALPHABETS[chance.integers(len(ALPHABETS))]
    return "".join(chr(point) for point in chance.integers(first, last + 1, chance.integers(2, 11)))


def _font(language: str, chance: np.random.Generator) -> ImageFont.FreeTypeFont:
    size = int(chance.integers(24, 90))
    if language not in FONTS:
        names = ("figo", "figbo") if language == "foreign" else ("figo", "notos", "ubuntu")
        return ImageFont.truetype(BytesIO(pymupdf_fonts.myfont(names[chance.integers(len(names))])), size)
    spec = find_spec(FONTS[language])
    if spec is None or spec.origin is None:
        raise DataError(f"package {FONTS[language]} is not installed; run make setup")
    return ImageFont.truetype(str(next(Path(spec.origin).parent.glob("*.otf"))), size)


def _word(text: str, font: ImageFont.FreeTypeFont, chance: np.random.Generator) -> Crop:
    """The text, dark on light or the other way round."""
    left, top, right, bottom = font.getbbox(text)
    margin, bold = int(chance.integers(2, 9)), int(chance.choice([0, 0, 1, 2]))
    dark, light = (tuple(chance.integers(*span, 3).tolist()) for span in ((0, 90), (150, 256)))
    ink, ground = (dark, light) if chance.random() < 0.5 else (light, dark)
    picture = Image.new("RGB", (int(right - left) + 2 * margin, int(bottom - top) + 2 * margin), ground)
    ImageDraw.Draw(picture).text((margin - left, margin - top), text, font=font, fill=ink, stroke_width=bold)
    return np.asarray(picture, np.uint8)


def _worn(word: Crop, chance: np.random.Generator) -> Crop:
    """The word at 48 px height, slanted, and at times coarse, blurred or noisy."""
    width = max(8, round(word.shape[1] * HEIGHT / word.shape[0]))
    slant = np.array([[1, chance.uniform(-0.25, 0.25), 0], [chance.uniform(-0.04, 0.04), 1, 0]], np.float32)
    crop = cv2.resize(word, (width, HEIGHT), interpolation=cv2.INTER_AREA)
    crop = cv2.warpAffine(crop, slant, (width, HEIGHT), borderMode=cv2.BORDER_REPLICATE)
    if chance.random() < 0.25:
        share = chance.uniform(0.25, 0.6)
        coarse = cv2.resize(crop, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
        crop = cv2.resize(coarse, (width, HEIGHT), interpolation=cv2.INTER_CUBIC)
    if chance.random() < 0.6:
        crop = cv2.GaussianBlur(crop, (0, 0), chance.uniform(0.3, 1.8))
    noise = chance.normal(0, chance.uniform(0, 12), crop.shape)
    return np.asarray(np.clip(crop + noise, 0, 255), np.uint8)


if __name__ == "__main__":
    main()
