"""What right and wrong answers cost, the threshold that costs least, and what to expect of it."""

from dataclasses import dataclass

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.calibration import checked
from afield.records.evidence import Estimate
from afield.statistics.bootstrap import block_totals, percentiles, resampled

Floats = NDArray[np.float64]

NEVER = 2.0
"""A threshold that no probability reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What each outcome of saying or not saying that a row is true costs, in any one unit.

    Attributes:
        false_positive: said, and not true: a wrong translation is shown as sure.
        false_negative: not said, but true: a person is asked for nothing.
        true_positive: said and true.
        true_negative: not said and not true.

    Raises:
        EvaluationError: a cost is not finite, or a wrong answer costs no more than the right one.
    """

    false_positive: float
    false_negative: float
    true_positive: float = 0.0
    true_negative: float = 0.0

    def __post_init__(self) -> None:
        """Check the costs."""
        every = (self.false_positive, self.false_negative, self.true_positive, self.true_negative)
        if not np.isfinite(every).all():
            raise EvaluationError(f"costs {every}: they must be finite")
        if not (self.false_positive > self.true_negative and self.false_negative > self.true_positive):
            raise EvaluationError(
                f"{self}: a wrong answer must cost more than the right one, else no threshold is needed"
            )

    @property
    def threshold(self) -> float:
        """From which probability on it is cheaper to say so, if probabilities are calibrated.

        Source: Elkan, "The foundations of cost-sensitive learning", IJCAI (2001).

        >>> Costs(false_positive=3.0, false_negative=1.0).threshold
        0.75
        """
        said = self.false_positive - self.true_negative
        return said / (said + self.false_negative - self.true_positive)

    def of(self, truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> Floats:
        """The cost of each row."""
        right, wrong = (self.true_positive, self.false_positive), (self.false_negative, self.true_negative)
        return np.where(said, np.where(truth, *right), np.where(truth, *wrong)).astype(np.float64)


class Decision(msgspec.Struct, frozen=True):
    """A threshold, and what it costs.

    Attributes:
        threshold: from which probability on a row is said to be true; 2 where never.
        calibrated: the threshold that would be best if probabilities were exactly right.
        chosen_on: `held` where it was chosen on other rows than these, `same` where its cost is therefore flattered.
        cost: a row's expected cost at the threshold.
        at_calibrated: a row's expected cost at `calibrated`.
        always, never: a row's expected cost where everything is said, or nothing.
    """

    threshold: float
    calibrated: float
    chosen_on: str
    cost: Estimate
    at_calibrated: Estimate
    always: Estimate
    never: Estimate


def cheapest(truth: ArrayLike, probability: ArrayLike, costs: Costs) -> float:
    """The threshold of least cost on these rows; the highest of several. `NEVER` where saying nothing costs least.

    Raises:
        EvaluationError: as `checked`.
    """
    true, chance = checked(truth, probability)
    order = np.argsort(-chance, kind="stable")
    hit, ordered = true[order], chance[order]
    change = np.where(hit, costs.true_positive - costs.false_negative, costs.false_positive - costs.true_negative)
    total = change.cumsum()
    ends = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], True))
    best = ends[int(total[ends].argmin())]
    return float(ordered[best]) if total[best] < 0 else NEVER


def decision(
    truth: ArrayLike,
    probability: ArrayLike,
    costs: Costs,
    blocks: ArrayLike,
    *,
    threshold: float | None = None,
    resamples: int = 1000,
    seed: int = 0,
    level: float = 0.95,
) -> Decision:
    """What a threshold costs a row, beside saying always and never, with bootstrap intervals over blocks.

    Args:
        truth: 0 or 1, shape `(n,)`.
        probability: of 1, shape `(n,)`.
        costs: of right and wrong.
        blocks: label of what belongs together, shape `(n,)`.
        threshold: chosen on other rows; None: it is chosen on these, and costs more on new ones.
        resamples: draws of the bootstrap.
        seed: of the draws.
        level: of the intervals.

    Raises:
        EvaluationError: as `checked`; or there are fewer than two blocks.
    """
    true, chance = checked(truth, probability)
    taken = cheapest(true, chance, costs) if threshold is None else threshold
    lost = [costs.of(true, chance >= each) for each in (taken, costs.threshold, 0.0, NEVER)]
    return Decision(
        taken,
        costs.threshold,
        "same" if threshold is None else "held",
        *_means(np.column_stack(lost), blocks, resamples, seed, level),
    )


def cheapest_actions(probabilities: ArrayLike, costs: ArrayLike) -> NDArray[np.int64]:
    """The action of least expected cost for each row, where there are several classes: shape `(n,)`.

    Args:
        probabilities: of each class, shape `(n, classes)`.
        costs: of each action where a class is true, shape `(classes, actions)`.

    Raises:
        EvaluationError: the shapes do not fit, or a number is not finite.
    """
    chance, matrix = np.asarray(probabilities, np.float64), np.asarray(costs, np.float64)
    if chance.ndim != 2 or matrix.ndim != 2 or chance.shape[1] != len(matrix):
        raise EvaluationError(f"probabilities of {chance.shape}, costs of {matrix.shape}; give a row for each class")
    if not (np.isfinite(chance).all() and np.isfinite(matrix).all()):
        raise EvaluationError("a probability or a cost is not finite")
    actions: NDArray[np.int64] = (chance @ matrix).argmin(axis=1)
    return actions


def _means(lost: Floats, blocks: ArrayLike, resamples: int, seed: int, level: float) -> list[Estimate]:
    totals, rows = block_totals(lost, blocks), len(lost)
    draws = resampled(totals, resamples, seed)
    return [
        Estimate(float(mean), percentiles(each, len(totals), level), rows, float(rows))
        for mean, each in zip(lost.mean(axis=0), draws.T, strict=True)
    ]
