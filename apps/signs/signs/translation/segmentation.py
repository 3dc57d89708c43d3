"""A row of words: the fewest entries that make up a text without a gap."""

from collections.abc import Callable

SHORTEST = 2
MOST = 3


def pieces(text: str, find: Callable[[str], str | None], longest: int) -> list[str]:
    """What the fewest words that make up `text` mean, in order; [] where some of it is no word, or too many are needed.

    Each word has two characters at least: of single characters anything can be put together.

    Args:
        text: without white space.
        find: a word → its meaning, or None.
        longest: characters of a word.

    >>> pieces("駅前広場", {"駅前": "in front of station", "広場": "plaza"}.get, 8)
    ['in front of station', 'plaza']
    """
    best: list[list[str] | None] = [[]] + [None] * len(text)
    for end in range(SHORTEST, len(text) + 1):
        for start in range(max(0, end - longest), end - SHORTEST + 1):
            before = best[start]
            if before is None or len(before) >= MOST:
                continue
            held = best[end]
            if held is not None and len(held) <= len(before) + 1:
                continue
            meaning = find(text[start:end])
            if meaning is not None:
                best[end] = [*before, meaning]
    return best[-1] or []
