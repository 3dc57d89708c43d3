"""The script of a text, and which writing systems its Han characters belong to."""

from collections import Counter
from functools import cache

from signs.records import Script

RANGES: tuple[tuple[int, int, Script], ...] = (
    (0x0041, 0x005A, "latin"),
    (0x0061, 0x007A, "latin"),
    (0x00AA, 0x00AA, "latin"),
    (0x00BA, 0x00BA, "latin"),
    (0x00C0, 0x00D6, "latin"),
    (0x00D8, 0x00F6, "latin"),
    (0x00F8, 0x024F, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0xFF21, 0xFF3A, "latin"),
    (0xFF41, 0xFF5A, "latin"),
    (0x3005, 0x3007, "han"),
    (0x3400, 0x4DBF, "han"),
    (0x4E00, 0x9FFF, "han"),
    (0xF900, 0xFAFF, "han"),
    (0x20000, 0x323AF, "han"),
    (0x3041, 0x3096, "kana"),
    (0x309D, 0x309F, "kana"),
    (0x30A1, 0x30FA, "kana"),
    (0x30FC, 0x30FF, "kana"),
    (0x31F0, 0x31FF, "kana"),
    (0xFF66, 0xFF9D, "kana"),
    (0x1100, 0x11FF, "hangul"),
    (0x3130, 0x318F, "hangul"),
    (0xA960, 0xA97F, "hangul"),
    (0xAC00, 0xD7FF, "hangul"),
)
"""First and last code point of blocks, by script; Unicode 16, chapters 7 and 18. A letter elsewhere is `other`."""

SYSTEMS = {
    "japanese": ("shift_jis", b"\x88\x9f", b"\x98\x72"),
    "simplified": ("gb2312", b"\xb0\xa1", b"\xd7\xf9"),
    "traditional": ("big5", b"\xa4\x40", b"\xc6\x7e"),
}
"""Writing system of Han characters → a national character set, and where in it the characters of the first level,
those in everyday use, begin and end (JIS X 0208, GB 2312, Big5)."""


def script(text: str) -> Script:
    """What `text` is written in: `kana` where any kana is among it, else the script of most of its letters.

    Of scripts with as many letters, the one that comes first in `text` is taken.

    >>> script("現金のみ"), script("出口"), script("Ausgang 2"), script("12:30"), script("Выход")
    ('kana', 'han', 'latin', 'none', 'other')
    """
    counts = Counter(found for found in map(of_character, text) if found != "none")
    if not counts:
        return "none"
    return "kana" if counts["kana"] else counts.most_common(1)[0][0]


@cache
def of_character(character: str) -> Script:
    """The script of one character; `none` for digits, signs and white space."""
    point = ord(character)
    for first, last, name in RANGES:
        if first <= point <= last:
            return name
    return "other" if character.isalpha() else "none"


@cache
def systems(character: str) -> frozenset[str]:
    """Which of `SYSTEMS` write the Han character; a character that only one of them writes tells it.

    >>> sorted(systems("駅")), sorted(systems("闭")), sorted(systems("口"))
    (['japanese'], ['simplified'], ['japanese', 'simplified', 'traditional'])
    """
    return frozenset(name for name in SYSTEMS if _holds(*SYSTEMS[name], character))


def _holds(charset: str, first: bytes, last: bytes, character: str) -> bool:
    try:
        return first <= character.encode(charset) <= last
    except UnicodeEncodeError:
        return False
