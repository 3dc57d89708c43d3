"""Engines: whatever translates a line, and several of them asked in turn."""

from typing import Protocol

from signs.records import Language, Translation


class Translates(Protocol):
    """Translates a line into English; a model for whole sentences plugs in here."""

    def __call__(self, text: str, language: Language, /) -> Translation | None:
        """The translation, or None: it is better to say nothing than to guess."""
        ...


def in_turn(*engines: Translates) -> Translates:
    """The first of `engines` that knows."""

    def translate(text: str, language: Language, /) -> Translation | None:
        for engine in engines:
            found = engine(text, language)
            if found is not None:
                return found
        return None

    return translate
