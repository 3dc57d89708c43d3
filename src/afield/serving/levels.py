"""Numbers as a column of a table keeps them: the place of each among the few that occur."""

import numpy as np
from numpy.typing import NDArray

from afield.errors import ReleaseError
from afield.records.table import Column


def coded(values: NDArray[np.float64]) -> Column:
    """Numbers as a column, rounded to three significant digits; those that are not finite become unknown.

    >>> coded(np.array([1.2345, np.nan, 0.0])).levels
    (0.0, 1.23)
    """
    flat = values.ravel()
    known = np.isfinite(flat)
    rounded = np.array([float(f"{value:.3g}") for value in flat[known].tolist()], np.float64)
    levels, places = np.unique(rounded + 0.0, return_inverse=True)
    codes = np.full(flat.size, len(levels), "<u2")
    codes[known] = places
    return Column(tuple(levels.tolist()), codes.tobytes())


def numbers(column: Column) -> NDArray[np.float64]:
    """The numbers of a column, NaN where nothing is known.

    Raises:
        ReleaseError: a place has no number.
    """
    whole, levels = len(column.codes) % 2 == 0, np.array([*column.levels, np.nan])
    places = np.frombuffer(column.codes, "<u2") if whole else np.empty(0, "<u2")
    if not whole or (places.size and places.max() >= levels.size):
        raise ReleaseError(f"a column of a table: its places do not fit {len(column.levels)} levels; export it again")
    values: NDArray[np.float64] = levels[places]
    return values
