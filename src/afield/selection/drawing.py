"""The draw: the probability with which each row is asked about, and who is."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.errors import SelectionError
from afield.selection.strategies import RANDOM, REPORTED, Reason, Selection

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Drawn:
    """Who is asked about.

    Attributes:
        places: of the rows drawn, ascending.
        inclusion: the probability with which each of them was to be drawn; in (0, 1].
        reasons: what made it likely most.
    """

    places: NDArray[np.int64]
    inclusion: Floats
    reasons: tuple[Reason, ...]


def probabilities(selection: Selection, scores: Mapping[Reason, Floats], size: int, count: int) -> Floats:
    """The probability of each row to be drawn, shape `(size,)`: above 0 for every row, together `count` at most.

    A row's chance is the mixture of what each reason would give it in proportion to its score; what would exceed 1 is
    certain, and the rest is raised instead. A reason whose scores are all 0 leaves its share to the others.

    Args:
        selection: the shares.
        scores: reason → one number a row, 0 or more; `random` needs none. Reported is 1 or 0.
        size: rows that there are.
        count: of those to draw.

    Raises:
        SelectionError: scores are not one a row, or below 0, or not finite; or fewer than one row is to be drawn.
    """
    chances: Floats = _mixed(selection, scores, size, count).sum(axis=0)
    return chances


def draw(selection: Selection, scores: Mapping[Reason, Floats], size: int, count: int, seed: str) -> Drawn:
    """The rows that are asked about: exactly as many as the probabilities add up to, so a budget is never overrun.

    Rows are put into an order by lot and drawn in even steps along their probabilities, so that each has exactly its
    own. Source: Madow, "On the theory of systematic sampling, II", Annals of Mathematical Statistics 20 (1949);
    Särndal, Swensson and Wretman, Model Assisted Survey Sampling (1992), section 3.6.

    Args:
        selection: the shares.
        scores: as for `probabilities`.
        size: rows that there are.
        count: of those to draw; all of them where there are no more.
        seed: names the draw: the same rows are drawn again for the same seed.
    """
    if not size:
        return Drawn(np.empty(0, np.int64), np.empty(0), ())
    parts = _mixed(selection, scores, size, count)
    chances = parts.sum(axis=0)
    digest = hashlib.blake2b(f"{selection.salt}\x1f{seed}".encode(), digest_size=8).digest()
    generator = np.random.default_rng(int.from_bytes(digest, "big"))
    order = generator.permutation(size)
    # Rounding must not push the last step over the border of a whole number.
    along = np.round(np.cumsum(chances[order]), 9) + generator.random()
    places = np.sort(order[np.floor(along) > np.floor(np.concatenate([[along[0] - chances[order[0]]], along[:-1]]))])
    names = _names(selection)
    return Drawn(places, chances[places], tuple(names[each] for each in parts[:, places].argmax(axis=0)))


def _names(selection: Selection) -> tuple[Reason, ...]:
    """The reasons in the order in which a tie is settled."""
    return (REPORTED, *(name for name in selection.shares if name != RANDOM), RANDOM)


def _mixed(selection: Selection, scores: Mapping[Reason, Floats], size: int, count: int) -> Floats:
    """What each reason adds to the chance of each row, shape `(reasons, size)`."""
    if count < 1:
        raise SelectionError(f"{count} rows are to be drawn; a draw is of 1 or more")
    names, count = _names(selection), min(count, size)
    parts = np.zeros((len(names), size))
    if count == size:
        parts[-1] = 1.0
        return parts
    told = _checked(scores, REPORTED, size) > 0
    some = selection.shares[RANDOM]
    if told.any():
        parts[0, told] = min(1.0, (1.0 - some) * count / int(told.sum()))
    others = ~told
    left = count - parts[0].sum()
    for place, name in enumerate(names[1:], start=1):
        score = np.ones(size) if name == RANDOM else _checked(scores, name, size)
        score = np.where(others, score, 0.0)
        if score.sum() > 0:
            parts[place] = selection.shares[name] * score / score.sum()
    parts[1:] = _capped(parts[1:], left)
    return parts


def _capped(parts: Floats, total: float) -> Floats:
    """The parts scaled so that the sums of rows are 1 at most and together `total`, as far as there are rows."""
    sums = parts.sum(axis=0)
    certain = np.zeros(sums.size, bool)
    while True:
        free = ~certain & (sums > 0)
        room = total - certain.sum()
        if not free.any() or room <= 0:
            break
        factor = room / sums[free].sum()
        over = free & (sums * factor >= 1.0)
        if not over.any():
            break
        certain |= over
    factors = np.zeros(sums.size)
    factors[certain] = 1.0 / sums[certain]
    if free.any() and room > 0:
        factors[free] = factor
    scaled: Floats = parts * factors
    return scaled


def _checked(scores: Mapping[Reason, Floats], name: Reason, size: int) -> Floats:
    if name not in scores:
        return np.zeros(size)
    given = np.asarray(scores[name], np.float64)
    if given.shape != (size,) or not (np.isfinite(given) & (given >= 0)).all():
        raise SelectionError(f"scores of {name!r}: give each of the {size} rows a finite number, 0 or more")
    return given
