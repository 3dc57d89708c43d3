"""What a text is written in, by its characters."""

import unicodedata
from functools import lru_cache

from signs.records import Script


def script(text: str) -> Script:
    """The script of a text: `kana` where any kana is in it, else that of most of its letters; `none` without letters.

    >>> script("出口"), script("のりば2"), script("Défense"), script("비상구"), script("30 %")
    ('han', 'kana', 'latin', 'hangul', 'none')
    """
    counts: dict[Script, int] = {}
    for character in unicodedata.normalize("NFC", text):
        found = of_character(character)
        counts[found] = counts.get(found, 0) + 1
    if counts.get("kana"):
        return "kana"
    counts.pop("none", None)
    return max(counts, key=counts.__getitem__) if counts else "none"


@lru_cache(maxsize=32768)
def of_character(character: str) -> Script:
    """The script of one character; `none` for digits, signs and spaces.

    Source: the blocks of the Unicode Standard, by the names of its characters.
    """
    if not unicodedata.category(character).startswith("L"):
        return "none"
    # The long vowel mark is a letter of kana; the iteration mark 々 one of Chinese characters.
    name = unicodedata.name(character, "")
    if name.startswith(("HIRAGANA", "KATAKANA", "HALFWIDTH KATAKANA")):
        return "kana"
    if name.startswith("CJK") or character in "々〆〇":
        return "han"
    if name.startswith(("HANGUL", "HALFWIDTH HANGUL")):
        return "hangul"
    return "latin" if name.startswith(("LATIN", "FULLWIDTH LATIN")) or name.endswith("ORDINAL INDICATOR") else "other"
