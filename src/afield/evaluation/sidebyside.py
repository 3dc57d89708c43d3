"""Several forecasts of the same rows side by side: each metric with its interval, and any two paired."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.robustness import METRICS
from afield.records.evidence import Comparison, Estimate
from afield.statistics.bootstrap import block_bootstrap, paired
from afield.statistics.losses import LOSSES

Floats = NDArray[np.float64]
LEVEL = 0.95


@dataclass(frozen=True)
class SideBySide:
    """Forecasts of the same rows.

    Attributes:
        truth: what came true, shape `(n,)`.
        blocks: label of each row's block (its day), shape `(n,)`: what is drawn as a whole for intervals.
        forecasts: who → forecast, shape `(n,)`, finite.
        resamples: bootstrap draws behind each interval.
        seed: of the draws.
    """

    truth: Floats
    blocks: NDArray[np.generic]
    forecasts: Mapping[str, Floats]
    resamples: int = 2000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be compared.

        Raises:
            EvaluationError: there are no rows, fewer than two blocks, or a value is missing or not finite.
        """
        if not len(self.truth):
            raise EvaluationError("there are no rows to compare on; choose a window and a slice that hold some")
        if self.number_of_blocks < 2:
            raise EvaluationError(
                f"all {len(self.truth)} rows lie in one block of time, so chance cannot be told from merit; "
                "compare over a longer window"
            )
        for name, values in (("the truth", self.truth), *self.forecasts.items()):
            if len(values) != len(self.truth) or not np.isfinite(values).all():
                raise EvaluationError(f"{name}: a finite number is expected for each of {len(self.truth)} rows")

    @property
    def number_of_blocks(self) -> int:
        """How many blocks there are."""
        return len(self._places[0])

    def estimate(self, name: str, metric: str) -> Estimate:
        """A metric of one forecast, with its interval over blocks.

        Raises:
            EvaluationError: there is no such metric.
        """
        totals, root = self._totals(name, metric), METRICS[metric][1]

        def statistic(means: Floats) -> Floats:
            return np.sqrt(means[:, 0]) if root else means[:, 0]

        places = np.arange(len(totals))
        interval = block_bootstrap(totals, places, statistic, resamples=self.resamples, seed=self.seed, level=LEVEL)
        count = len(self.truth)
        return Estimate(float(statistic(totals.mean(keepdims=True)[:, None])[0]), interval, count, float(count))

    def paired(self, first: str, second: str, metric: str) -> Comparison:
        """The first forecast against the second on the same rows.

        Raises:
            EvaluationError: there is no such metric.
        """
        found = paired(
            self._totals(first, metric),
            self._totals(second, metric),
            np.arange(self.number_of_blocks),
            metric=metric,
            names=(first, second),
            root=METRICS[metric][1],
            resamples=self.resamples,
            seed=self.seed,
            level=LEVEL,
        )
        count = len(self.truth)
        ratio = found.ratio and replace(found.ratio, count=count, weight=float(count))
        return replace(found, difference=replace(found.difference, count=count, weight=float(count)), ratio=ratio)

    def noise(self, names: Sequence[str], metric: str) -> dict[tuple[str, str], bool]:
        """Of any two forecasts, whether the interval of their paired difference holds zero."""
        return {
            (first, second): 0.0 in self.paired(first, second, metric).difference.interval
            for place, first in enumerate(names)
            for second in names[place + 1 :]
        }

    @cached_property
    def _places(self) -> tuple[NDArray[np.generic], NDArray[np.int64]]:
        labels, places = np.unique(self.blocks, return_inverse=True)
        return labels, places.astype(np.int64)

    def _totals(self, name: str, metric: str) -> Floats:
        """The summed loss of each block, scaled so that the mean over blocks is the mean over rows."""
        if metric not in METRICS:
            raise EvaluationError(f"no metric {metric!r} to compare by; there is: {', '.join(METRICS)}")
        losses = LOSSES[METRICS[metric][0]](self.forecasts[name], self.truth)
        labels, places = self._places
        sums = np.bincount(places, losses, minlength=len(labels)).astype(np.float64)
        return np.asarray(sums * (len(labels) / len(self.truth)), np.float64)


def answered(truth: ArrayLike, forecasts: Mapping[str, Floats]) -> NDArray[np.bool_]:
    """The rows whose truth is known and for which every forecast is a number, shape `(n,)`.

    Raises:
        EvaluationError: one of the forecasts is a number nowhere.
    """
    held = np.asarray(truth, np.float64)
    kept = np.isfinite(held)
    for name, values in forecasts.items():
        there = np.isfinite(values)
        if not there.any():
            raise EvaluationError(f"{name} has no answer to any of the {len(held)} rows; leave it out")
        kept &= there
    return kept
