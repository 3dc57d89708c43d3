"""Whether predictive quantiles hold what they promise: coverage and quantile loss."""

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from afield.errors import EvaluationError
from afield.evaluation.metrics import TRUTH, check
from afield.statistics.counts import quantile


class QuantileScore(msgspec.Struct, frozen=True):
    """How one predictive quantile did.

    Attributes:
        level: the probability that the truth is at most the quantile, as promised.
        coverage: the share of rows where it was. For counts it lies above the level even for the true
            distribution, because a quantile is a whole number.
        loss: mean quantile (pinball) loss, in the unit of the truth.
    """

    level: float
    coverage: float
    loss: float


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


def quantile_scores(frame: pl.DataFrame, columns: Mapping[float, str]) -> tuple[QuantileScore, ...]:
    """Coverage and loss of predictive quantiles, in order of their level.

    Source: Koenker and Bassett, "Regression quantiles", Econometrica 46 (1978); Gneiting and Raftery, "Strictly
    proper scoring rules, prediction, and estimation", JASA 102 (2007).

    Args:
        frame: column `truth` and one column for each quantile.
        columns: level, in (0, 1) → name of its column.

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
        covered, lost = frame.select((error <= 0).mean().alias("covered"), loss.mean().alias("lost")).row(0)
        scores.append(QuantileScore(level, covered, lost))
    return tuple(scores)
