"""What the language of a line is told by: its own characters and n-grams, the place, and the other lines."""

import math
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from signs.language.place import country, spoken
from signs.language.script import SYSTEMS, of_character, script, systems
from signs.records import LANGUAGES, Place

SCRIPTS = ("latin", "han", "kana", "hangul", "other")
SPOKEN = tuple(language for language in LANGUAGES if language != "other")

MARKS = {
    "fr": (
        "le",
        "la",
        "les",
        "des",
        "du",
        "au",
        "aux",
        "et",
        "en",
        "de",
        "sur",
        "pour",
        "est",
        "vous",
        "ne",
        "à",
        "une",
    ),
    "de": ("der", "die", "das", "und", "den", "dem", "ein", "eine", "für", "bitte", "nicht", "nur", "im", "zum", "mit"),
    "es": ("el", "la", "los", "las", "de", "del", "y", "en", "por", "para", "se", "con", "su", "al", "un", "una", "no"),
    "en": ("the", "and", "of", "to", "for", "in", "is", "on", "at", "no", "not", "only", "please", "do", "you", "your"),
}
LETTERS = {"fr": "çœèêàùâîôûë", "de": "äöüß", "es": "ñ¿¡áíóú", "en": ""}
"""Words and letters by which another line of the frame shows its language; learnt n-grams do it for the line itself."""

OWN = (
    *SCRIPTS,
    "digits",
    "length",
    *SYSTEMS,
    *(f"only_{system}" for system in SYSTEMS),
)
FRAME = (
    "others",
    *(f"others_{name}" for name in SCRIPTS),
    *(f"others_only_{system}" for system in SYSTEMS),
    *(f"others_{language}" for language in MARKS),
)
PLACE = ("place_known", *(f"place_{language}" for language in SPOKEN))
FEATURES: tuple[str, ...] = (*OWN, *PLACE, *FRAME)
"""Names of the numbers of a line, in the order of the model's inputs.

`latin` … `digits`: share of its characters. `length`: log(1 + characters). `japanese`, `simplified`, `traditional`:
share of its Han characters in everyday use in that writing system, `only_…`: in that one alone. `place_LANGUAGE`: 1 for
the first language of the country's signs, a half for a further one. `others`: log(1 + other lines of the frame),
`others_…`: the share of them in that script, with such a character, or with words of that language.
"""

SLOTS = 144
BUCKETS = 1 << 15
TOKENS: tuple[str, ...] = tuple(f"token_{slot}" for slot in range(SLOTS))
"""Names of the columns behind the features: numbers of the line's n-grams, from 1 to `BUCKETS`, then 0."""


def rows(texts: Sequence[str], place: Place | None) -> NDArray[np.float32]:
    """The inputs of the lines of one frame, shape `(len(texts), len(FEATURES) + len(TOKENS))`."""
    return of_country(texts, country(place))


def of_country(texts: Sequence[str], code: str | None) -> NDArray[np.float32]:
    """As `rows`, for a frame taken in the country with that code, if it is known."""
    found = np.zeros((len(texts), len(FEATURES) + SLOTS), np.float32)
    first, second = len(OWN), len(OWN) + len(PLACE)
    where = _of_place(code)
    shown = [_shown(text) for text in texts]
    total = np.sum(shown, axis=0) if shown else np.zeros(len(FRAME) - 1)
    others = max(len(texts) - 1, 0)
    for row, text in zip(found, texts, strict=True):
        row[:first] = _own(text)
        row[first:second] = where
        row[second] = math.log1p(others)
        if others:
            row[second + 1 : len(FEATURES)] = (total - _shown(text)) / others
        numbers = tokens(text)
        row[len(FEATURES) : len(FEATURES) + len(numbers)] = numbers
    return found


@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[int, ...]:
    """Numbers of the text's words and n-grams of characters, each once, at most `SLOTS`.

    The text is folded (NFKC, case; a digit is 0) and its words stand between spaces. Words, and n-grams of two to
    four characters; in scripts that do not separate words, of one and two. Their number is a CRC-32 of their UTF-8.
    """
    folded = "".join(
        "0" if character.isdecimal() else character for character in unicodedata.normalize("NFKC", text).casefold()
    )
    grams: dict[str, None] = {}
    for word in folded.split():
        alphabetic = script(word) in ("latin", "other", "none")
        around = f" {word} "
        if alphabetic:
            grams[around] = None
        for length in (2, 3, 4) if alphabetic else (1, 2):
            grams.update(dict.fromkeys(around[at : at + length] for at in range(len(around) - length + 1)))
    grams.pop(" ", None)
    return tuple(crc32(gram.encode()) % BUCKETS + 1 for gram in list(grams)[:SLOTS])


@lru_cache(maxsize=4096)
def _own(text: str) -> tuple[float, ...]:
    characters = [character for character in text if not character.isspace()]
    counts = Counter(of_character(character) for character in characters)
    digits = sum(character.isdecimal() for character in characters)
    written = [systems(character) for character in characters if of_character(character) == "han"]
    number = max(len(characters), 1)
    return (
        *(counts[name] / number for name in SCRIPTS),  # type: ignore[index]  # SCRIPTS are scripts
        digits / number,
        math.log1p(len(characters)),
        *(sum(system in those for those in written) / max(len(written), 1) for system in SYSTEMS),
        *(sum(those == {system} for those in written) / max(len(written), 1) for system in SYSTEMS),
    )


@lru_cache(maxsize=4096)
def _shown(text: str) -> NDArray[np.float64]:
    """What the text shows the other lines of its frame: the columns of `FRAME` but the first."""
    name = script(text)
    only = [those for those in map(systems, text) if len(those) == 1]
    folded = text.casefold()
    words, letters = set(folded.split()), set(folded)
    return np.array(
        [
            *(name == each for each in SCRIPTS),
            *({system} in only for system in SYSTEMS),
            *(not (words.isdisjoint(MARKS[each]) and letters.isdisjoint(LETTERS[each])) for each in MARKS),
        ],
        np.float64,
    )


@lru_cache(maxsize=512)
def _of_place(code: str | None) -> tuple[float, ...]:
    """The columns of `PLACE`."""
    there = spoken(code)
    shares = dict.fromkeys(there, 0.5)
    if there:
        shares[there[0]] = 1.0
    return (float(code is not None), *(shares.get(language, 0.0) for language in SPOKEN))
