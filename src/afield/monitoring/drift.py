"""Drift: how far a chunk's columns lie from the reference's, as effect sizes, ranked by the harm they do."""

from dataclasses import dataclass

import numpy as np

from afield.errors import MonitoringError
from afield.monitoring.bins import Bins, bins
from afield.monitoring.distances import Effect, Statistic, distances, divergence, stability
from afield.monitoring.frames import Floats, Frame, Names, Values, categories, named, numbers
from afield.monitoring.harm import Harm, harm
from afield.records.evidence import Estimate, Measurement
from afield.records.facts import Window
from afield.statistics.losses import LOSSES, Loss

HARM = "harm of "
"""Before a column's name in a measurement's detail: the harm of its drift."""


@dataclass(frozen=True, slots=True)
class Drift:
    """Watch columns for distributions that move away from the reference.

    An effect size does not grow with the number of rows, as a p-value falls; the alarm is on while the
    lower end of the interval of any column's lies above the threshold, so a small chunk cries no wolf.
    The intervals take rows as independent: let chunks span whole cycles (days), as the reference does.

    With a loss, columns are ranked by harm (`afield.monitoring.harm`): by how much the mean loss would rise if this
    column alone had moved as it did.

    Attributes:
        columns: names of columns: numbers, or, for psi and js, categories.
        statistic: psi, ks, wasserstein or js (see `afield.monitoring.distances`).
        threshold: size of the effect that is worth an alarm; 0.2 is the custom for psi.
        level: of all columns' intervals together (Bonferroni).
        name: of the monitor.
        loss: squared_error, poisson_deviance or absolute_error of `forecast` against `truth` in the reference; None
            ranks by the effect alone.
        truth, forecast: names of columns of the reference; rows whose truth is missing tell nothing of harm.
    """

    columns: tuple[str, ...]
    statistic: Statistic = "psi"
    threshold: float = 0.2
    level: float = 0.99
    name: str = "drift"
    loss: Loss | None = None
    truth: str = "truth"
    forecast: str = "forecast"

    def fit(self, reference: Frame) -> "FittedDrift":
        """The monitor, knowing the reference's distributions.

        Raises:
            MonitoringError: no column is declared, or one is missing, empty, or of categories that have no order.
        """
        if not self.columns:
            raise MonitoringError(f"{self.name}: no column to watch; declare at least one")
        losses = self._losses(reference)
        known = {column: self._known(reference, column, losses) for column in self.columns}
        return FittedDrift(self, known)

    def numbers(self, frame: Frame, column: str) -> Floats:
        """The column as floats, at least one row long.

        Raises:
            MonitoringError: the column is missing, empty or not numeric.
        """
        values = numbers(frame, column)
        self._filled(column, values.size)
        return values

    def categories(self, frame: Frame, column: str) -> Names:
        """The column as names of categories, at least one row long.

        Raises:
            MonitoringError: the column is missing or empty.
        """
        values = categories(frame, column)
        self._filled(column, values.size)
        return values

    def _known(self, reference: Frame, column: str, losses: Floats | None) -> "Known":
        if named(reference, column):
            if self.statistic not in ("psi", "js"):
                raise MonitoringError(
                    f"{self.name}: column {column!r} holds categories, which have no order; {self.statistic} is of "
                    "numbers: use psi or js"
                )
            values: Values = self.categories(reference, column)
        else:
            values = self.numbers(reference, column)
        binned = bins(values)
        return Known(binned, values, None if losses is None else harm(binned, values, losses))

    def _losses(self, reference: Frame) -> Floats | None:
        if self.loss is None:
            return None
        truth, forecast = numbers(reference, self.truth), numbers(reference, self.forecast)
        return LOSSES[self.loss](forecast, truth)

    def _filled(self, column: str, rows: int) -> None:
        if not rows:
            raise MonitoringError(f"{self.name}: column {column!r} holds no row")


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of one column of the reference."""

    bins: Bins
    values: Values
    harm: Harm | None


class FittedDrift:
    """A drift monitor with its reference; chunks are measured each on its own."""

    def __init__(self, monitor: Drift, reference: dict[str, Known]) -> None:
        """Keep the reference's columns; `Drift.fit` makes it."""
        self._monitor, self._reference = monitor, reference

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The effect of the column that moved most; all columns' are in `detail`, by name.

        The detail is in order of harm where a loss is declared, with the harm of each column under `harm of NAME` (0.1:
        the loss would be a tenth higher); else in order of the effects.

        Raises:
            MonitoringError: a column is missing, empty or not numeric.
        """
        monitor = self._monitor
        level = 1.0 - (1.0 - monitor.level) / len(monitor.columns)
        effects: dict[str, Effect] = {}
        harms: dict[str, float] = {}
        for column, known in self._reference.items():
            text = known.bins.names is not None
            values = monitor.categories(chunk, column) if text else monitor.numbers(chunk, column)
            effects[column] = self._effect(known, values, level)
            if known.harm is not None:
                harms[column] = known.harm.of(known.bins.count(values), level)[0]
        worst = max(effects, key=lambda column: (effects[column][1].low, effects[column][0]))
        value, interval = effects[worst]
        ranked = sorted(effects, key=lambda column: (harms.get(column, 0.0), effects[column][0]), reverse=True)
        return Measurement(
            monitor=monitor.name,
            metric=monitor.statistic,
            window=window,
            estimate=Estimate(value, interval, values.size, float(values.size)),
            reference=monitor.threshold,
            alarm=interval.low > monitor.threshold,
            detail={column: effects[column][0] for column in ranked}
            | {f"{HARM}{column}": harms[column] for column in ranked if column in harms},
        )

    def _effect(self, known: Known, values: Values, level: float) -> Effect:
        statistic = self._monitor.statistic
        if statistic in ("psi", "js"):
            of = stability if statistic == "psi" else divergence
            return of(known.bins.count(known.values), known.bins.count(values), level)
        first, second = (np.asarray(part, np.float64) for part in (known.values, values))
        return distances(first, second, (statistic,), level)[statistic]
