"""Scores: how much each row asks to be labelled for one reason; 0 or more, one a row, larger is sooner."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import SelectionError

Floats = NDArray[np.float64]


def uncertain(probability: ArrayLike) -> Floats:
    """How unsure a model is that gives the chance of a yes: 1 at one half, 0 at either end.

    Source: Lewis and Gale, "A sequential algorithm for training text classifiers", SIGIR (1994).

    Raises:
        SelectionError: a number is no probability.

    >>> uncertain([0.5, 0.9, 1.0]).round(3).tolist()
    [1.0, 0.2, 0.0]
    """
    given = _finite(probability, "a probability")
    if ((given < 0) | (given > 1)).any():
        raise SelectionError("a probability lies outside [0, 1]; of numbers, give the interval: `wide`")
    return 1.0 - np.abs(2.0 * given - 1.0)


def wide(low: ArrayLike, high: ArrayLike) -> Floats:
    """How unsure a model of numbers is: the width of its interval, over the mean width.

    Raises:
        SelectionError: an end is not finite, or a lower one lies above its upper one.
    """
    width = _finite(high, "an end of an interval") - _finite(low, "an end of an interval")
    if (width < 0).any():
        raise SelectionError(f"the lower end of row {int(np.argmax(width < 0))} lies above its upper end; swap them")
    return _over_mean(width)


def disagreeing(first: ArrayLike, second: ArrayLike) -> Floats:
    """How far two models lie apart, over how far they lie apart on average.

    Source: Seung, Opper and Sompolinsky, "Query by committee", COLT (1992).
    """
    return _over_mean(np.abs(_finite(first, "an answer") - _finite(second, "an answer")))


def drifted(rows: Mapping[str, ArrayLike], reference: Mapping[str, ArrayLike]) -> Floats:
    """How far out each row lies by the reference: the surprise of its place, averaged over the columns.

    The place of a value is the share of the reference below and above it; its surprise is minus the logarithm of twice
    the smaller one, at most that of one reference row. A value in the middle, or of a column that is not there or is
    missing, says nothing.
    """
    total: Floats | None = None
    for name in rows:
        values = np.asarray(rows[name], np.float64)
        known = np.asarray(reference.get(name, ()), np.float64)
        known = np.sort(known[np.isfinite(known)])
        surprise = np.zeros(values.size)
        there = np.isfinite(values)
        if known.size:
            least = np.minimum(
                np.searchsorted(known, values[there], side="right"),
                known.size - np.searchsorted(known, values[there], side="left"),
            )
            surprise[there] = -np.log(np.minimum(2.0 * np.maximum(least, 0.5) / known.size, 1.0))
        total = surprise if total is None else total + surprise
    if total is None:
        raise SelectionError("no column is given by which rows could have drifted; declare what is watched")
    return total / len(rows)


def rare(groups: Sequence[object]) -> Floats:
    """How seldom the group of each row is: one over the number of rows in it, so each group weighs alike."""
    counts: dict[object, int] = {}
    for group in groups:
        counts[group] = counts.get(group, 0) + 1
    return np.array([1.0 / counts[group] for group in groups])


def reported(items: Sequence[str], said: Collection[str]) -> Floats:
    """1 where somebody reported the item, else 0."""
    return np.array([float(item in said) for item in items])


def _finite(values: ArrayLike, what: str) -> Floats:
    given = np.asarray(values, np.float64)
    if not np.isfinite(given).all():
        raise SelectionError(f"{what}, row {int(np.argmin(np.isfinite(given)))}, is not finite; leave such rows out")
    return given


def _over_mean(values: Floats) -> Floats:
    mean = float(values.mean()) if values.size else 0.0
    return values / mean if mean > 0 else np.zeros(values.size)
