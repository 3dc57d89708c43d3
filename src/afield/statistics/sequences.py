"""Confidence sequences: intervals for a mean that hold at every look at once."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Interval
from afield.statistics.looks import looks

Floats = NDArray[np.float64]

GRID = 500  # candidate means; the interval is rounded outwards to the next of them
CAUTION = 0.75  # share of the capital that a single bet may lose


class BettingSequence:
    """An interval for the mean of bounded values, valid from the first look, at any sample size.

    For each candidate mean a gambler bets, with money that cannot run out, that the true mean lies
    elsewhere; a candidate against which the capital ever grew past `1 / alpha` would be a surprise of
    probability `alpha`. Bets are the predictable plug-in, hedged over both directions.

    The guarantee needs values whose mean does not depend on the past. Where neighbours depend on each
    other, give `batch`: the mean of that many consecutive values counts as one (values of an unfinished
    batch wait), which leaves little dependence when a batch is long against the memory of the series.

    A ratio of sums (a weighted mean, precision, recall) is bet on in the same way: against a candidate r, what a tick
    adds to the sum above, less r times what it adds to the sum below. A tick counts by its part of the heaviest tick so
    far, and a tick with a hundredth of the rows moves the capital by a hundredth.

    Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86
    (2023), theorem 3 and section 4.
    """

    def __init__(self, low: float = 0.0, high: float = 1.0, level: float = 0.95, batch: int = 1) -> None:
        """Expect values in `[low, high]`.

        Raises:
            EvaluationError: bounds, level or batch make no sense.
        """
        if not (low < high and 0 < level < 1 and batch >= 1):
            raise EvaluationError(f"bounds {low}, {high}, level {level}, batch {batch}: need low < high, 0 < level < 1")
        self._low, self._width, self._level, self._batch = low, high - low, level, batch
        self._waiting = np.empty((2, 0))
        self._seen = np.empty((2, 0))
        self._heaviest = 0.0
        self._means = np.linspace(0.0, 1.0, GRID + 1)
        self._capital = np.zeros((2, GRID + 1))
        self._peak = np.zeros(GRID + 1)

    def update(self, values: ArrayLike, of: ArrayLike | None = None) -> Interval:
        """The interval after these further values; it never widens.

        Args:
            values: shape `(n,)`; where `of` is given, what each adds to the sum above.
            of: what each adds to the sum below, ≥ 0; 1 everywhere where absent.

        Raises:
            EvaluationError: a value, over what it is of, lies outside the bounds or is not finite.
        """
        given = np.asarray(values, np.float64).ravel()
        below = np.ones_like(given) if of is None else np.asarray(of, np.float64).ravel()
        if below.shape != given.shape:
            raise EvaluationError(f"{given.size} values but {below.size} sums below; give one for each")
        unit, slack = (given - self._low * below) / self._width, 1e-9 * (1.0 + below)
        wrong = np.flatnonzero(~(np.isfinite(below) & (below >= 0) & (unit >= -slack) & (unit <= below + slack)))
        if wrong.size:
            raise EvaluationError(f"value {wrong[0]} lies outside the declared bounds of a betting sequence")
        heaviest = np.maximum(np.maximum.accumulate(below), self._heaviest)
        self._heaviest = float(heaviest[-1]) if heaviest.size else self._heaviest
        pairs = np.stack([np.clip(unit, 0.0, below), below])
        self._waiting = np.hstack(
            [self._waiting, np.divide(pairs, heaviest, out=np.zeros_like(pairs), where=heaviest > 0)]
        )
        whole = self._waiting.shape[1] // self._batch * self._batch
        fresh = self._waiting[:, :whole].reshape(2, -1, self._batch).mean(axis=2)
        self._waiting = self._waiting[:, whole:]
        self._capital += self._gains(fresh)
        self._peak = np.maximum(self._peak, self._capital.max(axis=0))
        self._seen = np.hstack([self._seen, fresh])
        return self._interval()

    def _gains(self, fresh: Floats) -> Floats:
        """What betting on and against each candidate adds to the logarithm of the capital, shape `(2, means)`."""
        above, below = np.hstack([self._seen, fresh])
        stakes = bets(above, 1.0 - self._level, below)[self._seen.shape[1] :, None]
        away = fresh[0][:, None] - self._means * fresh[1][:, None]
        with np.errstate(divide="ignore"):
            upward = np.minimum(stakes, CAUTION / self._means)
            downward = np.minimum(stakes, CAUTION / (1.0 - self._means))
        return np.stack([np.log1p(upward * away).sum(axis=0), np.log1p(-downward * away).sum(axis=0)])

    def _interval(self) -> Interval:
        """The candidates that were never refuted, rounded outwards."""
        kept = np.flatnonzero(self._peak < np.log(2.0 / (1.0 - self._level)))
        if kept.size == 0:  # the mean has moved, or a surprise happened: keep what was refuted least
            kept = np.array([int(np.argmin(self._peak))])
        low, high = self._means[max(kept[0] - 1, 0)], self._means[min(kept[-1] + 1, GRID)]
        return Interval(float(self._low + self._width * low), float(self._low + self._width * high), self._level)


def bets(values: Floats, alpha: float, of: Floats | None = None) -> Floats:
    """The predictable plug-in stake before each value in [0, 1]: it knows only the values before it.

    Source: Waudby-Smith and Ramdas (2023), equations 24 to 26; of a ratio, with its residuals.
    """
    below = np.ones_like(values) if of is None else of
    count = np.arange(1.0, len(values) + 1.0)
    mean = (0.5 + np.cumsum(values)) / (1.0 + np.cumsum(below))
    variance = (0.25 + np.cumsum((values - mean * below) ** 2)) / (count + 1.0)
    before = np.concatenate([[0.25], variance[:-1]])
    stakes: Floats = np.sqrt(2.0 * np.log(2.0 / alpha) / (before * count * np.log(count + 1.0)))
    return stakes


class AsymptoticSequence:
    """An interval for the mean of values without bounds, valid at every look from `burn_in` on.

    The coverage is asymptotic: it becomes exact as `burn_in` grows. Dependence between neighbours and
    heavy tails widen the interval (see `afield.statistics.looks`), and simulations of both are among the
    tests: at 24 values burn-in, nominal 95 % holds for autocorrelations up to 0.6.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021), see `afield.statistics.looks`.
    """

    def __init__(self, level: float = 0.95, burn_in: int = 24, scale: int = 120) -> None:
        """Look from `burn_in` values on; be narrowest, relative to the best, at `scale` values.

        Raises:
            EvaluationError: level, burn-in or scale make no sense.
        """
        if not (0 < level < 1 and burn_in >= 2 and scale >= 1):
            raise EvaluationError(f"level {level}, burn-in {burn_in}, scale {scale}: need 0 < level < 1, burn-in ≥ 2")
        self._level, self._burn_in, self._scale = level, burn_in, scale
        self._seen = np.empty((2, 0))

    def update(self, values: ArrayLike, of: ArrayLike | None = None) -> Interval:
        """The interval after these further values; unbounded before the burn-in is over.

        Args:
            values: shape `(n,)`; where `of` is given, what each adds to the sum above of a ratio.
            of: what each adds to the sum below, ≥ 0; 1 everywhere where absent.

        Raises:
            EvaluationError: a value is not finite, or the lengths differ.
        """
        given = np.asarray(values, np.float64).ravel()
        below = np.ones_like(given) if of is None else np.asarray(of, np.float64).ravel()
        if below.shape != given.shape:
            raise EvaluationError(f"{given.size} values but {below.size} sums below; give one for each")
        self._seen = np.hstack([self._seen, np.stack([given, below])])
        if self._seen.shape[1] < self._burn_in or not self._seen[1].sum() > 0:
            return Interval(-np.inf, np.inf, self._level)
        path = looks(self._seen[0], self._seen[1])
        mean, half = float(path.ratio[-1]), float(path.half_width(1.0 - self._level, self._scale)[-1])
        return Interval(mean - half, mean + half, self._level)
