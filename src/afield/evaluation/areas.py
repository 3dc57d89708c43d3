"""How well a probability ranks what is true above what is not: areas under its curves, with intervals."""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.calibration import checked
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import percentiles

Floats = NDArray[np.float64]

LEVELS = 1000
"""The intervals are of probabilities told apart at so many levels; the values themselves are exact."""


class Areas(msgspec.Struct, frozen=True):
    """Areas under the curves of a probability.

    Attributes:
        roc: under the receiver operating characteristic: the chance that a true row has a higher probability than one
            that is not true, half of the ties counted.
        precision_recall: under the curve of precision over recall, as average precision: no line is drawn between two
            points of it, which would flatter.
    """

    roc: Estimate
    precision_recall: Estimate


def areas(
    truth: ArrayLike,
    probability: ArrayLike,
    *,
    blocks: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Areas:
    """The areas under both curves, with bootstrap intervals.

    Sources: Hanley and McNeil, "The meaning and use of the area under a ROC curve", Radiology 143 (1982); Davis and
    Goadrich, "The relationship between precision-recall and ROC curves", ICML (2006).

    Args:
        truth: 0 or 1, shape `(n,)`.
        probability: of 1, shape `(n,)`.
        blocks: label of what belongs together and is drawn as a whole; None: rows are drawn.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: of the intervals.

    Raises:
        EvaluationError: as `checked`; or only one class occurs, so that there is nothing to rank.
    """
    true, chance = checked(truth, probability)
    if true.all() or not true.any():
        raise EvaluationError(
            f"all {true.size} rows are {'true' if true.all() else 'not true'}: an area needs rows of both classes"
        )
    _, group = np.unique(chance, return_inverse=True)
    hits, misses = (np.bincount(group, each.astype(np.float64)).astype(np.float64)[None, :] for each in (true, ~true))
    exact = _areas(hits, misses)
    coarse = group if group.max() < LEVELS else (group.argsort(kind="stable").argsort() * LEVELS) // group.size
    drawn, units = _drawn(true, coarse, blocks, resamples, seed)
    roc, average = (
        Estimate(float(value[0]), percentiles(draws, units, level), true.size, float(true.size))
        for value, draws in zip(exact, _areas(*drawn), strict=True)
    )
    return Areas(roc, average)


def _areas(true: Floats, other: Floats) -> tuple[Floats, Floats]:
    """Both areas of each row of counts, by ascending probability; not a number where a class does not occur."""
    both = (true.sum(axis=1) > 0) & (other.sum(axis=1) > 0)
    hits, misses = (np.maximum(each.sum(axis=1), 1e-300) for each in (true, other))
    below = other.cumsum(axis=1) - other / 2
    roc = (true * below).sum(axis=1) / hits / misses
    said, wrong = true[:, ::-1].cumsum(axis=1), other[:, ::-1].cumsum(axis=1)
    precision = said / np.maximum(said + wrong, 1e-300)
    average = (true[:, ::-1] * precision).sum(axis=1) / hits
    return np.where(both, roc, np.nan), np.where(both, average, np.nan)


def _drawn(
    true: NDArray[np.bool_], group: NDArray[np.int64], blocks: ArrayLike | None, resamples: int, seed: int
) -> tuple[tuple[Floats, Floats], int]:
    """Counts of true and other rows at each level in each draw, and the number of what was drawn."""
    size, generator = int(group.max()) + 1, np.random.default_rng(seed)
    cells = group * 2 + true
    if blocks is None:
        counts = np.bincount(cells, minlength=2 * size) / true.size
        drawn = generator.multinomial(true.size, counts, size=resamples).astype(np.float64)
        return (drawn[:, 1::2], drawn[:, ::2]), true.size
    labels, place = np.unique(np.asarray(blocks), return_inverse=True)
    if len(place) != true.size or len(labels) < 2:
        raise EvaluationError(f"{true.size} rows and {len(labels)} blocks; give a label for each row, two at least")
    table = np.zeros((len(labels), 2 * size))
    np.add.at(table, (place, cells), 1.0)
    chances = np.full(len(labels), 1.0 / len(labels))
    drawn = generator.multinomial(len(labels), chances, size=resamples) @ table
    return (drawn[:, 1::2], drawn[:, ::2]), len(labels)
