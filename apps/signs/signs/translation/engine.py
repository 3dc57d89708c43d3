"""Engines: whatever translates a line, and several of them asked in turn."""

from typing import Protocol

from signs.records import Language, Translation
from signs.translation.book import Book
from signs.translation.dictionaries import Words


class Translates(Protocol):
    """Translates a line into English; a model for whole sentences plugs in here."""

    def __call__(self, text: str, language: Language, /) -> Translation | None:
        """The translation, or None: it is better to say nothing than to guess."""
        ...


def translator(phrases: bytes, words: bytes) -> Translates:
    """What a release translates with: phrases, then words, then either but for twins of characters, then rows of words.

    A text that is a word goes before its twins: 地盘 is "domain" in China, though 地盤 is a building site in Hong Kong.

    Args:
        phrases: `phrases.json` of the release.
        words: its `words.bin`.

    Raises:
        DataError: one of them cannot be read.
    """
    book, dictionary = Book.opened(phrases), Words.opened(words)
    return in_turn(book, dictionary.whole, book.twin, dictionary.twin, dictionary.row)


def in_turn(*engines: Translates) -> Translates:
    """The first of `engines` that knows."""

    def translate(text: str, language: Language, /) -> Translation | None:
        for engine in engines:
            found = engine(text, language)
            if found is not None:
                return found
        return None

    return translate
