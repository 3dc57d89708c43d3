"""What `infer` gets and gives: feature rows as one block of numbers, and the models of a release."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from afield.errors import InferenceError

Columns = Mapping[str, NDArray[np.float64]]
Outputs = Mapping[str, NDArray[np.float64]]


class Runs(Protocol):
    """One part of a release, ready to run."""

    @property
    def features(self) -> tuple[str, ...]:
        """Input column names, in the order of the model's columns."""
        ...

    @property
    def constants(self) -> Mapping[str, float]:
        """Fitted numbers that inference needs beside the graph."""
        ...

    def run(self, matrix: NDArray[np.float32]) -> Outputs:
        """Output name → values of shape `(n,)` for a matrix of shape `(n, len(features))`."""
        ...

    def predict(self, rows: Columns) -> NDArray[np.float64]:
        """The part's first output, shape `(n,)`, for feature columns of shape `(n,)`."""
        ...

    def tensor(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """The first output of a part without feature columns (a reader of pictures), in the graph's own shapes."""
        ...


Parts = Mapping[str, Runs]
Infer = Callable[[Columns, Parts], Outputs]


class Layout:
    """What follows from the names of columns: the order in which a model takes them, and names with fields beside."""

    __slots__ = ("order", "wider")

    def __init__(self) -> None:
        """Nothing was asked for yet."""
        self.order: dict[tuple[str, ...], NDArray[np.intp]] = {}
        self.wider: dict[tuple[str, ...], tuple[Mapping[str, int], Layout]] = {}


class Rows(Mapping[str, NDArray[np.float64]]):
    """Feature rows: name → column of shape `(n,)`, over one row-major block, so that one row is cheap."""

    __slots__ = ("_block", "_layout", "_names")

    def __init__(self, names: Mapping[str, int], block: NDArray[np.float64], layout: "Layout | None" = None) -> None:
        """Hold `block` of shape `(n, k)`; `names` gives each name's column in it.

        `layout` remembers what follows from `names`, for rows that have the same.
        """
        self._names = names
        self._block = block
        self._layout = layout or Layout()

    @classmethod
    def of(cls, columns: Mapping[str, NDArray[np.float64]]) -> "Rows":
        """Rows over a copy of `columns`, each of shape `(n,)`."""
        block = np.column_stack(list(columns.values())) if columns else np.empty((0, 0))
        return cls({name: place for place, name in enumerate(columns)}, np.ascontiguousarray(block, np.float64))

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        """The column called `name`."""
        return self._block[:, self._names[name]]

    def __iter__(self) -> Iterator[str]:
        """The names of the columns."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many columns there are."""
        return len(self._names)

    @property
    def count(self) -> int:
        """How many rows there are."""
        return int(self._block.shape[0])

    def take(self, place: int) -> "Rows":
        """The one row at `place`, without a copy."""
        return Rows(self._names, self._block[place : place + 1], self._layout)

    def pick(self, places: Sequence[int]) -> "Rows":
        """The rows at `places`, in that order."""
        return Rows(self._names, self._block[list(places)], self._layout)

    def joined(self, fields: Mapping[str, float]) -> "Rows":
        """These rows with request fields beside them, the same value in every row."""
        return self.beside(tuple(fields), list(fields.values())) if fields else self

    def beside(self, fields: tuple[str, ...], values: Sequence[float] | NDArray[np.float64]) -> "Rows":
        """These rows with `fields` beside them; `values` of shape `(len(fields),)`, or `(n, len(fields))`."""
        found = self._layout.wider.get(fields)
        if found is None:
            width = len(self._names)
            names = {**self._names, **{name: width + place for place, name in enumerate(fields)}}
            found = self._layout.wider[fields] = (names, Layout())
        width = self._block.shape[1]
        block = np.empty((self.count, width + len(fields)))
        block[:, :width] = self._block
        block[:, width:] = values
        return Rows(found[0], block, found[1])

    def matrix(self, features: tuple[str, ...]) -> NDArray[np.float32]:
        """A model's input of shape `(n, len(features))`, columns in the order of `features`.

        Raises:
            InferenceError: a feature is not among the columns.
        """
        order = self._layout.order.get(features)
        if order is None:
            absent = [name for name in features if name not in self._names]
            if absent:
                raise InferenceError(f"the feature rows have no column {', '.join(absent)}; does their contract fit?")
            order = self._layout.order[features] = np.array([self._names[name] for name in features], np.intp)
        return self._block.take(order, axis=1).astype(np.float32)

    def first(self) -> "Row":
        """The first row, name → number."""
        return Row(self._names, self._block[0])

    def each(self) -> "list[Row]":
        """Every row, name → number."""
        return [Row(self._names, values) for values in self._block]


class Row(Mapping[str, float]):
    """One feature row as a mapping of numbers, read without a copy."""

    __slots__ = ("_names", "_values")

    def __init__(self, names: Mapping[str, int], values: NDArray[np.float64]) -> None:
        """Read `values`, shape `(k,)`, by `names`."""
        self._names = names
        self._values = values

    def __getitem__(self, name: str) -> float:
        """The value called `name`; NaN where it is not known."""
        return float(self._values[self._names[name]])

    def __iter__(self) -> Iterator[str]:
        """The names of the values."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many values there are."""
        return len(self._names)


def matrix(rows: Columns, features: tuple[str, ...]) -> NDArray[np.float32]:
    """A model's input of shape `(n, len(features))` from columns of shape `(n,)`.

    Raises:
        InferenceError: a feature is not among the columns.
    """
    return (rows if isinstance(rows, Rows) else Rows.of(rows)).matrix(features)


def all_finite(values: NDArray[np.float64]) -> bool:
    """Whether every value is a number; one value, the case of a request, costs no array operation."""
    return math.isfinite(values.item()) if values.size == 1 else bool(np.isfinite(values).all())


def parted(outputs: Outputs, counts: Sequence[int]) -> list[Outputs]:
    """The outputs of consecutive runs of rows, so many rows each."""
    ends = list(accumulate(counts))
    starts = [end - count for end, count in zip(ends, counts, strict=True)]
    return [
        {name: values[start:end] for name, values in outputs.items()} for start, end in zip(starts, ends, strict=True)
    ]


def run_only_part(rows: Columns, parts: Parts) -> Outputs:
    """What the only part of a release says of the rows: the default `infer`.

    Raises:
        InferenceError: there is not exactly one part, or a feature is missing.
    """
    if len(parts) != 1:
        raise InferenceError(f"the release has {len(parts)} parts; give Operate an infer that runs them")
    (part,) = parts.values()
    return part.run(matrix(rows, part.features))
