"""Typefaces for signs: Noto Sans and Serif for Chinese, Japanese and Korean, FiraGO and others for Latin letters.

All come with packages of the lock and are under the SIL Open Font License 1.1, which lets pictures made with them be
used for anything: `pylopdf-fonts-*` (Noto Sans and Noto Serif JP, KR, SC, TC) and `pymupdf-fonts` (FiraGO, Noto Sans,
Space Mono).
"""

import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from PIL import ImageFont
from pymupdf_fonts import fontbuffers

from signs.records import Language

PROBE = 24
NOWHERE = "\U0010ffff"  # no typeface draws it; it looks as every missing character does


@dataclass(frozen=True, slots=True)
class Face:
    """One typeface.

    Attributes:
        name: of the file in its package, or its name in `pymupdf-fonts`.
        package: that ships the file, or "" for `pymupdf-fonts`.
        bold: thickness that is drawn around its strokes, as a share of its size.
    """

    name: str
    package: str = ""
    bold: float = 0.0

    def stroke(self, size: int) -> int:
        """Pixels to draw around the strokes of characters of this size."""
        return round(self.bold * size)


def _cjk(region: str, package: str) -> tuple[Face, ...]:
    package = f"pylopdf_fonts_{package}"
    sans, serif = f"Noto{'Sans'}{region}-Regular.otf", f"Noto{'Serif'}{region}-Regular.otf"
    return Face(sans, package), Face(sans, package, 0.03), Face(serif, package), Face(serif, package, 0.025)


JAPANESE, KOREAN = _cjk("JP", "jp"), _cjk("KR", "ko")
SIMPLIFIED, TRADITIONAL = _cjk("SC", "zh_cn"), _cjk("TC", "zh_tw")
LATIN = (*(Face(name) for name in ("figo", "figbo", "figit", "notos", "notosbo", "spacembo")), JAPANESE[2])
ANY = (*JAPANESE, *KOREAN, *SIMPLIFIED, *TRADITIONAL)
LABEL = Face("figbo")


def faces(language: Language, text: str) -> tuple[Face, ...]:
    """The typefaces that a sign in this language may be set in and that have all characters of the text."""
    return tuple(face for face in _usual(language, text) if has(face, text)) or tuple(
        face for face in ANY if has(face, text)
    )


def can_draw(language: Language, text: str) -> bool:
    """Whether there is a typeface for the text."""
    return any(has(face, text) for face in (*_usual(language, text), *ANY))


def in_code(text: str, code: str) -> bool:
    """Whether the characters are in a code: those of GB 2312 are simplified, those of Big5 traditional, some both."""
    try:
        text.encode(code)
    except UnicodeEncodeError:
        return False
    return True


def has(face: Face, text: str) -> bool:
    """Whether the typeface has every character of the text."""
    return all(_draws(face, character) for character in text if not character.isspace())


def _usual(language: Language, text: str) -> tuple[Face, ...]:
    """The typefaces of a language; in Chinese, of the characters that the text is written in."""
    if language != "zh":
        return {"ja": JAPANESE, "ko": KOREAN}.get(language, LATIN)
    simplified = SIMPLIFIED if in_code(text, "gb2312") else ()
    traditional = TRADITIONAL if in_code(text, "big5") else ()
    return (*simplified, *traditional) or (*SIMPLIFIED, *TRADITIONAL)


@lru_cache(maxsize=64)  # an open typeface takes more than a megabyte, and is opened in less than a millisecond
def font(face: Face, size: int) -> ImageFont.FreeTypeFont:
    """The typeface at a size in pixels."""
    # By its path a file is read once for all sizes; from memory each size would hold a copy.
    source = str(files(face.package).joinpath(face.name)) if face.package else io.BytesIO(_buffer(face.name))
    return ImageFont.truetype(source, size)


@lru_cache(maxsize=32)
def _buffer(name: str) -> bytes:
    return bytes(fontbuffers[name]())


@lru_cache(maxsize=32768)
def _draws(face: Face, character: str) -> bool:
    probe = font(Face(face.name, face.package), PROBE)
    drawn, missing = probe.getmask(character), probe.getmask(NOWHERE)
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))
