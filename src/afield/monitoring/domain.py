"""The domain classifier: how well a model tells a chunk's rows from the reference's, all columns together."""

from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold

from afield.errors import MonitoringError
from afield.monitoring.frames import Floats, Frame, categories, named, numbers
from afield.records.evidence import Estimate, Interval, Measurement
from afield.records.facts import Window

FOLDS = 5
LEAST = 10 * FOLDS


@dataclass(frozen=True, slots=True)
class Domain:
    """Watch all columns together, for drift that no column shows alone.

    The effect is the area under the curve of a classifier that tells the chunk from the reference, on rows that it was
    not fitted on: 0.5 where it cannot, 1 where every row gives itself away. The alarm is on while the lower end of its
    interval lies above `threshold`. It needs scikit-learn: for the control plane, not for what answers.

    Source: Lopez-Paz and Oquab, "Revisiting classifier two-sample tests" (ICLR 2017); the interval: DeLong, DeLong and
    Clarke-Pearson, Biometrics 44 (1988), which takes rows as independent.

    Attributes:
        columns: names of columns: numbers or categories.
        threshold: area that is worth an alarm.
        level: of the interval.
        most: rows of either side that are used; more are sampled.
        seed: of sampling and of the folds.
        name: of the monitor.
    """

    columns: tuple[str, ...]
    threshold: float = 0.6
    level: float = 0.99
    most: int = 10_000
    seed: int = 0
    name: str = "domain"

    def fit(self, reference: Frame) -> "FittedDomain":
        """The monitor, knowing the reference's rows.

        Raises:
            MonitoringError: no column is declared, one is missing or holds no numbers, or there are too few rows.
        """
        if not self.columns:
            raise MonitoringError(f"{self.name}: no column to watch; declare at least one")
        known = {c: tuple(np.unique(categories(reference, c))) for c in self.columns if named(reference, c)}
        return FittedDomain(self, known, self.rows(reference, known))

    def rows(self, frame: Frame, known: dict[str, tuple[str, ...]]) -> Floats:
        """The columns side by side, shape `(n, columns)`; categories as their number, -1 for unknown ones.

        Raises:
            MonitoringError: a column is missing or holds no numbers, or there are too few rows.
        """
        found = []
        for column in self.columns:
            if column in known:
                code = {name: float(number) for number, name in enumerate(known[column])}
                found.append(np.array([code.get(value, -1.0) for value in categories(frame, column)]))
            else:
                found.append(numbers(frame, column))
        rows = np.column_stack(found)
        if len(rows) < LEAST:
            raise MonitoringError(f"{self.name}: {len(rows)} rows; give {LEAST} at least")
        if len(rows) > self.most:
            rows = rows[np.random.default_rng(self.seed).choice(len(rows), self.most, replace=False)]
        return rows


class FittedDomain:
    """A domain classifier with its reference; each chunk is learned anew."""

    def __init__(self, monitor: Domain, known: dict[str, tuple[str, ...]], reference: Floats) -> None:
        """Keep the reference's rows; `Domain.fit` makes it."""
        self._monitor, self._known, self._reference = monitor, known, reference

    def measure(self, chunk: Frame, window: Window) -> Measurement:
        """The cross-validated area under the curve.

        Raises:
            MonitoringError: a column is missing or holds no numbers, or there are too few rows.
        """
        monitor = self._monitor
        rows = monitor.rows(chunk, self._known)
        value, interval = area_under_curve(*self._scores(rows), monitor.level)
        return Measurement(
            monitor=monitor.name,
            metric="auc",
            window=window,
            estimate=Estimate(value, interval, len(rows), float(len(rows))),
            reference=monitor.threshold,
            alarm=interval.low > monitor.threshold,
        )

    def _scores(self, chunk: Floats) -> tuple[Floats, Floats]:
        """How much each row of the reference and of the chunk looks like the chunk's, from folds without it."""
        rows = np.concatenate([self._reference, chunk])
        side = np.repeat([0, 1], [len(self._reference), len(chunk)])
        scores, seed = np.empty(len(rows)), self._monitor.seed
        for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(rows, side):
            model = HistGradientBoostingClassifier(
                max_iter=50, max_leaf_nodes=15, class_weight="balanced", early_stopping=False, random_state=seed
            )
            scores[test] = model.fit(rows[train], side[train]).predict_proba(rows[test])[:, 1]
        return scores[side == 0], scores[side == 1]


def area_under_curve(negative: Floats, positive: Floats, level: float) -> tuple[float, Interval]:
    """The share of pairs in which the positive one scores higher (ties: half), with DeLong's interval.

    Args:
        negative: scores, shape `(n,)`, two at least.
        positive: scores, shape `(m,)`, two at least.
        level: of the interval.
    """
    above, below = _placements(positive, negative), 1.0 - _placements(negative, positive)
    value = float(above.mean())
    error = float(np.sqrt(above.var(ddof=1) / above.size + below.var(ddof=1) / below.size))
    half = NormalDist().inv_cdf(0.5 + level / 2) * error
    return value, Interval(max(value - half, 0.0), min(value + half, 1.0), level)


def _placements(values: Floats, among: Floats) -> NDArray[np.float64]:
    """The share of `among` that lies below each value; ties count half."""
    ordered = np.sort(among)
    sides = np.searchsorted(ordered, values, side="left") + np.searchsorted(ordered, values, side="right")
    return sides / (2.0 * ordered.size)
