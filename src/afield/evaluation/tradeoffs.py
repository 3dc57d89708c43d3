"""Trade-offs between options: which are not dominated, what a learning curve needs, and what to take."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval


@dataclass(frozen=True, slots=True)
class Axis:
    """Something that options are compared by; less is better.

    Attributes:
        name: what it is called.
        values: option → value; an option that is missing is not compared by it.
        noise: options `(first, second)` → whether their difference is within noise. Left out: values that lie
            within `tolerance` of each other, relative to the larger, are.
        tolerance: see `noise`.
    """

    name: str
    values: Mapping[str, float]
    noise: Mapping[tuple[str, str], bool] | None = None
    tolerance: float = 0.0

    def better(self, first: str, second: str) -> bool:
        """Whether `first` is better than `second` beyond noise."""
        if first not in self.values or second not in self.values:
            return False
        one, other = self.values[first], self.values[second]
        if not one < other:
            return False
        if self.noise is not None:
            return not self.noise.get((first, second), self.noise.get((second, first), False))
        return other - one > self.tolerance * max(abs(one), abs(other))


class Point(msgspec.Struct, frozen=True):
    """A learning curve at one amount of data.

    Attributes:
        share: of the training rows.
        rows: that many.
        value: the metric on the test rows; less is better. None where nothing could be fitted.
        against_all: metric here over metric with all rows, on the same test rows.
        seconds: that the fit took.
        problem: why nothing could be fitted, or "".
    """

    share: float
    rows: int
    value: float | None
    against_all: Estimate | None = None
    seconds: float | None = None
    problem: str = ""


class Needed(msgspec.Struct, frozen=True):
    """How much data an option needs.

    Attributes:
        within: of the best point of its curve, relative.
        rows: the fewest of the rows tried from which on it stays that close; None where nothing could be fitted.
        share: of the training rows that this is.
        enough: whether that is fewer than all: more of such data would bring little.
    """

    within: float
    rows: int | None
    share: float | None
    enough: bool


def front(options: Sequence[str], axes: Sequence[Axis]) -> dict[str, tuple[str, ...]]:
    """The options that are not dominated, and of each other one those that dominate it.

    An option dominates another where it is better beyond noise by one axis at least, and by none worse beyond noise.
    Being a tie up to noise is not transitive, so options may dominate each other in a circle: these stay, unless one
    from outside of the circle dominates one of them. Somebody always stays.

    Source: Pareto dominance with indifference, e.g. Laumanns et al., "Combining convergence and diversity in
    evolutionary multiobjective optimization", Evolutionary Computation 10 (2002).

    Returns:
        option → who dominates it; empty for those on the front.

    Raises:
        EvaluationError: there are no options or no axes.
    """
    if not options or not axes:
        raise EvaluationError("a Pareto front needs an option and an axis at least")
    beats = {one: {other for other in options if other != one and _dominates(one, other, axes)} for one in options}
    reach = {one: _reached(one, beats) for one in options}
    return {
        one: tuple(other for other in options if one in beats[other] and other not in reach[one]) for one in options
    }


def _dominates(one: str, other: str, axes: Sequence[Axis]) -> bool:
    return any(axis.better(one, other) for axis in axes) and not any(axis.better(other, one) for axis in axes)


def _reached(one: str, beats: Mapping[str, set[str]]) -> set[str]:
    """Everybody that a chain of dominance leads to from `one`."""
    found: set[str] = set()
    ahead = [one]
    while ahead:
        for other in beats[ahead.pop()] - found:
            found.add(other)
            ahead.append(other)
    return found


def needed(curve: Sequence[Point], within: float) -> Needed:
    """The fewest rows of a learning curve from which on the metric stays within a share of its best.

    Args:
        curve: in any order.
        within: 0.01: one percent.

    Raises:
        EvaluationError: the share is negative.
    """
    if within < 0:
        raise EvaluationError(f"within {within:g} of the best: a share at or above 0 is expected, e.g. 0.01")
    fitted = sorted((point for point in curve if point.value is not None), key=lambda point: point.rows)
    values = [point.value for point in fitted if point.value is not None]
    if not values:
        return Needed(within, None, None, False)
    limit = min(values) * (1 + within)
    place = len(values)
    while place and values[place - 1] <= limit:
        place -= 1
    if place == len(values):  # the most data is not among the close ones: nothing that was tried is enough
        return Needed(within, fitted[-1].rows, fitted[-1].share, False)
    return Needed(within, fitted[place].rows, fitted[place].share, place < len(values) - 1)


def median(values: ArrayLike, level: float = 0.95) -> Estimate:
    """The median of repeated measurements, with an interval from one order statistic to another.

    It assumes nothing but that the measurements are independent. Where there are too few of them for `level`, it
    reaches from the smallest to the largest and states the coverage that this has: 0 for a single one.

    Source: Conover, Practical Nonparametric Statistics, 3rd edition (1999), section 3.2.

    >>> median([3.0, 1.0, 2.0]).interval
    Interval(low=1.0, high=3.0, level=0.75)

    Raises:
        EvaluationError: there are no values.
    """
    held = np.sort(np.asarray(values, np.float64))
    count = held.size
    if not count:
        raise EvaluationError("there is no median of nothing; measure once at least")
    cut, below = 0, 1
    while below_next := below + math.comb(count, cut + 1):
        if 1 - 2 * below_next / 2**count < level:
            break
        cut, below = cut + 1, below_next
    interval = Interval(float(held[cut]), float(held[count - 1 - cut]), min(level, max(0.0, 1 - 2 * below / 2**count)))
    return Estimate(float(np.median(held)), interval, count, float(count))
