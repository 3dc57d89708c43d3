"""Paired comparison of the model with each rival on the same rows, with intervals over days."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import polars as pl

from afield.evaluation.metrics import loss_sums
from afield.evaluation.slices import Slice
from afield.records.evidence import Comparison, Estimate
from afield.statistics.bootstrap import paired

DAY = timedelta(days=1)
# metric → the sum that it is made of, and whether its root is taken
LOSSES = {"rmse": ("squared", True), "mae": ("absolute", False), "poisson_deviance": ("deviance", False)}
SUMS = {**LOSSES, "squared_error": ("squared", False), "absolute_error": ("absolute", False)}
"""The same, and every loss by its own name (`afield.statistics.losses`)."""


def daily_sums(
    frame: pl.DataFrame, forecasts: Sequence[str], slices: Sequence[Slice] = (), block: timedelta = DAY
) -> pl.DataFrame:
    """The `loss_sums` of each day, told apart by slice: a few rows for millions, from one pass over them.

    A shorter `block` than a day is for data whose hours share nothing, and of which there are few days.

    Columns: `day`; one Boolean `slice:NAME` for each slice; the sums. Rows of a day that lie in the same
    slices share a row, so that any slice, day or month is a sum over rows (see `of_slice`).
    """
    members = [each.keep.fill_null(value=False).alias(f"slice:{each.name}") for each in slices]
    day = pl.col("tick").dt.date() if block == DAY else pl.col("tick").dt.truncate(block)
    return frame.group_by(day.alias("day"), *members).agg(loss_sums(forecasts)).sort("day")


def of_slice(sums: pl.DataFrame, name: str | None = None) -> pl.DataFrame:
    """The sums of each day, of the rows of one slice or of all."""
    kept = sums if name is None else sums.filter(pl.col(f"slice:{name}"))
    return kept.group_by("day").agg(pl.exclude("day", "^slice:.*$").sum()).sort("day")


def compare(
    sums: pl.DataFrame,
    rivals: Sequence[str],
    *,
    model: str = "forecast",
    metrics: Sequence[str] = tuple(LOSSES),
    resamples: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> tuple[Comparison, ...]:
    """The model against each rival: difference and ratio of each metric, with bootstrap intervals over days.

    Days are the blocks, because the hours of a day share their weather and events; both forecasts are
    resampled by the same days (see `statistics.bootstrap.paired`). Below two days there is no interval, and
    the result is empty. A loss that is not defined for the truth is left out.

    Args:
        sums: one row a day, from `of_slice`.
        rivals: columns of forecasts to compare with.
        model: the column of the model's forecasts.
        metrics: names from `SUMS`.
        resamples: bootstrap draws.
        seed: of the draws.
        level: coverage of the intervals.
    """
    if sums.height < 2:
        return ()
    rows = int(sums["rows"].sum())
    # A day counts with its sum, so that a day of few rows (the first, the last) counts little.
    scale = sums.height / rows
    found = []
    for rival in rivals:
        for metric in metrics:
            what, root = SUMS[metric]
            if sums[f"{model}:{what}"].is_nan().any():  # of numbers below zero there is no deviance
                continue
            comparison = paired(
                sums[f"{model}:{what}"].to_numpy() * scale,
                sums[f"{rival}:{what}"].to_numpy() * scale,
                np.arange(sums.height),
                metric=metric,
                names=("model", rival),
                root=root,
                resamples=resamples,
                seed=seed,
                level=level,
            )
            found.append(_counted(comparison, rows))
    return tuple(found)


def _counted(comparison: Comparison, rows: int) -> Comparison:
    """The comparison with the number of rows, not of days, behind it."""

    def counted(estimate: Estimate) -> Estimate:
        return replace(estimate, count=rows, weight=float(rows))

    ratio = None if comparison.ratio is None else counted(comparison.ratio)
    return replace(comparison, difference=counted(comparison.difference), ratio=ratio)
