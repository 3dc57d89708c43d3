"""Drift: how far a chunk's columns lie from the reference's, as effect sizes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.distances import DISTANCES, Statistic
from afield.monitoring.frames import Frame, numbers
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window


@dataclass(frozen=True, slots=True)
class Drift:
    """Watch columns for distributions that move away from the reference.

    An effect size does not grow with the number of rows, as a p-value falls; the alarm is on while the
    lower end of the interval of any column's lies above the threshold, so a small chunk cries no wolf.
    The intervals take rows as independent: let chunks span whole cycles (days), as the reference does.

    Attributes:
        columns: names of numeric columns.
        statistic: psi, ks or wasserstein (see `afield.monitoring.distances`).
        threshold: size of the effect that is worth an alarm; 0.2 is the custom for psi.
        level: of all columns' intervals together (Bonferroni).
        name: of the monitor.
    """

    columns: tuple[str, ...]
    statistic: Statistic = "psi"
    threshold: float = 0.2
    level: float = 0.99
    name: str = "drift"

    def fit(self, reference: Frame) -> "FittedDrift":
        """The monitor, knowing the reference's distributions.

        Raises:
            MonitoringError: no column is declared, or one is missing, empty or not numeric.
        """
        if not self.columns:
            raise MonitoringError(f"{self.name}: no column to watch; declare at least one")
        return FittedDrift(self, {column: self.values(reference, column) for column in self.columns})

    def values(self, frame: Frame, column: str) -> NDArray[np.float64]:
        """The column as floats, at least one row long.

        Raises:
            MonitoringError: the column is missing, empty or not numeric.
        """
        found = numbers(frame, column)
        if not found.size:
            raise MonitoringError(f"{self.name}: column {column!r} holds no row")
        return found


class FittedDrift:
    """A drift monitor with its reference; chunks are measured each on its own."""

    def __init__(self, monitor: Drift, reference: dict[str, NDArray[np.float64]]) -> None:
        """Keep the reference's columns; `Drift.fit` makes it."""
        self._monitor, self._reference = monitor, reference

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The effect of the column that moved most; all columns' are in `detail`, by name.

        Raises:
            MonitoringError: a column is missing, empty or not numeric.
        """
        monitor = self._monitor
        distance, level = DISTANCES[monitor.statistic], 1.0 - (1.0 - monitor.level) / len(monitor.columns)
        effects: dict[str, tuple[float, Interval]] = {}
        for column, reference in self._reference.items():
            values = monitor.values(chunk, column)
            effects[column] = distance(reference, values, level)
        worst = max(effects, key=lambda column: (effects[column][1].low, effects[column][0]))
        value, interval = effects[worst]
        return Measurement(
            monitor=monitor.name,
            metric=monitor.statistic,
            window=window,
            estimate=Estimate(value, interval, values.size, float(values.size)),
            reference=monitor.threshold,
            alarm=interval.low > monitor.threshold,
            detail={column: effect for column, (effect, _) in effects.items()},
        )
