"""Performance before outcomes come: estimated from what is known at once, and later held against what came true."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, moments, numbers
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window
from afield.statistics.looks import looks
from afield.statistics.losses import LOSSES, Loss

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
BINS = 10
FOLDS = 5
RIDGE = 5.0


@dataclass(frozen=True, slots=True)
class Estimated:
    """Estimate a mean loss, or the share of right answers, of rows whose outcomes are not known yet.

    A small model of the loss is fitted on the reference: an additive function of the columns given, each cut at its
    deciles there, by ridge regression. For numbers this is direct loss estimation. With `loss` None it is the estimate
    of accuracy from calibrated confidence: `truth` says whether an answer was right (1 or 0), and the one column is the
    confidence, whose calibration is what is fitted.

    It holds while outcomes depend on the columns as they did in the reference, and rows lie where it had some: beyond
    its outermost deciles the loss is taken as there. A change of just that (concept drift) shows only once outcomes
    come, in `reconciled`. The interval is for the mean that will be seen: its width is the long-run spread, tick by
    tick, of what was seen less what was estimated by a model that had not seen the stretch.

    Sources: Garg et al., "Leveraging unlabeled data to predict out-of-distribution performance", ICLR (2022); NannyML,
    "Confidence-based performance estimation" and "Direct loss estimation" (documentation, 2023).

    Attributes:
        columns: numeric columns known when the prediction is made, the forecast or the confidence among them.
        loss: of `forecast` against `truth`; None: `truth` is the share of right answers itself.
        truth, forecast, tick: names of columns.
        inclusion: column of inclusion probabilities, where events were sampled; a reference without it is whole.
        level: of the interval.
        name: of the monitor.
    """

    columns: tuple[str, ...]
    loss: Loss | None = None
    truth: str = "truth"
    forecast: str = "forecast"
    tick: str = "tick"
    inclusion: str | None = None
    level: float = 0.95
    name: str = "estimated"

    def fit(self, reference: Frame) -> "FittedEstimated":
        """The estimator, knowing how the loss depends on the columns.

        Raises:
            MonitoringError: a column is missing or wrong, or outcomes of too few ticks are known.
        """
        ticks, losses = moments(reference, self.tick), self.losses(reference)
        known = np.isfinite(losses)
        if not self.columns or len(np.unique(ticks[known])) < 4 * FOLDS:
            raise MonitoringError(
                f"{self.name}: {len(np.unique(ticks[known]))} ticks with an outcome, {len(self.columns)} columns; "
                f"give {4 * FOLDS} ticks and one column at least"
            )
        return FittedEstimated(self, reference, ticks, losses, known)

    def losses(self, frame: Frame) -> Floats:
        """The loss of each row; NaN where the outcome is not known.

        Raises:
            MonitoringError: a column is missing or wrong.
        """
        truth = numbers(frame, self.truth)
        return truth if self.loss is None else LOSSES[self.loss](numbers(frame, self.forecast), truth)

    def weights(self, frame: Frame, rows: int) -> Floats:
        """How many rows each stands for."""
        if self.inclusion is None or self.inclusion not in frame.columns:
            return np.ones(rows)
        return 1.0 / numbers(frame, self.inclusion)


class FittedEstimated:
    """A model of the loss, and how far its estimates have been off in stretches that it had not seen."""

    def __init__(
        self, monitor: Estimated, frame: Frame, ticks: Moments, losses: Floats, known: NDArray[np.bool_]
    ) -> None:
        """Fit on the rows that are `known`; `Estimated.fit` makes it."""
        self._monitor = monitor
        values = [numbers(frame, name) for name in monitor.columns]
        self._edges = [np.unique(np.nanquantile(each[known], np.linspace(0, 1, BINS + 1)[1:-1])) for each in values]
        design, weights = self._design(frame)[known], monitor.weights(frame, losses.size)[known]
        self._coefficients = _ridge(design, losses[known], weights)
        order, fold = np.unique(ticks[known], return_inverse=True)
        fold = fold * FOLDS // len(order)
        unseen = np.empty(len(design))
        for part in range(FOLDS):
            inside = fold == part
            unseen[inside] = design[inside] @ _ridge(design[~inside], losses[known][~inside], weights[~inside])
        position = np.unique(ticks[known], return_inverse=True)[1]
        mass = np.bincount(position, weights)
        off = np.bincount(position, weights * (losses[known] - unseen)) / mass
        self._deviation = float(looks(off).deviation[-1])
        self._ticks = len(order)
        self._reference = float((weights * losses[known]).sum() / weights.sum())

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """What the mean loss of the chunk will have been, by what is known now.

        Raises:
            MonitoringError: a column is missing or wrong, or there is no row.
        """
        monitor = self._monitor
        ticks = moments(chunk, monitor.tick)
        if not ticks.size:
            raise MonitoringError(f"{monitor.name}: there is no row from {window.start} to {window.end}")
        expected, weights = self._design(chunk) @ self._coefficients, monitor.weights(chunk, ticks.size)
        value = float((weights * expected).sum() / weights.sum())
        sampling = (
            float(np.square((weights - 1.0) ** 0.5 * weights**0.5 * (expected - value)).sum()) / weights.sum() ** 2
        )
        spread = self._deviation**2 * (1.0 / len(np.unique(ticks)) + 1.0 / self._ticks) + sampling
        half = NormalDist().inv_cdf(0.5 + monitor.level / 2) * float(np.sqrt(spread))
        bounds = Interval(
            max(value - half, 0.0), min(value + half, 1.0 if monitor.loss is None else np.inf), monitor.level
        )
        return Measurement(
            monitor=monitor.name,
            metric=monitor.loss or "accuracy",
            window=window,
            estimate=Estimate(value, bounds, ticks.size, float(weights.sum())),
            reference=self._reference,
        )

    def _design(self, frame: Frame) -> Floats:
        """One column that is 1, and one for each bin of each column; a missing value has a bin of its own."""
        parts = [np.ones((len(moments(frame, self._monitor.tick)), 1))]
        for name, edges in zip(self._monitor.columns, self._edges, strict=True):
            values = numbers(frame, name)
            place = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
            parts.append((place[:, None] == np.arange(len(edges) + 2)).astype(np.float64))
        return np.hstack(parts)


@dataclass(frozen=True, slots=True)
class Reconciled:
    """An estimate and what came true: of one stretch of time.

    Attributes:
        window: the stretch.
        estimated: what was estimated before outcomes came, with its interval.
        realised: the mean loss that came true.
        held: whether the interval held it.
    """

    window: Window
    estimated: Estimate
    realised: float
    held: bool


def reconciled(estimates: Sequence[Measurement], realised: Sequence[Measurement]) -> tuple[Reconciled, ...]:
    """Each estimate whose outcomes have come, beside them: of the windows that both measured, in order."""
    came = {each.window: each.detail.get("chunk", each.estimate.value) for each in realised}
    return tuple(
        Reconciled(each.window, each.estimate, came[each.window], came[each.window] in each.estimate.interval)
        for each in estimates
        if each.window in came
    )


def _ridge(design: Floats, losses: Floats, weights: Floats) -> Floats:
    """The coefficients that fit best, each but the first drawn towards 0 as by `RIDGE` rows."""
    mean = float((weights * losses).sum() / weights.sum())
    penalty = np.eye(design.shape[1]) * RIDGE * weights.mean()
    weighted = design * weights[:, None]
    coefficients: Floats = np.linalg.solve(weighted.T @ design + penalty, weighted.T @ (losses - mean))
    coefficients[0] += mean
    return coefficients
