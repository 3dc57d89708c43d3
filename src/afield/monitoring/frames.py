"""Columns of any frame as arrays: all that a monitor needs to know of Polars or pandas."""

from collections.abc import Container
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError

Floats: TypeAlias = NDArray[np.float64]
Names: TypeAlias = NDArray[np.object_]
Values: TypeAlias = Floats | Names
"""Numbers, NaN where one is missing; or names of categories, the empty text where one is missing."""


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


def numbers(frame: Frame, name: str) -> Floats:
    """The column as floats; what is missing is NaN.

    Raises:
        MonitoringError: there is no such column, or it holds no numbers.
    """
    values = raw(frame, name)
    try:
        if values.dtype.kind in "mMSU":
            raise TypeError("neither text nor moments are numbers")
        return values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise MonitoringError(f"column {name!r} holds {values.dtype}, not numbers: {error}") from error


def categories(frame: Frame, name: str) -> Names:
    """The column as names of categories; what is missing is the empty text.

    Raises:
        MonitoringError: there is no such column.
    """
    return np.array(["" if _absent(value) else str(value) for value in raw(frame, name).tolist()], np.object_)


def named(frame: Frame, name: str) -> bool:
    """Whether the column holds text.

    Raises:
        MonitoringError: there is no such column.
    """
    values = raw(frame, name)
    if values.dtype.kind == "O":
        return any(isinstance(value, str) for value in values)
    return values.dtype.kind in "SUT"


def moments(frame: Frame, name: str, *, gaps: bool = False) -> NDArray[np.datetime64]:
    """The column as moments, to the microsecond; a missing one is refused, or with `gaps` stays NaT.

    Raises:
        MonitoringError: there is no such column, it holds no dates and times, or one is missing.
    """
    values = raw(frame, name)
    if values.dtype.kind != "M":
        raise MonitoringError(f"column {name!r} holds {values.dtype}; a tick is a date and time")
    if not gaps and np.isnat(values).any():
        raise MonitoringError(f"column {name!r}, row {int(np.argmax(np.isnat(values)))}: the tick is missing")
    return values.astype("datetime64[us]")


def raw(frame: Frame, name: str) -> NDArray[np.generic]:
    """The column as the frame gives it.

    Raises:
        MonitoringError: there is no such column.
    """
    if name not in frame.columns:
        raise MonitoringError(f"there is no column {name!r} in the frame; it has {frame.columns}")
    return np.asarray(frame[name].to_numpy())


def _absent(value: object) -> bool:
    """Whether it is what frames give for a missing text: None, NaN or pandas' own."""
    return value is None or value != value or type(value).__name__ == "NAType"
