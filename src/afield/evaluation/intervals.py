"""Intervals of the metrics of forecasts, from the sums of each block."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.records.evidence import Comparison, Estimate
from afield.statistics.bootstrap import percentiles, resampled

Floats = NDArray[np.float64]

SUMS = ("sum", "squared", "absolute", "deviance")


def _over_truth(values: Floats, truth: Floats) -> Floats:
    """Not a number where nothing happened."""
    return np.divide(values, truth, out=np.full_like(values, np.nan), where=truth > 0)


def _of_counts(values: Floats, mean: Mapping[str, Floats]) -> Floats:
    """Not a number where truths are below zero, so that they have no deviance."""
    return np.where(np.isnan(mean["deviance"]), np.nan, values)


METRICS: Mapping[str, Callable[[Floats, Mapping[str, Floats]], Floats]] = {
    "rmse": lambda _, mean: np.sqrt(mean["squared"]),
    "mae": lambda _, mean: mean["absolute"],
    "wape": lambda truth, mean: _of_counts(_over_truth(mean["absolute"], truth), mean),
    "poisson_deviance": lambda _, mean: mean["deviance"],
    "bias": lambda truth, mean: _over_truth(mean["sum"], truth) - 1,
    "excess": lambda truth, mean: _of_counts(mean["squared"] - truth, mean),
    "squared_error": lambda _, mean: mean["squared"],
}
"""Metric → its value from the means of the truth and of the losses, elementwise (see `metrics.Metrics`)."""

GAPS = ("rmse", "mae", "wape", "poisson_deviance", "bias")


def estimates(
    sums: pl.DataFrame, forecasts: Sequence[str], *, resamples: int = 2000, seed: int = 0, level: float = 0.95
) -> dict[str, dict[str, Estimate]]:
    """Forecast → metric → its value with a bootstrap interval over blocks; undefined metrics are left out.

    Everybody is resampled by the same blocks. Below two blocks there is no interval, and the result is empty.

    Args:
        sums: one row a block of `metrics.loss_sums` (see `compare.of_slice`).
        forecasts: columns of forecasts that were added up.
        resamples: bootstrap draws.
        seed: of the draws.
        level: coverage of the intervals.
    """
    if sums.height < 2:
        return {}
    count = int(sums["rows"].sum())
    found: dict[str, dict[str, Estimate]] = {}
    for name in forecasts:
        values, draws = _values(sums, name, resamples, seed)
        found[name] = {
            metric: Estimate(value, percentiles(draws[metric], sums.height, level), count, float(count))
            for metric, value in values.items()
        }
    return found


def gaps(
    unseen: pl.DataFrame,
    learned: pl.DataFrame,
    forecast: str = "forecast",
    *,
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Comparison, ...]:
    """How much worse a model is on rows that it has not seen: each metric there minus that on learned rows.

    The two lots of rows share no block, so each is resampled on its own. Where one of them has fewer than two blocks
    the result is empty.

    Args:
        unseen: one row a block of `metrics.loss_sums`.
        learned: the same of rows that the model was fitted on.
        forecast: the column of forecasts that was added up.
        resamples: bootstrap draws.
        seed: of the draws.
        level: coverage of the intervals.
    """
    blocks, count = min(unseen.height, learned.height), int(unseen["rows"].sum())
    if blocks < 2:
        return ()
    new, new_draws = _values(unseen, forecast, resamples, seed)
    old, old_draws = _values(learned, forecast, resamples, seed + 1)
    found = []
    for metric in (name for name in GAPS if name in new and name in old):
        between = percentiles(new_draws[metric] - old_draws[metric], blocks, level)
        difference = Estimate(new[metric] - old[metric], between, count, float(count))
        ratio = None
        if metric != "bias" and old[metric] > 0:
            shares = _over_truth(new_draws[metric], old_draws[metric])
            ratio = Estimate(new[metric] / old[metric], percentiles(shares, blocks, level), count, float(count))
        found.append(Comparison(metric, "unseen", "learned", difference, ratio))
    return tuple(found)


def _values(sums: pl.DataFrame, forecast: str, resamples: int, seed: int) -> tuple[dict[str, float], dict[str, Floats]]:
    """Each metric that is defined, and its value in each resample of the blocks."""
    columns = ["truth", *(f"{forecast}:{what}" for what in SUMS), "rows"]
    totals = sums.select(pl.col(columns).cast(pl.Float64)).to_numpy()
    whole = totals.sum(axis=0, keepdims=True)
    means = np.vstack([whole[:, :-1] / whole[:, -1:], resampled(totals, resamples, seed)])
    named = dict(zip(SUMS, means[:, 1:].T, strict=True))
    every = {metric: compute(means[:, 0], named) for metric, compute in METRICS.items()}
    defined = {metric: values for metric, values in every.items() if not np.isnan(values[0])}
    return {name: float(each[0]) for name, each in defined.items()}, {name: each[1:] for name, each in defined.items()}
