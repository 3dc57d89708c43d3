"""What two spellings of the same sign have in common: the key by which phrases and words are found."""

import re
import unicodedata

ENDS = " .,:;!?…·・。、，：；！？'\"“”‘’()[]（）【】「」『』<>《》*※→←↑↓⇒⇐▶◀►◄●■◆★☆"
DASHES = str.maketrans(dict.fromkeys("〜～~–—−‐－", "-"))  # noqa: RUF001 - all of them are written for "to"
NUMERALS = {each: value for value, each in enumerate("〇一二三四五六七八九")}
SCALES = {"十": 10, "百": 100, "千": 1000}
DIGITS = re.compile(r"\d(?:[\d.,:]*\d)?")
NUMBERS = re.compile(rf"{DIGITS.pattern}|[〇一二三四五六七八九十百千]+")


def key(text: str) -> str:
    """The text in NFKC, without case, white space, or punctuation around it.

    >>> key(" ＥＸＩＴ  only! "), key("「出 口」")
    ('exitonly', '出口')
    """
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).casefold())
    # Once more: case and space may have kept letter and accent apart.
    bare = unicodedata.normalize("NFKC", folded).translate(DASHES).strip(ENDS)
    # A dash at the end says "from" or "up to", unless the text stands between two.
    return bare.strip("-").strip(ENDS) if bare.startswith("-") else bare


def numeral(text: str) -> str:
    """A number as digits, whichever way it was written.

    >>> numeral("二十三"), numeral("1,200"), numeral("三〇")
    ('23', '1,200', '30')
    """
    if not any(each in NUMERALS or each in SCALES for each in text):
        return text
    if not any(each in SCALES for each in text):
        return "".join(str(NUMERALS[each]) for each in text)
    total, held = 0, 0
    for each in text:
        if each in SCALES:
            total += max(held, 1) * SCALES[each]
            held = 0
        else:
            held = NUMERALS[each]
    return str(total + held)
