"""Which lines speak of safety: shown as sure only where the phrasebook or a person says what they mean."""

import re
from importlib.resources import files

from signs.records import Translation
from signs.translation.keys import key

FILE = "safety.txt"
SOURCES = ("phrasebook", "person")
"""Who may say what such a line means without a question mark: everything else was made by a machine."""


def _listed() -> tuple[str, ...]:
    """The words and parts of the file."""
    lines = files("signs").joinpath("phrases", FILE).read_text("utf-8").splitlines()
    return tuple(line for each in lines if (line := each.strip()) and not line.startswith("#"))


WORDS = tuple(each for each in _listed() if each.isascii())
PARTS = tuple(each for each in _listed() if not each.isascii())

_ENGLISH = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(map(re.escape, WORDS))})(?![a-z0-9])")


def of_safety(text: str, english: str) -> bool:
    """Whether a line, or what it is taken to mean, speaks of safety.

    >>> of_safety("有毒", "having"), of_safety("駅", "Firework"), of_safety("口", "Fire exit")
    (True, False, True)
    """
    return _ENGLISH.search(english.lower()) is not None or any(part in key(text) for part in PARTS)


def vouched(text: str, translation: Translation) -> bool:
    """Whether a translation may stand without a question mark as far as safety goes."""
    return translation.source in SOURCES or not of_safety(text, translation.english)
