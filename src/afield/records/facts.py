"""Facts: what is known, since when, and the feature rows made from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of domain time, `start <= t < end` (naive: the clock of the place)."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        """Refuse a window that ends before it starts."""
        if self.end < self.start:
            raise ValueError(f"window ends ({self.end}) before it starts ({self.start})")

    def __contains__(self, moment: datetime) -> bool:
        """Whether `moment` lies in the window."""
        return self.start <= moment < self.end

    def ticks(self, step: timedelta) -> Iterator[datetime]:
        """Every tick of the window, from its start."""
        tick = self.start
        while tick < self.end:
            yield tick
            tick += step


@dataclass(frozen=True, slots=True)
class FeatureRows:
    """Feature values of every spine key at one tick, flat columns that a worker reads without Polars.

    Attributes:
        version: content digest (SHA-256, hex) that answers refer to.
        feature_set: digest of the feature contract (names, lookback, code) that made them.
        tick: the origin of the rows: the start of the slot that they predict.
        as_of: every fact known before this moment is in.
        keys: one per row, in order; surge: the zone as text.
        columns: name → float64 array of shape `(len(keys),)`; NaN where a value is not known.
    """

    version: str
    feature_set: str
    tick: datetime
    as_of: datetime
    keys: tuple[str, ...]
    columns: Mapping[str, NDArray[np.float64]]
