"""Guards on text: words that must not be said, texts that alone may be said, and how long one may be."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

Line = Mapping[str, object]
"""One thing that a client is told of, as in `Answer.content`."""


@dataclass(frozen=True, slots=True)
class TextGuard:
    """Withholds a text: it becomes null, and the rest of the line stays.

    Attributes:
        kind: deny, allow or longest.
        key: of the text in the line.
        texts: words that are denied, or whole texts that are allowed; case does not count.
        longest: how many characters a text may have.
    """

    kind: str
    key: str
    texts: frozenset[str] = frozenset()
    longest: int = 0
    _words: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Make the pattern, once."""
        words = "|".join(sorted(map(re.escape, self.texts), key=len, reverse=True))
        object.__setattr__(self, "_words", re.compile(rf"(?<!\w)(?:{words})(?!\w)") if self.kind == "deny" else None)

    @property
    def name(self) -> str:
        """What answers say of it."""
        return f"{self.kind}:{self.key}"

    def __call__(self, line: Line, /) -> Line:
        """The line, or one whose text is withheld; the same object where nothing had to change."""
        text = line.get(self.key)
        if not isinstance(text, str) or not self._refuses(text.casefold()):
            return line
        return {**line, self.key: None}

    def _refuses(self, text: str) -> bool:
        if self._words is not None:
            return self._words.search(text) is not None
        return len(text) > self.longest if self.kind == "longest" else text not in self.texts


def deny_words(key: str, words: Iterable[str]) -> TextGuard:
    """A guard that withholds a text with any of these words or phrases in it, as whole words.

    >>> deny_words("english", ["kill"])({"english": "Skilled workers"})["english"]
    'Skilled workers'
    """
    texts = frozenset(word.casefold() for word in words)
    if not texts:
        raise ValueError("deny_words: the list must not be empty")
    return TextGuard("deny", key, texts)


def allow_texts(key: str, texts: Iterable[str]) -> TextGuard:
    """A guard that withholds every text but these."""
    return TextGuard("allow", key, frozenset(text.casefold() for text in texts))


def longest(key: str, characters: int) -> TextGuard:
    """A guard that withholds a text of more than so many characters: a model that babbles."""
    if characters < 1:
        raise ValueError(f"longest: {characters} characters must not be less than one")
    return TextGuard("longest", key, longest=characters)
