"""Dictionaries: single words and set expressions of Japanese and Chinese, from JMdict and CC-CEDICT.

When a release is built, both are boiled down to one sorted file, `words.bin`: a JSON line that says where each
language begins, then `key TAB class TAB gloss` a line, sorted by the bytes of the key. A word is found in it by
bisection, so that opening it costs nothing and it takes no more memory than it has bytes. After the words of a language
stand the keys that only twins of characters lead to.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import msgspec

from afield.errors import DataError
from signs.records import Language, Translation
from signs.translation.book import SURE_OF_TWIN
from signs.translation.entries import LONGEST, Entry, chinese, japanese
from signs.translation.keys import key
from signs.translation.segmentation import pieces
from signs.translation.twins import TWIN, Twins, twins

SURE = {"a": 0.982, "b": 0.894, "c": 0.833, "d": 0.5}
"""Class → how often the gloss is right for a sign: 332 of 337, 159 of 177 and 49 of 58 judged ones, one more of each
verdict added, see benchmarks/signs_glosses.py; class `d` was not judged, and is never shown as sure."""
SURE_SEGMENTED = 0.45
"""Not judged either: low enough for a question mark, and no more."""
SCHEMA = 1
TWINS_OF = "twins of "
AMBIGUOUS = "-"
TRUSTED = "ab"
"""Classes of words that a row may be made of."""


class Header(msgspec.Struct, frozen=True):
    """First line of `words.bin`.

    Attributes:
        begins: where each language, and its `twins of LANGUAGE`, begins and ends, in bytes after that line.
        twins: of each language.
    """

    begins: dict[str, tuple[int, int]]
    schema: int = SCHEMA
    twins: dict[str, Twins] = {}


class Words:
    """Looks lines up as words; where a whole line is none, as a row of words."""

    def __init__(self, lines: bytes, header: Header) -> None:
        """Look up in `lines`, sorted within each part that `header` names."""
        self._lines = lines
        self._begins = header.begins
        self._twins = {language: str.maketrans(*pair) for language, pair in header.twins.items()}

    @classmethod
    def opened(cls, raw: bytes) -> "Words":
        """The words in the bytes of `words.bin`.

        Raises:
            DataError: they are no such file.
        """
        head, _, lines = raw.partition(b"\n")
        try:
            header = msgspec.json.decode(head, type=Header)
        except msgspec.MsgspecError as error:
            raise DataError(f"words.bin: {error}; build the release again") from error
        if header.schema > SCHEMA:
            raise DataError(f"words.bin has schema {header.schema}, newer than {SCHEMA}; upgrade afield-signs")
        return cls(lines, header)

    def __call__(self, text: str, language: Language, /) -> Translation | None:
        """The English of a line that is a word, or, less surely, of one that is a row of words."""
        return self.whole(text, language) or self.row(text, language)

    def whole(self, text: str, language: Language, /) -> Translation | None:
        """The English of a line that is a word."""
        found = self.find(key(text), language)
        return found and Translation(found[1], "dictionary", SURE[found[0]], REASONS[found[0]])

    def twin(self, text: str, language: Language, /) -> Translation | None:
        """The English of the one word that differs from a line in nothing but twins of characters."""
        if language not in self._twins:
            return None
        form = key(text).translate(self._twins[language])
        found = self.find(form, TWINS_OF + language) or self.find(form, language)
        if found is None or found[0] == AMBIGUOUS:
            return None
        return Translation(found[1], "dictionary", SURE[found[0]] * SURE_OF_TWIN, f"{REASONS[found[0]]}, {TWIN}")

    def row(self, text: str, language: Language, /) -> Translation | None:
        """The English of a line that is a row of words, one after the other."""
        found = pieces(key(text), lambda piece: self._trusted(piece, language), LONGEST)
        if not found:
            return None
        return Translation(" ".join(found), "segmented", SURE_SEGMENTED, "word by word, which may miss the sense")

    def find(self, looked: str, part: str) -> tuple[str, str] | None:
        """Class and gloss of a key; None where that part of the file does not have it."""
        low, high = self._begins.get(part, (0, 0)) if 0 < len(looked) <= LONGEST else (0, 0)
        wanted = looked.encode() + b"\t"
        while low < high:
            middle = (low + high) // 2
            start = self._lines.rfind(b"\n", low, middle) + 1 or low
            end = self._lines.find(b"\n", start, high)
            line = self._lines[start : end if end >= 0 else high]
            if line.startswith(wanted):
                _, kind, gloss = line.decode().split("\t")
                return kind, gloss
            if line < wanted:
                low = start + len(line) + 1
            else:
                high = start
        return None

    def _trusted(self, piece: str, language: str) -> str | None:
        found = self.find(piece, language)
        return found[1] if found is not None and found[0] in TRUSTED else None


REASONS = {
    "a": "a word of the dictionary",
    "b": "a short word of the dictionary",
    "c": "a word of several meanings",
    "d": "a word that may mean several things",
}


def no_words() -> bytes:
    """A `words.bin` without a word: where a release carries the phrasebook alone."""
    return msgspec.json.encode(Header({})) + b"\n"


def words_table() -> bytes:
    """`words.bin` of a release, from the installed dictionaries; the same dictionaries give the same bytes.

    Raises:
        DataError: a dictionary's package or its file is missing.
    """
    return packed({"ja": japanese(), "zh": chinese()})


def packed(entries: Mapping[str, Iterable[Entry]]) -> bytes:
    """`words.bin` with these entries by language."""
    begins: dict[str, tuple[int, int]] = {}
    pairs: dict[str, Twins] = {}
    parts: list[bytes] = []
    total = 0
    for language, listed in entries.items():
        known = sorted(set(listed))
        pairs[language] = twins(language, (looked for looked, _, _ in known))
        for name, rows in ((language, known), (TWINS_OF + language, forms(known, pairs[language]))):
            lines = b"".join(sorted("\t".join(row).encode() + b"\n" for row in rows))
            begins[name] = (total, total + len(lines))
            total += len(lines)
            parts.append(lines)
    return msgspec.json.encode(Header(begins, twins=pairs)) + b"\n" + b"".join(parts)


def forms(entries: Iterable[Entry], pair: Twins) -> list[Entry]:
    """What the words are in the forms of their twins, where that is no word itself or stands for several."""
    table = str.maketrans(*pair)
    by_form: dict[str, list[Entry]] = defaultdict(list)
    for entry in entries:
        by_form[entry[0].translate(table)].append(entry)
    found: list[Entry] = []
    for form, alike in by_form.items():
        if len({gloss.casefold() for _, _, gloss in alike}) > 1:
            found.append((form, AMBIGUOUS, ""))
        elif all(looked != form for looked, _, _ in alike):
            found.append((form, max(kind for _, kind, _ in alike), alike[0][2]))
    return found
