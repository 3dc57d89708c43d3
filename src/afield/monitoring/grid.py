"""Distances from mergeable histograms on a grid fitted to the reference: a small, stated error, and no sorting."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.bins import BINS
from afield.monitoring.distances import (
    FARTHEST,
    Counts,
    Effect,
    Statistic,
    area,
    distances,
    divergence,
    stability,
    supremum,
)
from afield.monitoring.frames import Floats
from afield.records.evidence import Interval

ERROR = 1 / 4096
"""Largest error of a Kolmogorov-Smirnov distance on a grid, and of its quantiles' ranks."""
MANTISSA = 12
"""Leading bits of a distance, after the first, that tell cells apart."""
OCTAVES = 31
"""Doublings of the least distance within which cells are told apart."""
WHOLE = MANTISSA + 1 << MANTISSA
"""First cell, on a grid of whole numbers, that holds more than one of them."""
SAMPLE = 1 << 14
CROWD = 20
"""The centre of a grid is where the shortest stretch lies that holds this part of the sample."""
BLOCK = 1 << 14


@dataclass(frozen=True, slots=True)
class Grid:
    """Cells on the line of numbers, fine near the centre and ever wider away from it, as floating point is.

    The cell of a value is its side of the centre and the leading bits of its distance from there plus `width`. Both
    steps keep the order, so a cell is a stretch of the line, at most 1/4096 of that sum wide. Where values thin out to
    both sides of the centre, none holds more than about 1/4096 of them, whatever their scale and skew.

    Attributes:
        center: where values crowd.
        width: a power of two about as wide as the crowd; 4096 equal cells lie on either side within it.
        whole: whether all values are whole numbers (`width` is 1), so that those near the centre have a cell each.
    """

    center: float
    width: float
    whole: bool = False

    def count(self, *parts: Floats) -> "Histogram":
        """The histogram of the values of all parts, each of shape `(n,)`; NaN is counted apart.

        Raises:
            MonitoringError: a value is not whole, on a grid of such, or lies 2 ** 31 widths or more from the centre.
        """
        found = np.zeros(2 << _SIGN, np.int64)  # one for all leading bits there are; memory is had where one is seen
        uneven = sum(self._tally(values, found) for values in parts)
        missing = int(found[_NAN : 1 << _SIGN].sum() + found[(1 << _SIGN) + _NAN :].sum())
        if self.whole and uneven > missing:
            raise MonitoringError("the grid is of whole numbers and a value is none; compare this column exactly")
        first = self._first
        right, left = (found[side + first : side + first + _CELLS] for side in (0, 1 << _SIGN))
        positive, negative = np.flatnonzero(right), np.flatnonzero(left)[::-1]
        counts = np.concatenate([left[negative], right[positive]])
        if int(counts.sum()) + missing < sum(values.size for values in parts):
            raise MonitoringError("a value lies too far out for the grid; compare this column exactly")
        return Histogram(self, np.concatenate([-1 - negative, positive]), counts, missing)

    def points(self, cells: Counts) -> Floats:
        """The middle of each cell, as a distance from the centre; of whole numbers with a cell of their own, theirs."""
        far = np.where(cells < 0, -1 - cells, cells)
        starts, ends = (((far + self._first + step) << _CUT).view(np.float64) for step in (0, 1))
        middle = np.where(far < WHOLE, starts, (starts + ends) / 2) if self.whole else (starts + ends) / 2
        return np.where(cells < 0, self.width - middle, middle - self.width)

    @property
    def _first(self) -> int:
        """The leading bits of the centre's cell."""
        return int(np.float64(self.width).view(np.int64)) >> _CUT

    def _tally(self, values: Floats, found: Counts) -> int:
        """Count the leading bits of the values' distances plus `width`; how many values are not whole (or NaN)."""
        uneven = 0
        space, signed, places = np.empty(BLOCK), np.empty(BLOCK), np.empty(BLOCK, np.int64)
        with np.errstate(over="ignore", invalid="ignore"):  # what is too far out is seen to be so; NaN may stay
            for start in range(0, values.size, BLOCK):  # what lies between stays in the cache
                block = values[start : start + BLOCK]
                size = block.size
                # Adding 0.0 - center instead of subtracting makes one of zero and minus zero.
                offset = np.add(block, 0.0 - self.center, out=space[:size])
                if self.whole:
                    uneven += int(np.count_nonzero(np.rint(offset, out=signed[:size]) != offset))
                offset += np.copysign(self.width, offset, out=signed[:size])
                place = np.right_shift(offset.view(np.uint64), _CUT, out=places.view(np.uint64)[:size])
                np.add.at(found, place.view(np.int64), 1)
        return uneven


_CUT = 52 - MANTISSA
_SIGN = 63 - _CUT
_NAN = (0x7FF << MANTISSA) + (1 << MANTISSA - 1)
_CELLS = OCTAVES << MANTISSA
_LEAST, _MOST = -900, 900  # powers of two, between which a grid's width is


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values lie in each cell of a grid; histograms of one grid add up to that of all values together.

    Attributes:
        grid: the cells.
        cells: numbers of those that hold a value, ascending, shape `(k,)`; left of the centre they are negative.
        counts: values in each of these, shape `(k,)`.
        missing: values that were missing.
    """

    grid: Grid
    cells: Counts
    counts: Counts
    missing: int

    def __add__(self, other: "Histogram") -> "Histogram":
        """The histogram of the values of both.

        Raises:
            MonitoringError: they are of two grids.
        """
        if self.grid != other.grid:
            raise MonitoringError("histograms of two grids cannot be added; count both with the grid of the reference")
        cells, counts = _aligned(self, other)
        return replace(self, cells=cells, counts=counts[0] + counts[1], missing=self.missing + other.missing)

    @property
    def known(self) -> int:
        """Values that were not missing."""
        return int(self.counts.sum())

    @property
    def error(self) -> float:
        """Bound of the error of a Kolmogorov-Smirnov distance from this reference: its largest share in one cell.

        Whole numbers with a cell of their own add nothing: what lies in it is one value.
        """
        counts = self.counts
        if self.grid.whole:
            counts = counts[(self.cells >= WHOLE) | (self.cells < -WHOLE)]
        return float(counts.max(initial=0)) / max(self.known, 1)


def grid(sample: Floats) -> Grid:
    """A grid for values like those of the sample, shape `(n,)`; how well it fits, a histogram's `error` tells."""
    known = np.sort(sample[np.isfinite(sample)])
    if known.size < 2:
        return Grid(float(known.sum()), 1.0)
    crowd = max(known.size // CROWD, 1)
    with np.errstate(over="ignore"):
        stretches, whole = known[crowd:] - known[:-crowd], known[-1] - known[0] < 1 << MANTISSA
    if whole and (np.floor(known) == known).all():
        return Grid(float(known[known.size // 2]), 1.0, whole=True)
    least = int(stretches.argmin())
    power = int(np.clip(np.frexp(stretches[least] or 1.0)[1], _LEAST, _MOST))
    return Grid(float(known[least + crowd // 2]), 2.0**power)


def grid_distances(
    reference: Floats | Sequence[Floats],
    chunk: Floats | Sequence[Floats],
    statistics: Iterable[Statistic],
    level: float,
) -> dict[Statistic, Effect]:
    """The distances of `afield.monitoring.distances`, with a small error, in a fraction of the time.

    Where no grid keeps the error (many equal values among others), they are computed exactly.

    Args:
        reference: values of shape `(n,)`, or parts of such shapes; one value at least; NaN where one is missing.
        chunk: the same.
        statistics: which.
        level: of each interval.
    """
    asked = tuple(statistics)
    known, others = ([part] if isinstance(part, np.ndarray) else part for part in (reference, chunk))
    every = max(sum(part.size for part in known) // SAMPLE, 1)
    fitted = grid(np.concatenate([part[::every] for part in known]))
    try:
        first = fitted.count(*known)
        if first.error <= ERROR and first.known:
            return apart(first, fitted.count(*others), asked, level)
    except MonitoringError:  # a value that is no whole number, on a grid of such, or one too far out
        pass
    return distances(np.concatenate(known), np.concatenate(others), asked, level)


def apart(
    reference: Histogram, chunk: Histogram, statistics: Iterable[Statistic], level: float
) -> dict[Statistic, Effect]:
    """The distances between two histograms of one grid, that of the reference.

    Against the exact ones: ks lies at most `reference.error` below. psi and js are those of bins whose borders lie
    within `reference.error` of the deciles. wasserstein counts every value as its cell's middle: the area is off by at
    most 1/4096 of the sum of the grid's width and the mean over both samples of the mean distance from the centre, the
    standard deviation by at most 1/8192 of the root mean square of that sum. Whole numbers near the centre add none.

    Raises:
        MonitoringError: the histograms are of two grids.
    """
    if reference.grid != chunk.grid:
        raise MonitoringError("histograms of two grids cannot be compared; count both with the grid of the reference")
    cells, counts = _aligned(reference, chunk)
    below = np.cumsum(counts[0]), np.cumsum(counts[1])
    sizes = reference.known + reference.missing, chunk.known + chunk.missing
    found: dict[Statistic, Effect] = {}
    for name in statistics:
        if name == "ks":
            gaps = reference.missing / sizes[0] - chunk.missing / sizes[1]
            lines = (below[0] + reference.missing) / sizes[0] - (below[1] + chunk.missing) / sizes[1]
            value = max(abs(gaps), float(np.abs(lines).max(initial=0.0)))
            found[name] = value, supremum(value, sizes, level)
        elif name == "wasserstein":
            found[name] = _area(reference.grid.points(cells), counts[0], below, level)
        else:
            of = stability if name == "psi" else divergence
            found[name] = of(*_deciles(below, (reference.missing, chunk.missing)), level)
    return found


Pair = tuple[Counts, Counts]


def _aligned(first: Histogram, second: Histogram) -> tuple[Counts, Pair]:
    """The cells in which either holds a value, and how many each does."""
    ends = [part.cells[[0, -1]] for part in (first, second) if part.cells.size] or [np.zeros(2, np.int64)]
    start = int(min(end[0] for end in ends))
    both = np.zeros((2, int(max(end[1] for end in ends)) - start + 1), np.int64)
    for line, part in zip(both, (first, second), strict=True):
        line[part.cells - start] = part.counts
    held: NDArray[np.intp] = np.flatnonzero(both[0] | both[1])
    return held + start, (both[0][held], both[1][held])


def _deciles(below: Pair, missing: tuple[int, int]) -> Pair:
    """Both samples counted between the cells at which the reference passes its deciles, and the missing ones."""
    ranks = np.linspace(0, 1, BINS + 1)[1:-1] * below[0][-1]
    cuts = np.unique(np.searchsorted(below[0], ranks))
    first, second = (
        np.concatenate([np.diff(lines[cuts], prepend=0, append=lines[-1]), [gaps]])
        for lines, gaps in zip(below, missing, strict=True)
    )
    return first, second


def _area(points: Floats, counts: Counts, below: Pair, level: float) -> Effect:
    """The area between the distribution functions, in standard deviations of the reference, whose counts are given."""
    n, m = (int(lines[-1]) if lines.size else 0 for lines in below)
    if not (n and m):
        value = 0.0 if n == m else FARTHEST
        return value, Interval(value, value, level)
    offsets = points - (points * counts).sum() / n
    scale = float(np.sqrt((offsets**2 * counts).sum() / n)) or 1.0
    width = np.diff(points)
    value = float((np.abs(below[0][:-1] / n - below[1][:-1] / m) * width).sum()) / scale
    return value, area(value, (below[0] + below[1])[:-1] / (n + m), width, scale, (n, m), level)
