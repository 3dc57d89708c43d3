"""Agreement of annotators beyond chance: Cohen's kappa, Fleiss' kappa and Krippendorff's alpha, each with an interval.

Each measure is a function of sums over items, so its interval comes from drawing items again, all at once.
"""

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afield.errors import LabellingError
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import block_bootstrap

Floats = NDArray[np.float64]
Scale = Literal["nominal", "interval"]

CLASSES = 40
"""More distinct labels than this are no classes."""
LEAST_ITEMS = 2


def cohen_kappa(first: Floats, second: Floats, *, seed: int = 0, level: float = 0.95) -> Estimate:
    """Agreement of two annotators on classes beyond chance, with an interval over items.

    Source: Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20 (1960).

    Args:
        first: labels of the one, shape `(items,)`.
        second: labels of the other, same items.
        seed: of the draws.
        level: nominal coverage.

    Raises:
        LabellingError: too few items, one class only, or labels that are no classes.
    """
    both = np.column_stack([first, second]).astype(np.float64)
    places, count = _classes(both)
    cells = np.zeros((len(both), count * count))
    cells[np.arange(len(both)), places[:, 0] * count + places[:, 1]] = 1.0

    def kappa(means: Floats) -> Floats:
        tables = means.reshape(-1, count, count)
        observed = np.trace(tables, axis1=1, axis2=2)
        chance = (tables.sum(axis=2) * tables.sum(axis=1)).sum(axis=1)
        return _beyond(1 - observed, 1 - chance)

    return _estimate(cells, kappa, seed, level)


def fleiss_kappa(values: Floats, *, seed: int = 0, level: float = 0.95) -> Estimate:
    """Agreement of several annotators on classes beyond chance, each item labelled by the same number of people.

    Source: Fleiss, "Measuring nominal scale agreement among many raters", Psychological Bulletin 76 (1971).

    Args:
        values: labels, shape `(items, annotators)`; who gave which does not matter, NaN is refused.
        seed: of the draws.
        level: nominal coverage.

    Raises:
        LabellingError: a label is missing, too few items, one class only, or labels that are no classes.
    """
    if not np.isfinite(values).all():
        raise LabellingError("Fleiss' kappa needs the same number of labels of every item; use Krippendorff's alpha")
    counts = _counts(values)
    people = values.shape[1]
    if people < 2:
        raise LabellingError("one annotator cannot agree with anybody; have some items labelled by others too")
    same = (counts * (counts - 1)).sum(axis=1) / (people * (people - 1))

    def kappa(means: Floats) -> Floats:
        shares = means[:, 1:] / people
        return _beyond(1 - means[:, 0], 1 - (shares**2).sum(axis=1))

    return _estimate(np.column_stack([same, counts]), kappa, seed, level)


def krippendorff_alpha(values: Floats, scale: Scale = "nominal", *, seed: int = 0, level: float = 0.95) -> Estimate:
    """Agreement of any number of annotators, of whom not everybody labelled everything.

    Source: Krippendorff, "Computing Krippendorff's alpha-reliability" (2011). Alpha is 1 - observed / expected
    disagreement over pairs of labels of one item; the difference of two labels is 0 or 1 (nominal) or squared
    (interval).

    Args:
        values: labels, shape `(items, annotators)`; NaN where somebody said nothing.
        scale: nominal or interval.
        seed: of the draws.
        level: nominal coverage.

    Raises:
        LabellingError: too few items with two labels, one label only, or labels that are no classes.
    """
    paired = values[np.isfinite(values).sum(axis=1) >= 2]
    if len(paired) < LEAST_ITEMS:
        raise LabellingError(f"{len(paired)} items were labelled by two people; at least {LEAST_ITEMS} are needed")
    people = np.isfinite(paired).sum(axis=1).astype(np.float64)
    if scale == "nominal":
        counts = _counts(paired)
        apart = (people**2 - (counts**2).sum(axis=1)) / (people - 1)
        columns = np.column_stack([people, apart, counts])

        def expected(means: Floats) -> Floats:
            apart_by_chance: Floats = means[:, 0] ** 2 - (means[:, 2:] ** 2).sum(axis=1)
            return apart_by_chance

    else:
        centred = np.where(np.isfinite(paired), paired - np.nanmean(paired), 0.0)
        if not centred.any():
            raise LabellingError("every label is the same, so agreement cannot be told from chance; label other items")
        once, squares = centred.sum(axis=1), (centred**2).sum(axis=1)
        columns = np.column_stack([people, 2 * (people * squares - once**2) / (people - 1), once, squares])

        def expected(means: Floats) -> Floats:
            return 2 * (means[:, 0] * means[:, 3] - means[:, 2] ** 2)

    size = len(paired)

    def alpha(means: Floats) -> Floats:
        # n - 1 pairs a label in the expected disagreement: labels are drawn without replacement.
        return _beyond(means[:, 1] * (means[:, 0] - 1 / size), expected(means))

    return _estimate(columns, alpha, seed, level)


def _classes(values: Floats) -> tuple[NDArray[np.int64], int]:
    """Number of each label's class (-1: no label) and how many there are."""
    if len(values) < LEAST_ITEMS:
        raise LabellingError(f"{len(values)} items were labelled by all; at least {LEAST_ITEMS} are needed")
    found = np.unique(values[np.isfinite(values)])
    if len(found) > CLASSES:
        raise LabellingError(f"{len(found)} different labels are no classes; compare them on the interval scale")
    if len(found) < 2:
        raise LabellingError(
            "only one class was ever given, so agreement cannot be told from chance; label other items"
        )
    places = np.where(np.isfinite(values), np.searchsorted(found, np.nan_to_num(values)), -1)
    return places, len(found)


def _counts(values: Floats) -> Floats:
    """How often each class was given to each item, shape `(items, classes)`."""
    places, count = _classes(values)
    return np.stack([(places == each).sum(axis=1) for each in range(count)], axis=1).astype(np.float64)


def _beyond(disagreement: Floats, chance: Floats) -> Floats:
    """One minus the ratio; a draw in which only one class is left is in full agreement."""
    beyond = np.ones_like(disagreement)
    possible = chance > 1e-12
    beyond[possible] -= disagreement[possible] / chance[possible]
    return beyond


def _estimate(columns: Floats, measure: Callable[[Floats], Floats], seed: int, level: float) -> Estimate:
    """The measure of the columns' means, with the interval of items drawn again."""
    interval = block_bootstrap(columns, np.arange(len(columns)), measure, seed=seed, level=level)
    value = float(measure(columns.mean(axis=0, keepdims=True))[0])
    return Estimate(value, interval, len(columns), float(len(columns)))
