"""The metrics of a classifier or a forecast, each as a ratio of two sums over rows."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afield.errors import MonitoringError
from afield.monitoring.frames import Frame, Values, categories, named, numbers
from afield.statistics.losses import absolute_error, poisson_deviance, squared_error

Floats = NDArray[np.float64]

Metric: TypeAlias = Literal[
    "accuracy", "precision", "recall", "f_score", "top_k", "calibration", "brier",
    "mae", "mse", "rmse", "poisson_deviance", "pinball", "coverage",
]  # fmt: skip

BOUNDS: Mapping[Metric, tuple[float, float]] = {
    "accuracy": (0.0, 1.0),
    "precision": (0.0, 1.0),
    "recall": (0.0, 1.0),
    "f_score": (0.0, 1.0),
    "top_k": (0.0, 1.0),
    "calibration": (-1.0, 1.0),
    "brier": (0.0, 1.0),
    "coverage": (0.0, 1.0),
}
"""The metrics whose values are bounded; the others have asymptotic intervals."""

HIGHER_IS_BETTER = frozenset({"accuracy", "precision", "recall", "f_score", "top_k", "coverage"})


@dataclass(frozen=True, slots=True)
class Measured:
    """What is measured, and the columns that it reads.

    Attributes:
        metric: its name. `calibration` is the mean probability less the share that came true; `top_k` reads the rank
            of the truth among the answers (1 is the first); `brier` and `calibration` are of truths 0 and 1.
        truth: column of what came true.
        forecast: column of the class that was answered, of the probability, the rank, or the number that was forecast.
        low, high: columns of the interval whose coverage is measured.
        positive: the class that precision, recall and the F score are of.
        k: of top-k.
        beta: of the F score: recall counts beta times as much as precision.
        quantile: of the pinball loss.
    """

    metric: Metric
    truth: str = "truth"
    forecast: str = "forecast"
    low: str = "low"
    high: str = "high"
    positive: str | float = 1.0
    k: int = 5
    beta: float = 1.0
    quantile: float = 0.5

    def terms(self, frame: Frame) -> tuple[Floats, Floats]:
        """What each row adds to the sum above and to the sum below; NaN where the truth is not known.

        Raises:
            MonitoringError: a column is missing, or holds something else.
        """
        if self.metric in ("accuracy", "precision", "recall", "f_score"):
            return self._classes(frame)
        truth = numbers(frame, self.truth)
        if self.metric == "top_k":
            rank = numbers(frame, self.forecast)
            return np.where(np.isnan(truth), np.nan, (rank <= self.k).astype(np.float64)), np.ones(truth.size)
        if self.metric == "coverage":
            inside = (numbers(frame, self.low) <= truth) & (truth <= numbers(frame, self.high))
            return np.where(np.isnan(truth), np.nan, inside.astype(np.float64)), np.ones(truth.size)
        return self._numbers(numbers(frame, self.forecast), truth), np.ones(truth.size)

    def value(self, ratio: float) -> float:
        """The metric, from the ratio of the sums."""
        return float(np.sqrt(max(ratio, 0.0))) if self.metric == "rmse" else ratio

    def _numbers(self, forecast: Floats, truth: Floats) -> Floats:
        """The loss of each row."""
        if self.metric in ("brier", "calibration"):
            wrong = np.flatnonzero(~((forecast >= 0) & (forecast <= 1)) | (~np.isnan(truth) & ~np.isin(truth, (0, 1))))
            if wrong.size:
                raise MonitoringError(
                    f"row {wrong[0]}: probability {forecast[wrong[0]]}, truth {truth[wrong[0]]}; "
                    f"{self.metric} is of probabilities and of truths 0 and 1"
                )
        if self.metric == "calibration":
            return forecast - truth
        if self.metric == "pinball":
            return np.maximum(self.quantile * (truth - forecast), (self.quantile - 1.0) * (truth - forecast))
        if self.metric == "mae":
            return absolute_error(forecast, truth)
        return (
            poisson_deviance(forecast, truth) if self.metric == "poisson_deviance" else squared_error(forecast, truth)
        )

    def _classes(self, frame: Frame) -> tuple[Floats, Floats]:
        """Hits above, and what they are hits of below."""
        truth, answer = _kinds(frame, self.truth), _kinds(frame, self.forecast)
        unknown = truth == "" if truth.dtype.kind == "O" else np.isnan(truth.astype(np.float64))
        if self.metric == "accuracy":
            return np.where(unknown, np.nan, (truth == answer).astype(np.float64)), np.ones(truth.size)
        said, true = answer == self.positive, truth == self.positive
        hit = (said & true).astype(np.float64)
        square = self.beta**2
        below = {
            "precision": said.astype(np.float64),
            "recall": true.astype(np.float64),
            "f_score": hit + (square * (true & ~said) + (said & ~true)) / (1.0 + square),
        }[self.metric]
        return np.where(unknown, np.nan, hit), np.where(unknown, np.nan, below)


def _kinds(frame: Frame, name: str) -> Values:
    """The classes in a column: texts, or numbers."""
    return categories(frame, name) if named(frame, name) else numbers(frame, name)
