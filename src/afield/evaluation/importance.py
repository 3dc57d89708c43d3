"""Importance: what a column, or a group of columns, is worth to a model: left out, shuffled, and as a Shapley value."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Comparison, Estimate, Interval
from afield.statistics.bootstrap import block_bootstrap, paired

Floats: TypeAlias = NDArray[np.float64]
Predict = Callable[[Floats], Floats]
Loss = Callable[[Floats, Floats], Floats]


def raised(
    worse: ArrayLike,
    whole: ArrayLike,
    blocks: ArrayLike,
    *,
    metric: str,
    name: str,
    spread: float = 0.0,
    seed: int = 0,
    level: float = 0.95,
) -> Comparison:
    """How much the loss rises when something is taken away: difference above 0 and ratio above 1 where it was worth it.

    Args:
        worse: loss of each row without it, shape `(n,)`.
        whole: loss of the same rows with everything.
        blocks: label of each row's block, e.g. its day.
        metric: name of the loss.
        name: what was taken away.
        spread: standard error that the draws of the fits add to the difference (see `spread_of_fits`), in the unit
            of the loss; the intervals are widened by it.
        seed: of the bootstrap.
        level: coverage of the intervals.

    Raises:
        EvaluationError: fewer than two blocks, or a loss that is not finite.
    """
    names = (f"without {name}", "with everything")
    found = paired(worse, whole, blocks, metric=metric, names=names, seed=seed, level=level)
    if not spread:
        return found
    ratio = _widened(found.ratio, spread / float(np.asarray(whole, np.float64).mean())) if found.ratio else None
    return replace(found, difference=_widened(found.difference, spread), ratio=ratio)


def spread_of_fits(losses: ArrayLike) -> float:
    """The standard error that chance in fitting adds to the difference of two mean losses.

    Trees that draw rows and columns give another model for another seed. The variance between seeds is pooled over
    all models, each fitted with every seed; a difference of two means of `seeds` fits has `2 / seeds` of it.

    Args:
        losses: mean loss of each fit, shape `(models, seeds)`.
    """
    values = np.atleast_2d(np.asarray(losses, np.float64))
    seeds = values.shape[1]
    return float(np.sqrt(2.0 / seeds * values.var(axis=1, ddof=1).mean())) if seeds > 1 else 0.0


def shuffled(
    predict: Predict,
    rows: Floats,
    truth: Floats,
    places: Sequence[int],
    loss: Loss,
    *,
    repeats: int = 3,
    seed: int = 0,
) -> Floats:
    """The loss of each row once the columns at `places` were shuffled among the rows, together; shape `(n,)`.

    What stands in them is then as likely as before, and says nothing of its row. Columns that stand in for them keep
    what they know, so that two near-duplicates both look idle; and rows arise that cannot occur.

    Source: Breiman, "Random forests", Machine Learning 45 (2001); Fisher, Rudin and Dominici, "All models are wrong,
    but many are useful", JMLR 20 (2019).

    Args:
        predict: `(n, k)` → `(n,)`.
        rows: the model's inputs, shape `(n, k)`; NaN where missing.
        truth: what came true, shape `(n,)`.
        places: columns to shuffle.
        loss: elementwise.
        repeats: shuffles that are averaged.
        seed: of the shuffles.
    """
    if len(rows) < 2:
        raise EvaluationError(f"{len(rows)} rows cannot be shuffled; give two at least")
    generator, total, mixed = np.random.default_rng(seed), np.zeros(len(rows)), rows.copy()
    for _ in range(repeats):
        mixed[:, list(places)] = rows[generator.permutation(len(rows))][:, list(places)]
        total += loss(predict(mixed), truth)
    return total / repeats


def shapley(predict: Predict, rows: Floats, background: Floats, *, draws: int = 8, seed: int = 0) -> Floats:
    """What each column contributes to each output, beside an average row: shape `(n, k)`, in the output's unit.

    A row's contributions add up to its output minus the mean output of the background rows that it was held against.
    They are estimated from random orders in which a background row turns into the row column by column, each order
    also walked backwards; a column that the model does not use gets exactly 0.

    Source: Štrumbelj and Kononenko, "Explaining prediction models and individual predictions with feature
    contributions", Knowledge and Information Systems 41 (2014); Lundberg and Lee, "A unified approach to interpreting
    model predictions", NIPS (2017).

    Args:
        predict: `(n, k)` → `(n,)`.
        rows: to explain, shape `(n, k)`.
        background: rows that stand for "not known", shape `(m, k)`.
        draws: pairs of orders a row; the model is asked `2 * draws * (k + 1) * n` times.
        seed: of the orders.
    """
    if not len(rows) or not len(background):
        raise EvaluationError("contributions need rows to explain and rows to hold them against; give some of each")
    generator, total = np.random.default_rng(seed), np.zeros(rows.shape)
    for _ in range(draws):
        order = np.argsort(generator.random(rows.shape), axis=1)
        start = background[generator.integers(0, len(background), len(rows))]
        for way in (order, order[:, ::-1]):
            total += _walked(predict, rows, start, way)
    return total / (2 * draws)


def mean_size(contributions: Floats, blocks: ArrayLike, *, seed: int = 0) -> tuple[list[Estimate], list[Estimate]]:
    """Mean absolute contribution of each column, and its share of all columns' together, with block intervals.

    Args:
        contributions: shape `(n, k)`.
        blocks: label of each row's block.
        seed: of the bootstrap.
    """
    sizes, count = np.abs(contributions), len(contributions)
    means, whole = sizes.mean(axis=0), float(sizes.sum(axis=1).mean())
    absolute, shares = [], []
    for place, value in enumerate(means):
        columns = np.column_stack([sizes[:, place], sizes.sum(axis=1)])
        size = block_bootstrap(columns, blocks, lambda drawn: drawn[:, 0], seed=seed)
        share = block_bootstrap(columns, blocks, lambda drawn: drawn[:, 0] / np.maximum(drawn[:, 1], 1e-300), seed=seed)
        absolute.append(Estimate(float(value), size, count, float(count)))
        shares.append(Estimate(float(value / whole) if whole else 0.0, share, count, float(count)))
    return absolute, shares


def _walked(predict: Predict, rows: Floats, start: Floats, order: NDArray[np.int64]) -> Floats:
    """How much the output moves as each column of the rows takes the place of the start's, in each row's own order."""
    each, mixed, found = np.arange(len(rows)), start.copy(), np.empty(rows.shape)
    before = predict(mixed)
    for step in range(rows.shape[1]):
        column = order[:, step]
        mixed[each, column] = rows[each, column]
        after = predict(mixed)
        found[each, column] = after - before
        before = after
    return found


def _widened(estimate: Estimate, spread: float) -> Estimate:
    """The estimate with further normal noise in its interval."""
    interval = estimate.interval
    noise = NormalDist().inv_cdf(0.5 + interval.level / 2) * spread
    low = estimate.value - np.hypot(estimate.value - interval.low, noise)
    high = estimate.value + np.hypot(interval.high - estimate.value, noise)
    return replace(estimate, interval=Interval(float(low), float(high), interval.level))
