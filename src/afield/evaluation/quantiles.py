"""Whether predictive quantiles hold what they promise: coverage and quantile loss."""

from collections.abc import Mapping, Sequence

import msgspec
import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from afield.errors import EvaluationError
from afield.evaluation.metrics import TRUTH, check
from afield.records.evidence import Interval
from afield.statistics.bootstrap import block_totals, percentiles, resampled
from afield.statistics.counts import quantile


class QuantileScore(msgspec.Struct, frozen=True):
    """How one predictive quantile did.

    Attributes:
        level: the probability that the truth is at most the quantile, as promised.
        coverage: the share of rows where it was. For counts it lies above the level even for the true
            distribution, because a quantile is a whole number.
        loss: mean quantile (pinball) loss, in the unit of the truth.
        covers: the interval of the coverage; None where no blocks of time were given.
        loses: the interval of the loss; None likewise.
    """

    level: float
    coverage: float
    loss: float
    covers: Interval | None = None
    loses: Interval | None = None


def with_quantiles(frame: pl.DataFrame, dispersion: float, levels: Sequence[float]) -> pl.DataFrame:
    """The frame with a column `quantile_LEVEL` for each level: negative binomial around `forecast`.

    Raises:
        EvaluationError: a level lies outside (0, 1), or the dispersion is negative.
    """
    check(frame, ["forecast"])
    means = frame["forecast"].to_numpy()
    return frame.with_columns(pl.Series(column(level), quantile(means, dispersion, level)) for level in levels)


def column(level: float) -> str:
    """Name of the column of the predictive quantile at `level`."""
    return f"quantile_{level:g}"


def quantile_scores(
    frame: pl.DataFrame,
    columns: Mapping[float, str],
    *,
    blocks: ArrayLike | None = None,
    resamples: int = 2000,
    seed: int = 0,
) -> tuple[QuantileScore, ...]:
    """Coverage and loss of predictive quantiles, in order of their level.

    Source: Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978); Gneiting and Raftery, "Strictly
    proper scoring rules, prediction, and estimation", JASA 102 (2007).

    Args:
        frame: column `truth` and one column for each quantile.
        columns: level, in (0, 1) → name of its column.
        blocks: label of what is drawn as a whole for 95 % intervals, one a row; None, or one alone: no intervals.
        resamples: bootstrap draws.
        seed: of the draws.

    Raises:
        EvaluationError: a level lies outside (0, 1), or a column is missing or holds no numbers.
    """
    for level in columns:
        if not 0 < level < 1:
            raise EvaluationError(f"level {level} of a quantile lies outside (0, 1)")
    check(frame, [TRUTH, *columns.values()])
    scores = []
    for level, name in sorted(columns.items()):
        error = pl.col(TRUTH).cast(pl.Float64) - pl.col(name)
        loss = pl.max_horizontal(level * error, (level - 1) * error)
        each = frame.select((error <= 0).cast(pl.Float64).alias("covered"), loss.alias("lost")).to_numpy()
        covers, loses = _intervals(each, blocks, resamples, seed)
        covered, lost = each.mean(axis=0).tolist()
        scores.append(QuantileScore(level, covered, lost, covers, loses))
    return tuple(scores)


def _intervals(
    rows: NDArray[np.float64], blocks: ArrayLike | None, resamples: int, seed: int
) -> tuple[Interval | None, Interval | None]:
    """Of the mean of both columns."""
    if blocks is None or len(np.unique(np.asarray(blocks))) < 2:
        return None, None
    totals = block_totals(rows, blocks)
    first, second = resampled(totals, resamples, seed).T
    return percentiles(first, len(totals)), percentiles(second, len(totals))
