"""Slices of lines that people speak of: a mode is set for all lines in one at once."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import cast, get_args

from afield.mitigation.slices import Sliced
from afield.records.traffic import Mode
from signs.kit import Found
from signs.records import LANGUAGES, Script
from signs.safety import of_safety

SAFETY, GUESSED = "safety", "not in the phrasebook"


def of_danger(found: Found) -> bool:
    """Whether a line, or what it is taken to mean, speaks of safety."""
    return of_safety(found.line.text, found.translation.english if found.translation else "")


def guessed(found: Found) -> bool:
    """Whether what a line means comes from a dictionary, whole or word by word, and not from the phrasebook."""
    return found.translation is not None and found.translation.source != "phrasebook"


def in_script(script: Script, found: Found) -> bool:
    """Whether a line is written in a script."""
    return found.line.script == script


def in_language(language: str, found: Found) -> bool:
    """Whether a line is taken to be in a language."""
    return found.language == language


HOLDS: dict[str, Callable[[Found], bool]] = {
    SAFETY: of_danger,
    GUESSED: guessed,
    **{script: partial(in_script, script) for script in get_args(Script) if script not in ("none", "other")},
    **{language: partial(in_language, language) for language in LANGUAGES if language != "other"},
}
"""By kind of line: what it speaks of, where its translation comes from, its script, its language (ISO 639-1)."""


def bounded(found: object, most: Mode) -> object:
    """A line that is shown as no more than `most`."""
    return replace(cast(Found, found), most=most)


SLICES = Sliced(cast(dict[str, Callable[[object], bool]], HOLDS), bounded)
