"""Block bootstrap: intervals of functions of means, where neighbouring rows are alike."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, stdtrit

from afield.errors import EvaluationError
from afield.records.evidence import Comparison, Estimate, Interval

Floats = NDArray[np.float64]

CELLS = 2_000_000  # of the matrix of draws that is held at once: 16 MB


def block_bootstrap(
    rows: ArrayLike,
    blocks: ArrayLike,
    statistic: Callable[[Floats], Floats],
    *,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    run: int = 1,
) -> Interval:
    """The percentile interval of a function of column means, from resampled blocks of rows.

    Rows of one block (a day) stay together, so dependence inside a block is kept. With `run > 1`, runs of
    that many neighbouring blocks are drawn, circularly, which keeps dependence across blocks too. Rows are
    added up per block first: the cost hardly depends on their number. The percentiles are those of an interval of
    Student's t with one degree of freedom a block, for plain ones are too narrow where blocks are few.

    Source: Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of
    Statistics 17 (1989); whole blocks: Carlstein (1986); circular: Politis and Romano (1992);
    the wider percentiles: Hesterberg, "What teachers should know about the bootstrap", American Statistician 69 (2015).

    Args:
        rows: shape `(n,)` or `(n, k)`.
        blocks: label of each row's block, shape `(n,)`; sorted labels are neighbours.
        statistic: column means of shape `(resamples, k)` → values of shape `(resamples,)`.
        resamples: number of draws.
        seed: of the draws.
        level: nominal coverage.
        run: number of neighbouring blocks drawn together.

    Raises:
        EvaluationError: fewer than two blocks, lengths that differ, or a value that is not finite.
    """
    totals = block_totals(rows, blocks)
    return percentiles(statistic(resampled(totals, resamples, seed, run)), len(totals), level)


def percentiles(draws: ArrayLike, blocks: int, level: float = 0.95) -> Interval:
    """The interval that resampled values span, widened for a small number of blocks (see `block_bootstrap`).

    Draws that are not a number (a ratio to nothing) are left out; where none is left, the interval is the whole line.
    """
    values = np.asarray(draws, np.float64)
    values = values[~np.isnan(values)]
    if not values.size:
        return Interval(-np.inf, np.inf, level)
    wider = float(ndtr(np.sqrt(blocks / (blocks - 1)) * stdtrit(blocks - 1, (1 - level) / 2)))
    low, high = np.quantile(values, [wider, 1 - wider])
    return Interval(float(low), float(high), level)


def paired(
    first: ArrayLike,
    second: ArrayLike,
    blocks: ArrayLike,
    *,
    metric: str,
    names: tuple[str, str],
    root: bool = False,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
    run: int = 1,
) -> Comparison:
    """How the mean losses of two forecasts of the same rows differ: difference and ratio, with intervals.

    Both are resampled by the same blocks, so what moves the two alike cancels out (see `block_bootstrap`).

    Args:
        first: loss per row of the first forecast, shape `(n,)`.
        second: loss per row of the second, same rows.
        blocks: label of each row's block, e.g. its day.
        metric: name of what is compared.
        names: who the two are.
        root: compare the roots of the means: RMSE from squared errors.
        resamples: number of draws.
        seed: of the draws.
        level: nominal coverage.
        run: number of neighbouring blocks drawn together.

    Raises:
        EvaluationError: as `block_bootstrap`.
    """
    totals = block_totals(np.column_stack([np.asarray(first, np.float64), np.asarray(second, np.float64)]), blocks)
    count = int(totals[:, -1].sum())
    overall = totals[:, :-1].sum(axis=0, keepdims=True) / count
    means = np.vstack([overall, resampled(totals, resamples, seed, run)])
    scores = np.sqrt(means) if root else means

    def estimated(values: Floats) -> Estimate:
        interval = percentiles(values[1:], len(totals), level)
        return Estimate(float(values[0]), interval, count, float(count))

    difference = estimated(scores[:, 0] - scores[:, 1])
    if (scores[:, 1] <= 0).any():
        return Comparison(metric, names[0], names[1], difference)
    return Comparison(metric, names[0], names[1], difference, estimated(scores[:, 0] / scores[:, 1]))


def block_totals(rows: ArrayLike, blocks: ArrayLike) -> Floats:
    """Sum of each column and number of rows, per block in order of its label: shape `(blocks, k + 1)`.

    Raises:
        EvaluationError: fewer than two blocks, lengths that differ, or a value that is not finite.
    """
    values = np.asarray(rows, np.float64)
    values = values[:, None] if values.ndim == 1 else values
    labels, position = np.unique(np.asarray(blocks), return_inverse=True)
    if len(values) != len(position):
        raise EvaluationError(f"{len(values)} rows but {len(position)} block labels; give one label per row")
    if len(labels) < 2:
        raise EvaluationError(f"a block bootstrap needs two blocks at least; the rows hold {len(labels)}")
    columns = [np.bincount(position, values[:, column]) for column in range(values.shape[1])]
    totals = np.column_stack([*columns, np.bincount(position)]).astype(np.float64)
    if not np.isfinite(totals).all():
        row = int(np.flatnonzero(~np.isfinite(values).all(axis=1))[0])
        raise EvaluationError(f"row {row} holds a value that is not finite; leave such rows out and count them")
    return totals


def resampled(totals: Floats, resamples: int, seed: int, run: int = 1) -> Floats:
    """Column means of each resample of blocks, shape `(resamples, k)`; the last column of `totals` counts rows.

    Raises:
        EvaluationError: there are fewer blocks than a run is long.
    """
    size = len(totals)
    if not 1 <= run <= size:
        raise EvaluationError(f"runs of {run} blocks cannot be drawn from {size}; choose 1 to {size}")
    runs = sum(np.roll(totals, -shift, axis=0) for shift in range(run))
    generator = np.random.default_rng(seed)
    draws, chances = -(-size // run), np.full(size, 1.0 / size)
    step = max(1, CELLS // size)
    sums = np.vstack(
        [
            generator.multinomial(draws, chances, size=min(step, resamples - start)) @ runs
            for start in range(0, resamples, step)
        ]
    )
    means: Floats = sums[:, :-1] / sums[:, -1:]
    return means
