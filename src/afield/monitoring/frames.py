"""Columns of any frame as arrays: all that a monitor needs to know of Polars or pandas."""

from collections.abc import Container
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError


class Column(Protocol):
    """A column of a frame."""

    def to_numpy(self) -> NDArray[np.generic]:
        """The values as an array."""
        ...


class Frame(Protocol):
    """A table whose columns are found by name: a Polars or pandas data frame."""

    @property
    def columns(self) -> Container[str]:
        """The names of the columns."""
        ...

    def __getitem__(self, name: str, /) -> Column:
        """The column called `name`."""
        ...


def numbers(frame: Frame, name: str) -> NDArray[np.float64]:
    """The column as floats; what is missing is NaN.

    Raises:
        MonitoringError: there is no such column, or it holds no numbers.
    """
    values = _values(frame, name)
    try:
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise MonitoringError(f"column {name!r} holds {values.dtype}, not numbers: {error}") from error


def moments(frame: Frame, name: str) -> NDArray[np.datetime64]:
    """The column as moments, to the microsecond.

    Raises:
        MonitoringError: there is no such column, it holds no dates and times, or one is missing.
    """
    values = _values(frame, name)
    if values.dtype.kind != "M":
        raise MonitoringError(f"column {name!r} holds {values.dtype}; a tick is a date and time")
    if np.isnat(values).any():
        raise MonitoringError(f"column {name!r}, row {int(np.argmax(np.isnat(values)))}: the tick is missing")
    return values.astype("datetime64[us]")


def _values(frame: Frame, name: str) -> NDArray[np.generic]:
    """The column, or an error that names it."""
    if name not in frame.columns:
        raise MonitoringError(f"there is no column {name!r} in the frame; it has {frame.columns}")
    return np.asarray(frame[name].to_numpy())
