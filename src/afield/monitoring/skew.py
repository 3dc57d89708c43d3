"""Skew: rows as they were served, held against the same rows computed again later."""

from collections.abc import Container
from dataclasses import dataclass

import numpy as np

from afield.errors import MonitoringError
from afield.monitoring.frames import Column, Frame, numbers
from afield.monitoring.rates import rate
from afield.records.evidence import Estimate, Measurement
from afield.records.facts import Window

RELATIVE = 1e-9
AGAIN = "again_"
"""What the column of a value that was computed again is called, before the name of the one that was served."""


@dataclass(frozen=True, slots=True)
class Skew:
    """Watch for features that differ between serving and what history later gives for the same rows.

    Facts that came late, a stale snapshot, or other code make them differ. The alarm is on while, for any column, the
    lower end of the interval of the share of rows that differ lies above `threshold`; the interval takes rows as
    independent.

    Attributes:
        columns: names of numeric columns; a value that is missing on one side alone differs.
        threshold: share of rows that may differ.
        tolerance: relative difference that is none: that of another order of additions.
        level: of all columns' intervals together (Bonferroni).
        name: of the monitor.
    """

    columns: tuple[str, ...]
    threshold: float = 0.01
    tolerance: float = RELATIVE
    level: float = 0.99
    name: str = "skew"

    def fit(self, _: Frame) -> "FittedSkew":
        """The monitor of chunks that hold both: the served values by their names, the others after `AGAIN`.

        Raises:
            MonitoringError: no column is declared.
        """
        if not self.columns:
            raise MonitoringError(f"{self.name}: no column to compare; declare at least one")
        return FittedSkew(self)

    def measure(self, served: Frame, again: Frame, window: Window) -> Measurement:
        """The share of rows that differ, in the column where it is highest.

        Args:
            served: rows as they were served.
            again: the same rows in the same order, computed later.
            window: when they were served.

        Returns:
            The measurement; its `detail` holds the share of each column by its name, highest first, then how far the
            differing values lie apart on average, in standard deviations of the served ones, as `apart NAME`.

        Raises:
            MonitoringError: no column is declared, one is missing or not numeric, or the frames hold no like rows.
        """
        if not self.columns:
            raise MonitoringError(f"{self.name}: no column to compare; declare at least one")
        differing: dict[str, int] = {}
        apart: dict[str, float] = {}
        rows = 0
        for column in self.columns:
            first, second = numbers(served, column), numbers(again, column)
            rows = first.size
            if rows != second.size or not rows:
                raise MonitoringError(
                    f"{self.name}: {rows} rows of {column!r} were served and {second.size} computed again; give the "
                    "same rows, one at least"
                )
            close = np.isclose(first, second, rtol=self.tolerance, atol=0.0, equal_nan=True)
            differing[column] = int((~close).sum())
            both = ~close & np.isfinite(first) & np.isfinite(second)
            scale = float(np.nanstd(first)) if np.isfinite(first).any() else 0.0
            apart[f"apart {column}"] = (
                float(np.abs(first - second)[both].mean() / (scale or 1.0)) if both.any() else 0.0
            )
        ranked = sorted(differing, key=lambda column: (differing[column], apart[f"apart {column}"]), reverse=True)
        interval = rate(differing[ranked[0]], rows, 1.0 - (1.0 - self.level) / len(self.columns))
        return Measurement(
            monitor=self.name,
            metric=f"{ranked[0]} differs",
            window=window,
            estimate=Estimate(differing[ranked[0]] / rows, interval, rows, float(rows)),
            reference=self.threshold,
            alarm=interval.low > self.threshold,
            detail={column: differing[column] / rows for column in ranked} | apart,
        )


@dataclass(frozen=True, slots=True)
class FittedSkew:
    """Skew over chunks that hold what was served and what was computed again side by side; it needs no reference.

    Attributes:
        monitor: the declaration.
    """

    monitor: Skew

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """As `Skew.measure`, of the columns and of those that are called `AGAIN` and their name.

        Raises:
            MonitoringError: one of them is missing or not numeric, or there is no row.
        """
        return self.monitor.measure(chunk, _Again(chunk), window)


@dataclass(frozen=True, slots=True)
class _Again:
    """What was computed again in a chunk, under the names of what was served."""

    chunk: Frame

    @property
    def columns(self) -> Container[str]:
        """Those of the chunk."""
        return self.chunk.columns

    def __getitem__(self, name: str, /) -> Column:
        return self.chunk[AGAIN + name]
