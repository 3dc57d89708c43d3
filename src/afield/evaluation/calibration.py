"""Whether probabilities hold: calibration by bins, and how much can be said at a stated precision."""

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.texts import Rate, rate
from afield.records.evidence import Interval
from afield.statistics.bootstrap import block_bootstrap

Floats = NDArray[np.float64]

BINS = 10


class Bin(msgspec.Struct, frozen=True):
    """Rows whose probability lies in [low, high), the last bin with its end.

    Attributes:
        low, high: ends of the bin.
        rows: how many.
        said: their mean probability; None without rows.
        happened: how many of them it was true of.
    """

    low: float
    high: float
    rows: int
    said: float | None
    happened: Rate


class Calibration(msgspec.Struct, frozen=True):
    """Whether what was said with a probability happens that often.

    Attributes:
        bins: of equal width over [0, 1].
        error: expected calibration error: mean distance of `said` from `happened`, over rows.
        interval: of the error, bootstrapped over blocks; None where there are none.
    """

    bins: tuple[Bin, ...]
    error: float
    interval: Interval | None = None


class Coverage(msgspec.Struct, frozen=True):
    """How much can be said at a stated precision.

    Attributes:
        wanted: the precision that is asked for.
        threshold: the lowest probability from which on it is reached; None where it never is.
        covered: rows at or above the threshold.
        precision: how many of those are true.
    """

    wanted: float
    threshold: float | None
    covered: Rate
    precision: Rate


def calibration(
    truth: ArrayLike,
    probability: ArrayLike,
    *,
    bins: int = BINS,
    level: float = 0.95,
    blocks: ArrayLike | None = None,
    resamples: int = 1000,
    seed: int = 0,
) -> Calibration:
    """How often rows are true by the probability that was given to them.

    Source: Naeini, Cooper and Hauskrecht, "Obtaining well calibrated probabilities using Bayesian binning", AAAI
    (2015); Guo, Pleiss, Sun and Weinberger (2017). The error depends on the bins and is above 0 by chance too.

    Args:
        truth: 0 or 1, shape `(n,)`.
        probability: of 1, shape `(n,)`.
        bins: number of bins.
        level: of the intervals.
        blocks: label of what belongs together, shape `(n,)`; None: the error gets no interval.
        resamples: draws of the bootstrap.
        seed: of the draws.

    Raises:
        EvaluationError: as `binary`; or no bins.
    """
    true, chance = checked(truth, probability)
    if bins < 1:
        raise EvaluationError(f"{bins} bins: one at least is needed")
    place = np.minimum((chance * bins).astype(np.int64), bins - 1)
    rows = np.bincount(place, minlength=bins)
    said, happened = (np.bincount(place, values, minlength=bins) for values in (chance, true.astype(np.float64)))
    listed = tuple(
        Bin(
            each / bins,
            (each + 1) / bins,
            int(rows[each]),
            float(said[each] / rows[each]) if rows[each] else None,
            rate(int(happened[each]), int(rows[each]), level),
        )
        for each in range(bins)
    )
    error = float(np.abs(said - happened).sum() / true.size)
    if blocks is None:
        return Calibration(listed, error)
    apart = np.zeros((true.size, bins))
    apart[np.arange(true.size), place] = chance - true
    interval = block_bootstrap(
        apart, blocks, lambda means: np.abs(means).sum(axis=1), resamples=resamples, seed=seed, level=level
    )
    return Calibration(listed, error, interval)


def coverage(truth: ArrayLike, probability: ArrayLike, precision: float, *, level: float = 0.95) -> Coverage:
    """The most rows that can be said to be true, the likeliest first, at a precision.

    Rows of equal probability are said together or not at all. The threshold is chosen on the rows it is judged by:
    on new rows the precision is a little lower, so choose it on rows held back.

    Source: El-Yaniv and Wiener, "On the foundations of noise-free selective classification", JMLR 11 (2010).

    Args:
        truth: 0 or 1, shape `(n,)`.
        probability: of 1, shape `(n,)`.
        precision: that is wanted, in (0, 1].
        level: of the intervals.

    Raises:
        EvaluationError: as `binary`; or the precision lies outside (0, 1].
    """
    true, chance = checked(truth, probability)
    if not 0 < precision <= 1:
        raise EvaluationError(f"precision {precision}: it must lie in (0, 1]")
    order = np.argsort(-chance, kind="stable")
    right, ordered = true[order].cumsum(), chance[order]
    ends = np.append(ordered[1:] != ordered[:-1], True)
    reached = np.flatnonzero(ends & (right >= precision * np.arange(1, true.size + 1) - 1e-9))
    if not reached.size:
        return Coverage(precision, None, rate(0, true.size, level), rate(0, 0, level))
    last = int(reached[-1])
    covered, hits = rate(last + 1, true.size, level), rate(int(right[last]), last + 1, level)
    return Coverage(precision, float(ordered[last]), covered, hits)


def checked(truth: ArrayLike, probability: ArrayLike) -> tuple[NDArray[np.bool_], Floats]:
    """Truth as Booleans and the probabilities.

    Raises:
        EvaluationError: they are not what they must be.
    """
    true, chance = np.asarray(truth, np.float64).ravel(), np.asarray(probability, np.float64).ravel()
    if true.size == 0 or true.shape != chance.shape:
        raise EvaluationError(f"{true.size} truths and {chance.size} probabilities; give one for each row, and a row")
    wrong = np.flatnonzero(~(np.isin(true, (0, 1)) & (chance >= 0) & (chance <= 1)))
    if wrong.size:
        row = int(wrong[0])
        raise EvaluationError(
            f"row {row}: truth {true[row]}, probability {chance[row]}; a truth is 0 or 1, a probability in [0, 1]"
        )
    return true > 0, chance
