"""Losses of a forecast, one number per row."""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

SMALLEST_RATE = 1e-9

Loss: TypeAlias = Literal["squared_error", "poisson_deviance", "absolute_error"]


def squared_error(forecast: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """`(forecast - truth)²` per row, in squared units of the truth.

    >>> squared_error([1.0, 4.0], [3, 4]).tolist()
    [4.0, 0.0]
    """
    return np.square(np.asarray(forecast, np.float64) - np.asarray(truth, np.float64))


def absolute_error(forecast: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """`|forecast - truth|` per row, in units of the truth."""
    return np.abs(np.asarray(forecast, np.float64) - np.asarray(truth, np.float64))


def poisson_deviance(forecast: ArrayLike, truth: ArrayLike) -> NDArray[np.float64]:
    """Unit Poisson deviance `2 (y log(y / m) - y + m)` per row; never negative, 0 where they agree.

    `0 log 0` counts as 0, and a forecast below 1e-9 counts as 1e-9, so that an order where none was
    thought possible costs much but not infinitely much.

    Source: McCullagh and Nelder, Generalized Linear Models, 2nd edition (1989), section 2.3.
    """
    mean = np.maximum(np.asarray(forecast, np.float64), SMALLEST_RATE)
    count = np.asarray(truth, np.float64)
    surprise = count * np.log(np.where(count > 0, count, 1.0) / np.where(count > 0, mean, 1.0))
    # Rounding may leave a tiny negative number where forecast and truth agree.
    return np.maximum(2.0 * (surprise - count + mean), 0.0)


LOSSES: Mapping[Loss, Callable[[ArrayLike, ArrayLike], NDArray[np.float64]]] = {
    "squared_error": squared_error,
    "poisson_deviance": poisson_deviance,
    "absolute_error": absolute_error,
}
"""The losses by name. Of a probability, the squared error is the Brier score."""
