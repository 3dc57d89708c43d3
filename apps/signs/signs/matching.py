"""Which of the lines that were read stands for which line of the truth, and how many characters that leaves wrong."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import linear_sum_assignment

from afield.evaluation.texts import distance, folded

LIKE = 0.25  # a read text is an ignored one up to this share of wrong characters


@dataclass(frozen=True, slots=True)
class Match:
    """Lines of the truth and the read lines that stand for them.

    Attributes:
        truth: places in the truth; none for a text that was read where there is none.
        read: places among the read lines; none for a line that was missed.
        errors: characters read wrongly, left out or added.
    """

    truth: tuple[int, ...]
    read: tuple[int, ...]
    errors: int


def match(truth: Sequence[str], read: Sequence[str], ignored: Iterable[str] = ()) -> list[Match]:
    """Lines paired so that the fewest characters are wrong, whatever their order.

    First one to one, by the cheapest assignment: a line that nothing stands for costs all its characters, and so
    does a text read where there is none. Then a left-over read line is joined to a pair (the detector split a line),
    and a left-over line of the truth to its neighbour (the detector joined two), as long as that lowers the errors;
    joined texts keep their order. Texts to be ignored cost nothing: alone, or at either end of a read line.

    Source: Kuhn, "The Hungarian method for the assignment problem" (1955).

    Args:
        truth: lines that are there, in reading order.
        read: lines that were read, in reading order.
        ignored: legible texts that nobody asked for.
    """
    left_out = tuple(text for ignore in ignored if (text := folded(ignore)))
    costs = _Costs([folded(text) for text in truth], [folded(text) for text in read], left_out)
    matches = _joined(_paired(costs), costs)
    return sorted(matches, key=lambda found: (found.truth or (len(truth),), found.read))


@dataclass(frozen=True, slots=True)
class _Costs:
    """Folded texts, and what it costs to let some stand for others."""

    truth: Sequence[str]
    read: Sequence[str]
    ignored: tuple[str, ...]

    def match(self, truth: tuple[int, ...], read: tuple[int, ...]) -> Match:
        """These lines as one match, its texts joined in their order."""
        expected = folded(" ".join(self.truth[place] for place in truth))
        text = folded(" ".join(self.read[place] for place in sorted(read)))
        if not expected:
            errors = 0 if self._is_ignored(text) else len(text)
        else:
            errors = min(distance(expected, variant) for variant in self._variants(text))
        return Match(truth, tuple(sorted(read)), errors)

    def _variants(self, text: str) -> set[str]:
        """The text, and the text without an ignored one at its start or end."""
        found = {text}
        for ignore in self.ignored:
            found |= {folded(one.removeprefix(ignore)) for one in found}
            found |= {folded(one.removesuffix(ignore)) for one in found}
        return found

    def _is_ignored(self, text: str) -> bool:
        return any(distance(text, ignore) <= LIKE * len(ignore) for ignore in self.ignored)


def _paired(costs: _Costs) -> list[Match]:
    """The cheapest pairs; every line left over is a match of its own."""
    here, there = len(costs.truth), len(costs.read)
    if not here or not there:
        return [costs.match((place,), ()) for place in range(here)] + [
            costs.match((), (place,)) for place in range(there)
        ]
    pairs = [[costs.match((row,), (column,)) for column in range(there)] for row in range(here)]
    missed = [costs.match((row,), ()) for row in range(here)]
    added = [costs.match((), (column,)) for column in range(there)]
    # What a pair saves against leaving both alone; a pair that saves nothing is no pair.
    saved = np.array(
        [[missed[row].errors + added[column].errors - pairs[row][column].errors for column in range(there)]
         for row in range(here)]
    )  # fmt: skip
    rows, columns = linear_sum_assignment(-np.maximum(saved, 0))
    kept = {
        (row, column) for row, column in zip(rows.tolist(), columns.tolist(), strict=True) if saved[row, column] > 0
    }
    taken_rows, taken_columns = {row for row, _ in kept}, {column for _, column in kept}
    return (
        [pairs[row][column] for row, column in sorted(kept)]
        + [missed[row] for row in range(here) if row not in taken_rows]
        + [added[column] for column in range(there) if column not in taken_columns]
    )


def _joined(matches: list[Match], costs: _Costs) -> list[Match]:
    """Left-over lines joined to the match where that lowers the errors most, until it lowers none."""
    while True:
        best: tuple[int, Match, Match, Match] | None = None
        for alone in (found for found in matches if not found.truth or not found.read):
            for other in (found for found in matches if found.truth and found.read):
                if alone.truth and not any(abs(alone.truth[0] - place) == 1 for place in other.truth):
                    continue
                together = costs.match(tuple(sorted(other.truth + alone.truth)), other.read + alone.read)
                saved = alone.errors + other.errors - together.errors
                if saved > 0 and (best is None or saved > best[0]):
                    best = (saved, alone, other, together)
        if best is None:
            return matches
        _, alone, other, together = best
        matches = [found for found in matches if found not in (alone, other)] + [together]
