"""Near-duplicates: rows of numbers within a tolerance of each other, and texts that share most of their pieces."""

import re
import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from afield.errors import DataError

Floats = NDArray[np.float64]

SHIFTS = 12
"""Grids that are laid over the numbers; a pair is missed where a border parts it in every one."""
CELLS_OF_TOLERANCE = 4
"""Width of a cell per column, in tolerances times columns: one grid parts a pair in less than a quarter of cases."""
CANDIDATES = 200
"""Rows of a cell that are compared with each other at most; more are alike by nature, and one pair proves it."""
PIECE = 3
HASHES, ROWS_A_BAND = 96, 3
_SPACE = re.compile(r"\s+")


def near_numbers(first: Floats, second: Floats, tolerance: float, seed: int = 0) -> NDArray[np.int64]:
    """Pairs of rows that differ by at most `tolerance` standard deviations in every column, shape `(pairs, 2)`.

    Rows are put into the cells of several randomly shifted grids (locality-sensitive hashing); those that share a
    cell are compared exactly, so no pair is false, and one is missed with a probability below 1e-6. Of each row of
    `second` one partner is told.

    Source: Andoni and Indyk, "Near-optimal hashing algorithms", CACM 51 (2008), for the maximum norm.

    Args:
        first: shape `(n, columns)`; NaN equals NaN.
        second: shape `(m, columns)`.
        tolerance: above 0; the standard deviations are those of `first`.
        seed: of the shifts.

    Raises:
        DataError: the columns differ, or the tolerance is none.
    """
    if first.shape[1] != second.shape[1] or not first.shape[1]:
        raise DataError(f"rows of {first.shape[1]} and of {second.shape[1]} numbers cannot be compared; give the same")
    if not tolerance > 0:
        raise DataError(f"a tolerance of {tolerance} finds nothing; give more than 0, e.g. 0.001")
    if not len(first) or not len(second):
        return np.empty((0, 2), np.int64)
    one, two = _scaled(first, second)
    width = CELLS_OF_TOLERANCE * tolerance * one.shape[1]
    generator = np.random.default_rng(seed)
    partner = np.full(len(two), -1, np.int64)
    for _ in range(SHIFTS):
        shift = generator.uniform(0, width, one.shape[1])
        open_ = np.flatnonzero(partner < 0)
        if not len(open_):
            break
        _matched(one, two, (one + shift) // width, (two[open_] + shift) // width, open_, tolerance, partner)
    found = np.flatnonzero(partner >= 0)
    return np.column_stack([partner[found], found])


def near_texts(first: Sequence[str], second: Sequence[str], similarity: float = 0.8) -> list[tuple[int, int]]:
    """Pairs of texts whose pieces of three characters overlap by at least `similarity` (Jaccard), one of each second.

    Case, width of white space and order of equal pieces do not matter. Candidates come from bands of a MinHash
    signature; they are compared exactly, so no pair is false, and at 0.8 one is missed with a probability below 1e-9.

    Source: Broder, "On the resemblance and containment of documents" (1997).

    Args:
        first: texts of one side.
        second: texts of the other.
        similarity: in (0, 1]; below 0.5 pairs may be missed.

    Raises:
        DataError: the similarity lies outside (0, 1].
    """
    if not 0 < similarity <= 1:
        raise DataError(f"a similarity of {similarity} is none; give a share in (0, 1], e.g. 0.8")
    pieces = [_pieces(text) for text in first]
    bands: dict[tuple[int, bytes], list[int]] = {}
    for place, each in enumerate(pieces):
        for band in _bands(each):
            bands.setdefault(band, []).append(place)
    pairs = []
    for place, text in enumerate(second):
        own = _pieces(text)
        candidates = {other for band in _bands(own) for other in bands.get(band, ())}
        best = max(((_overlap(pieces[other], own), -other) for other in candidates), default=(0.0, 0))
        if best[0] >= similarity:
            pairs.append((-best[1], place))
    return pairs


def _scaled(first: Floats, second: Floats) -> tuple[Floats, Floats]:
    """Both in standard deviations of the first; a constant column counts as it is, and NaN is a value far away."""
    spread = np.ma.masked_invalid(first).std(axis=0).filled(0.0)
    spread = np.where(spread > 0, spread, 1.0)
    one, two = (np.nan_to_num(side / spread, nan=-1e9, posinf=1e9, neginf=-2e9) for side in (first, second))
    return one, two


def _matched(
    one: Floats,
    two: Floats,
    cells_one: Floats,
    cells_two: Floats,
    open_: NDArray[np.int64],
    tolerance: float,
    partner: NDArray[np.int64],
) -> None:
    """Note in `partner` each open row of the second that has a near row of the first in its cell."""
    keys_one, keys_two = _keys(cells_one), _keys(cells_two)
    order = np.argsort(keys_one, kind="stable")
    ranked = keys_one[order]
    starts = np.searchsorted(ranked, keys_two, "left")
    counts = np.minimum(np.searchsorted(ranked, keys_two, "right") - starts, CANDIDATES)
    for turn in range(int(counts.max(initial=0))):
        rows = np.flatnonzero((counts > turn) & (partner[open_] < 0))
        others = order[starts[rows] + turn]
        near = (np.abs(one[others] - two[open_[rows]]) <= tolerance).all(axis=1)
        partner[open_[rows[near]]] = others[near]


def _keys(cells: Floats) -> NDArray[np.uint64]:
    """One number a row of cells; rows of different cells that share one by chance are told apart later."""
    mixed = np.zeros(len(cells), np.uint64)
    for column in range(cells.shape[1]):
        mixed = (mixed ^ cells[:, column].astype(np.int64).view(np.uint64)) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(29)
    return mixed


def _pieces(text: str) -> frozenset[int]:
    """Numbers of the pieces of three characters of a text."""
    plain = f" {_SPACE.sub(' ', text).strip().casefold()} "
    return frozenset(
        zlib.crc32(plain[start : start + PIECE].encode()) for start in range(max(1, len(plain) - PIECE + 1))
    )


def _bands(pieces: frozenset[int]) -> list[tuple[int, bytes]]:
    """The bands of a MinHash signature."""
    values = np.fromiter(pieces, np.uint64, len(pieces))
    signature = ((_FACTORS[:, None] * values + _TERMS[:, None]) % np.uint64(_PRIME)).min(axis=1)
    edges = range(0, HASHES + 1, ROWS_A_BAND)
    return [(start, signature[start:end].tobytes()) for start, end in pairwise(edges)]


def _overlap(one: frozenset[int], two: frozenset[int]) -> float:
    return len(one & two) / len(one | two)


# Products of 31 bits and 32 bits fit into 64.
_PRIME = (1 << 31) - 1
_FACTORS, _TERMS = np.random.default_rng(1).integers(1, _PRIME, (2, HASHES), dtype=np.uint64)
