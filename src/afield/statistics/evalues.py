"""E-values: evidence of a change that many monitors gather together within one budget of false alarms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError

Floats = NDArray[np.float64]

STAKES = (0.05, 0.1, 0.2, 0.4, 0.8)
YEAR = timedelta(days=365.25)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a detector found.

    Attributes:
        at: the look at which it was found.
        since: the look from which the evidence speaks.
    """

    at: datetime
    since: datetime


class Detector:
    """Gathers the evidence of one monitor, and says when it has enough.

    At each look a monitor gives a *payoff*: what a unit stake on "it has changed" would have won, never below -1, and
    given the past not above 0 on average while nothing has changed. With a share s of a capital staked, the capital
    grows by the e-value `1 + s * payoff`. A new gambler begins at each look with the capital that the look is allowed
    to spend, so the capital of all is `M = (M + allowance) * (1 + s * payoff)`; the mean over several stakes is taken,
    because the best one depends on the size of the change. A change is found once M reaches 1; all begin again then.

    Theorem: while nothing has changed, the expected number of findings is at most the sum of the allowances, at any
    moment and however payoffs of several detectors depend on each other. For M less what was allowed, plus the M of
    each finding, is a supermartingale, and each finding takes 1 at least.

    Source: the mixture of Shiryaev-Roberts e-detectors of Shin, Ramdas and Rinaldo, "E-detectors: a nonparametric
    framework for sequential change detection", New England Journal of Statistics in Data Science 2 (2023; 2022), here
    with allowances in place of a bound on the average run length.
    """

    def __init__(self, stakes: Sequence[float] = STAKES) -> None:
        """Begin without evidence.

        Raises:
            EvaluationError: a stake lies outside (0, 1), or there is none.
        """
        self._stakes = np.asarray(stakes, np.float64)
        if not self._stakes.size or not ((self._stakes > 0) & (self._stakes < 1)).all():
            raise EvaluationError(f"stakes {tuple(stakes)}: a stake is a share of the capital, in (0, 1)")
        self._capital = np.zeros(self._stakes.size)
        # Of a gambler with the largest stake, who begins anew whenever nothing is left of what was won.
        self._best = 1.0
        self._since: datetime | None = None

    @property
    def evidence(self) -> float:
        """How far the evidence has come: a change is found at 1."""
        return float(self._capital.mean())

    def look(self, payoffs: ArrayLike, moments: Sequence[datetime], allowance: float) -> tuple[Change, ...]:
        """The changes that these further looks find.

        Args:
            payoffs: of each look, in order, shape `(n,)`.
            moments: when each look was, of the same length.
            allowance: of false alarms that these looks may spend, together.

        Raises:
            EvaluationError: a payoff lies below -1 or is not finite, the lengths differ, or the allowance is negative.
        """
        given = np.asarray(payoffs, np.float64).ravel()
        wrong = np.flatnonzero(~(np.isfinite(given) & (given >= -1.0 - 1e-9)))
        if wrong.size:
            raise EvaluationError(f"payoff of look {wrong[0]} is {given[wrong[0]]}; a stake can lose itself, no more")
        if len(moments) != given.size or not allowance >= 0:
            raise EvaluationError(f"{given.size} payoffs, {len(moments)} moments, allowance {allowance}: do not fit")
        found = []
        for payoff, moment in zip(given, moments, strict=True):
            growth = 1.0 + self._stakes * max(payoff, -1.0)
            self._capital = (self._capital + allowance / given.size) * growth
            if self._since is None or self._best <= 1.0:
                self._best, self._since = 1.0, moment
            self._best *= growth[-1]
            if self.evidence >= 1.0:
                found.append(Change(moment, self._since))
                self._begin()
        return tuple(found)

    def _begin(self) -> None:
        """Forget the evidence; what was spent is spent."""
        self._capital = np.zeros(self._stakes.size)
        self._best, self._since = 1.0, None


def by_rate(fired: bool, chance: float) -> float:
    """The payoff of a test that fires with probability at most `chance` where nothing has changed.

    Raises:
        EvaluationError: the chance lies outside (0, 1).
    """
    if not 0 < chance < 1:
        raise EvaluationError(f"chance {chance} of a false alarm lies outside (0, 1)")
    return (1.0 / chance if fired else 0.0) - 1.0


def of_ratios(ratios: ArrayLike, before: float, limit: float, correlation: tuple[float, float]) -> Floats:
    """The payoffs of a series whose mean is claimed not to exceed `limit`; shape `(n,)`.

    The series is taken as a linear autoregression of order one, with a correlation somewhere in the range given: then
    the mean of a value, given the one before, is at most the larger of `(1 - c) limit + c before` at both ends. The
    values need no upper bound, and nothing is assumed of their distribution but that they are not negative.

    Args:
        ratios: shape `(n,)`, each ≥ 0.
        before: the value before the first of them.
        limit: above 0.
        correlation: lowest and highest, in [0, 1).

    Raises:
        EvaluationError: a value is negative or not finite, the limit not above 0, or the range none.
    """
    values = np.asarray(ratios, np.float64).ravel()
    low, high = correlation
    if not (np.isfinite(values) & (values >= 0)).all():
        raise EvaluationError("a ratio is negative or not finite; leave such ticks out")
    if not (limit > 0 and 0 <= low <= high < 1):
        raise EvaluationError(f"limit {limit}, correlation {low} to {high}: need limit > 0, 0 ≤ low ≤ high < 1")
    past = np.concatenate([[before], values[:-1]])
    due = np.maximum((1 - low) * limit + low * past, (1 - high) * limit + high * past)
    payoffs: Floats = values / due - 1.0
    return payoffs
