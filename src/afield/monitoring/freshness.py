"""Freshness: the age of facts, features or models where they were used, against declared budgets."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, moments
from afield.monitoring.rates import rate
from afield.records.evidence import Estimate, Measurement
from afield.records.facts import Window

HOUR = np.timedelta64(1, "h")


@dataclass(frozen=True, slots=True)
class Freshness:
    """Watch how old what a row rests on was when the row was used.

    The alarm is on while, for any column, the lower end of the interval of the share of rows that are older than their
    budget lies above `threshold`. A row of which the moment is not known counts as too old; one that rests on
    what comes later than itself is refused. Budgets are declared, so no reference is needed.

    Attributes:
        budgets: column with the moment up to which something was known → greatest age that is allowed.
        tick: column with the moment at which the row was used.
        threshold: share of rows that may be too old.
        level: of all columns' intervals together (Bonferroni).
        name: of the monitor.
    """

    budgets: Mapping[str, timedelta]
    tick: str = "tick"
    threshold: float = 0.01
    level: float = 0.99
    name: str = "freshness"

    def fit(self, _: Frame) -> "Freshness":
        """The monitor itself.

        Raises:
            MonitoringError: no budget is declared, or one is none.
        """
        if not self.budgets or min(self.budgets.values()) < timedelta(0):
            raise MonitoringError(f"{self.name}: declare the greatest age of one column at least, and none below zero")
        return self

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The share of rows that are too old, in the column where it is highest.

        The measurement's `detail`: the share of each column by its name, highest first, then the greatest age in hours,
        as `hours NAME`.

        Raises:
            MonitoringError: a column is missing or holds no moments, there is no row, or a row rests on its own future.
        """
        level = 1.0 - (1.0 - self.level) / len(self.budgets)
        used = moments(chunk, self.tick)
        if not used.size:
            raise MonitoringError(f"{self.name}: no row from {window.start} to {window.end}")
        old: dict[str, int] = {}
        oldest: dict[str, float] = {}
        for column, budget in self.budgets.items():
            age = used - moments(chunk, column, gaps=True)
            if (age < np.timedelta64(0)).any():
                row = int(np.argmax(age < np.timedelta64(0)))
                raise MonitoringError(
                    f"{self.name}: column {column!r}, row {row} lies after {self.tick!r}; check the clocks"
                )
            old[column] = int((~(age <= np.timedelta64(budget))).sum())
            known = age[~np.isnat(age)]
            oldest[f"hours {column}"] = float(known.max() / HOUR) if known.size else float("inf")
        ranked = sorted(old, key=lambda column: old[column], reverse=True)
        interval = rate(old[ranked[0]], used.size, level)
        return Measurement(
            monitor=self.name,
            metric=f"{ranked[0]} too old",
            window=window,
            estimate=Estimate(old[ranked[0]] / used.size, interval, used.size, float(used.size)),
            reference=self.threshold,
            alarm=interval.low > self.threshold,
            detail={column: old[column] / used.size for column in ranked} | oldest,
        )
