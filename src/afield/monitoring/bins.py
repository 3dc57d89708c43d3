"""Bins of a column: the reference's deciles or its commonest categories, and one more for what is missing."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.monitoring.frames import Floats, Values

BINS = 10
COMMON = 49
"""Categories with a bin of their own: the commonest of the reference; all others, seen or new, share one."""


@dataclass(frozen=True, slots=True)
class Bins:
    """Where the values of a column fall; the last bin holds the missing ones.

    Attributes:
        edges: ascending; a value falls into the bin whose upper edge is the first that is not below it.
        names: of the categories, where the column holds such; the last bin but one holds all others.
    """

    edges: Floats
    names: tuple[str, ...] | None = None

    @property
    def size(self) -> int:
        """How many bins there are."""
        return len(self.edges) + 2 if self.names is None else len(self.names) + 2

    def place(self, values: Values) -> NDArray[np.intp]:
        """The bin of each value, shape `(n,)`."""
        if self.names is not None:
            known = {name: number for number, name in enumerate(self.names)}
            known[""] = len(self.names) + 1
            return np.fromiter((known.get(value, len(known) - 1) for value in values.tolist()), np.intp, values.size)
        found: NDArray[np.intp] = np.where(np.isnan(values), len(self.edges) + 1, np.searchsorted(self.edges, values))
        return found

    def count(self, values: Values) -> NDArray[np.int64]:
        """How many of the values fall into each bin, shape `(size,)`."""
        if self.names is None:
            return np.bincount(self.place(values), minlength=self.size)
        seen = Counter(values.tolist())
        named = [seen.pop(name, 0) for name in self.names]
        missing = seen.pop("", 0)
        return np.array([*named, seen.total(), missing], np.int64)


def bins(reference: Values) -> Bins:
    """The bins of a reference: deciles of numbers (fewer where values repeat), or its commonest categories."""
    if reference.dtype.kind == "f":
        known = reference[~np.isnan(reference)]
        cuts = np.linspace(0, 1, BINS + 1)[1:-1]
        return Bins(np.unique(np.quantile(known, cuts)) if known.size else np.empty(0))
    seen = Counter(reference.tolist())
    seen.pop("", None)
    common = sorted(seen.items(), key=lambda item: (-item[1], item[0]))[:COMMON]
    return Bins(np.empty(0), tuple(sorted(name for name, _ in common)))
