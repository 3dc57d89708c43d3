"""Conformal intervals around any forecast: from held-back rows, and adapted in time."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError

Floats = NDArray[np.float64]

RATE = 0.02
"""How far the adaptive level follows the misses of one tick."""


def half_width(forecast: ArrayLike, truth: ArrayLike, level: float = 0.9, scale: ArrayLike | None = None) -> float:
    """What to add to and take from a new forecast so that the truth lies between with chance `level` at least.

    It is the smallest error that a share `level (1 + 1/n)` of the held-back rows does not exceed; so the promise holds
    for any forecaster and distribution as long as new rows are exchangeable with these, which the model has not seen.

    Source: Papadopoulos et al., "Inductive confidence machines for regression", ECML (2002); Lei et al.,
    "Distribution-free predictive inference for regression", JASA 113 (2018).

    Args:
        forecast: of held-back rows, shape `(n,)`.
        truth: of the same rows.
        level: the chance, in (0, 1).
        scale: how far each truth may be expected to lie, above zero; the result is then a factor of it. None: 1.

    Raises:
        EvaluationError: too few rows for the level, or a number that is not finite.

    >>> half_width([0.0] * 9, [1, 2, 3, 4, 5, 6, 7, 8, 9], level=0.9)
    9.0
    """
    errors = _errors(forecast, truth, scale)
    place = _place(errors.size, level)
    return float(np.partition(errors, place - 1)[place - 1])


def adapted(
    forecast: ArrayLike,
    truth: ArrayLike,
    tick: ArrayLike,
    held: ArrayLike,
    level: float = 0.9,
    scale: ArrayLike | None = None,
    rate: float = RATE,
) -> Floats:
    """The half width of each row, adapted tick by tick to how often the truth lay outside: shape `(n,)`.

    The rows of a tick get the quantile, at the level in force, of the newest errors: the held-back ones at first, and
    always as many as those were. After the tick the level moves by `rate × (share outside − wanted share)`. So the
    share outside comes out right in the long run even where the distribution drifts, which no fixed width can promise.

    Source: Gibbs and Candès, "Adaptive conformal inference under distribution shift", NeurIPS (2021).

    Args:
        forecast: shape `(n,)`.
        truth: of the same rows; it is used only after its tick.
        tick: of each row, any labels that sort in time.
        held: errors of held-back rows that the model has not seen, over their scale, shape `(m,)`.
        level: the wanted chance that the truth lies inside, in (0, 1).
        scale: as for `half_width`.
        rate: how far the level moves, above zero.

    Raises:
        EvaluationError: as `half_width`; or the rate is not above zero.
    """
    if not rate > 0:
        raise EvaluationError(f"rate {rate}: the level of an adaptive interval moves by a rate above zero")
    errors = _errors(forecast, truth, scale)
    known = _errors(np.zeros_like(np.asarray(held, np.float64)), held, None)
    _place(known.size, level)
    _, position = np.unique(np.asarray(tick), return_inverse=True)
    if position.size != errors.size:
        raise EvaluationError(f"{errors.size} rows but {position.size} ticks; give one for each row")
    order = np.argsort(position, kind="stable")
    edges = np.flatnonzero(np.diff(position[order], prepend=-1))
    newest, inside, widths = np.concatenate([known, errors[order]]), level, np.empty(errors.size)
    for start, rows in zip(edges, np.split(order, edges[1:]), strict=True):
        width = _at(newest[start : start + known.size], inside)
        widths[rows] = width
        inside += rate * (float((errors[rows] > width).mean()) - (1 - level))
    return widths if scale is None else widths * np.asarray(scale, np.float64)


def _at(known: Floats, inside: float) -> float:
    """The width at a level: nothing where it has moved below 0, the largest error where it has moved past 1."""
    place = min(max(int(np.ceil(inside * (known.size + 1))), 0), known.size)
    return float(np.partition(known, place - 1)[place - 1]) if place else 0.0


def _place(rows: int, level: float) -> int:
    """Which error, in ascending order, is the width."""
    if not 0 < level < 1:
        raise EvaluationError(f"level {level} of an interval lies outside (0, 1)")
    place = int(np.ceil(level * (rows + 1) - 1e-9))
    if place > rows:
        raise EvaluationError(
            f"{rows} held-back rows are too few for an interval at {level:g}; "
            f"hold back {int(np.ceil(level / (1 - level) - 1e-9))} at least"
        )
    return place


def _errors(forecast: ArrayLike, truth: ArrayLike, scale: ArrayLike | None) -> Floats:
    made, true = np.asarray(forecast, np.float64).ravel(), np.asarray(truth, np.float64).ravel()
    widths = np.ones_like(made) if scale is None else np.asarray(scale, np.float64).ravel()
    if not made.shape == true.shape == widths.shape:
        raise EvaluationError(f"{made.size} forecasts, {true.size} truths, {widths.size} scales; give one for each row")
    wrong = np.flatnonzero(~(np.isfinite(made) & np.isfinite(true) & np.isfinite(widths) & (widths > 0)))
    if wrong.size:
        row = int(wrong[0])
        raise EvaluationError(
            f"row {row}: forecast {made[row]}, truth {true[row]}, scale {widths[row]}; they must be finite, "
            "a scale above zero"
        )
    errors: Floats = np.abs(made - true) / widths
    return errors
