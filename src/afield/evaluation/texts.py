"""How far texts that were read lie from the truth: folding, edit distance, and rates with intervals."""

import math
import unicodedata
from collections.abc import Iterable, Sequence
from statistics import NormalDist

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval
from afield.statistics.bootstrap import block_bootstrap


class Rate(msgspec.Struct, frozen=True):
    """A share of counted things.

    Attributes:
        count: how many have the property: errors, lines.
        total: out of how many.
        value: the share, or None of nothing. Above 1 where more errors were made than there is truth.
        interval: Wilson's, or None where the share has no such interval (of nothing, or above 1).
    """

    count: int
    total: int
    value: float | None
    interval: Interval | None


def rate(count: int, total: int, level: float = 0.95) -> Rate:
    """The share with its Wilson interval.

    It takes the counted things for independent; characters of one line are not quite, so a rate of
    characters is less certain than its interval says.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22 (1927).

    Args:
        count: how many have the property, ≥ 0.
        total: out of how many, ≥ 0.
        level: nominal coverage, in (0, 1).

    Raises:
        EvaluationError: a count is negative, or the level lies outside (0, 1).

    >>> rate(1, 20).value
    0.05
    """
    if count < 0 or total < 0 or not 0 < level < 1:
        raise EvaluationError(f"{count} of {total} at level {level}: counts are ≥ 0, a level lies in (0, 1)")
    if total == 0:
        return Rate(count, total, None, None)
    share = count / total
    if count > total:
        return Rate(count, total, share, None)
    z = NormalDist().inv_cdf((1 + level) / 2)
    middle = (share + z * z / (2 * total)) / (1 + z * z / total)
    half = z / (1 + z * z / total) * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    # At a share of 0 or 1 rounding would leave the end a hair beside it.
    low, high = (0.0 if count == 0 else middle - half), (1.0 if count == total else middle + half)
    return Rate(count, total, share, Interval(low, high, level))


def folded(text: str) -> str:
    """The text without differences that do not count: NFKC, lower case, white space as one space or none.

    A space between two letters of a script that does not separate words (Chinese, Japanese) is left out, for
    whether it is there is a matter of type-setting.

    Source: Unicode Standard Annex 15 (NFKC) and chapter 3.13 (case folding).

    >>> folded(" EXIT   only "), folded("出 口")
    ('exit only', '出口')
    """
    words = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold()).split()
    joined = ""
    for word in words:
        apart = bool(joined) and not (_unspaced(joined[-1]) and _unspaced(word[0]))
        joined += f" {word}" if apart else word
    return joined


def distance(first: Sequence[str], second: Sequence[str]) -> int:
    """The fewest insertions, deletions and substitutions that turn one into the other.

    Source: Levenshtein, "Binary codes capable of correcting deletions, insertions, and reversals" (1966), by
    the table of Wagner and Fischer (1974).

    >>> distance("kitten", "sitting")
    3
    """
    if len(first) < len(second):
        first, second = second, first
    above = list(range(len(second) + 1))
    for row, character in enumerate(first, start=1):
        left, diagonal = row, row - 1
        for column, other in enumerate(second, start=1):
            left = min(left + 1, above[column] + 1, diagonal + (character != other))
            diagonal, above[column] = above[column], left
        above[0] = row
    return above[-1]


def character_errors(truth: str, read: str) -> int:
    """Characters that were read wrongly, left out or added, after folding both.

    >>> character_errors("Cash only", "CASH  0nly")
    1
    """
    return distance(folded(truth), folded(read))


def character_error_rate(pairs: Iterable[tuple[str, str]]) -> Rate:
    """Errors over the characters of the truth, of all pairs `(truth, read)` together.

    >>> character_error_rate([("出口", "出囗"), ("Exit", "exit")]).value
    0.16666666666666666
    """
    errors = characters = 0
    for truth, read in pairs:
        errors += character_errors(truth, read)
        characters += len(folded(truth))
    return rate(errors, characters)


def character_error_estimate(
    pairs: Sequence[tuple[str, str]],
    blocks: ArrayLike | None = None,
    *,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Estimate:
    """`character_error_rate` with a bootstrapped interval, for the characters of one line are right or wrong together.

    Args:
        pairs: `(truth, read)`.
        blocks: label of what belongs together (lines of one picture); None: each pair for itself.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: of the interval.

    Raises:
        EvaluationError: there are fewer than two blocks, or the truths hold no character.
    """
    counted = np.array([(character_errors(*pair), len(folded(pair[0]))) for pair in pairs], np.float64).reshape(-1, 2)
    errors, characters = counted.sum(axis=0)
    if not characters:
        raise EvaluationError(f"the truths of {len(pairs)} texts hold no character; there is nothing to misread")
    labels = np.arange(len(counted)) if blocks is None else blocks

    def share(means: NDArray[np.float64]) -> NDArray[np.float64]:
        none = np.full(len(means), np.nan)
        shares: NDArray[np.float64] = np.divide(means[:, 0], means[:, 1], out=none, where=means[:, 1] > 0)
        return shares

    interval = block_bootstrap(counted, labels, share, resamples=resamples, seed=seed, level=level)
    return Estimate(float(errors / characters), interval, len(pairs), float(characters))


def _unspaced(character: str) -> bool:
    """Whether it belongs to a script that is written without spaces."""
    return "\u3000" <= character <= "\u9fff" or "\uf900" <= character <= "\ufaff" or character >= "\U00020000"
