"""Fairness: how unlike a metric is between groups of people, with intervals over stretches of time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np
import polars as pl
from fairlearn.metrics import MetricFrame
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Estimate, Interval, Verdict
from afield.records.examination import Disparity, GroupValue

Floats = NDArray[np.float64]
RESAMPLES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMetric:
    """What people of a group get, as a rate: the sum of one expression over the sum of another.

    Attributes:
        name: a few words.
        says: what it counts, in words.
        amount: of each row, e.g. whether it was wrongly surged; over `truth`, `forecast` and the outputs.
        of: out of what, e.g. whether there was no shortage.
    """

    name: str
    says: str
    amount: pl.Expr
    of: pl.Expr


@dataclass(frozen=True, slots=True, kw_only=True)
class FairWithin:
    """A metric is alike between the groups of an attribute, within a limit.

    Groups with few rows are shown and not held against the others: their rates are chance. The gate looks at the
    value, not at the end of its interval: the largest rate minus the smallest is above zero by chance alone.

    Attributes:
        attribute: one of `Assessment.protected`.
        metric: what is held against each other.
        difference: the largest that is allowed; None: no gate.
        ratio: the smallest of smallest over largest that is allowed; None: no gate.
        least: the sum of the metric's `of` (people, rows) that a group must have to be judged.
    """

    attribute: str
    metric: GroupMetric
    difference: float | None = None
    ratio: float | None = None
    least: float = 200.0


def disparity(
    within: FairWithin, rows: pl.DataFrame, block: timedelta, seed: int = 0, level: float = 0.95
) -> Disparity:
    """The metric of each group, and how unlike they are, after Fairlearn's `MetricFrame`.

    Intervals: stretches of `block` are drawn as a whole, the groups together. Where none or all of a group has it,
    the group's interval is that of its rows, taken for independent.

    Source: Bird et al., "Fairlearn: a toolkit for assessing and improving fairness in AI", Microsoft MSR-TR-2020-32;
    Agarwal et al., "A reductions approach to fair classification", ICML (2018), for `between_groups`.

    Args:
        within: what is held against each other.
        rows: `tick`, `group` (text, null where nobody knows) and the columns of the metric's expressions.
        block: stretch of time.
        seed: of the draws.
        level: coverage of the intervals.

    Raises:
        EvaluationError: fewer than two groups can be judged, or an expression does not fit the rows.
    """
    measured = _measured(within, rows, block)
    counts = measured.group_by("group").agg(pl.len().alias("rows"), pl.col("amount", "of").sum())
    judged = sorted(counts.filter(pl.col("of") >= within.least, pl.col("of") > 0)["group"].to_list())
    if len(judged) < 2:
        raise EvaluationError(_too_few(within, counts, judged))
    kept = measured.filter(pl.col("group").is_in(judged))
    # Sums of a group give the same rate as its rows do, and MetricFrame is slow on many rows.
    totals = kept.group_by("group").agg(pl.col("amount").sum(), pl.col("of").sum()).sort("group")
    frame = MetricFrame(
        metrics=_rate,
        y_true=totals["of"].to_numpy(),
        y_pred=totals["amount"].to_numpy(),
        sensitive_features={within.attribute: totals["group"].to_list()},
    )
    draws = _drawn(measured, judged, seed)
    low, high = draws.min(axis=1), draws.max(axis=1)
    difference = _estimate(float(frame.difference()), high - low, kept.height, level)
    ratio = None
    # Of rates below zero (a bias) a ratio says nothing.
    if (totals["amount"] >= 0).all() and (high > 0).all():
        ratio = _estimate(float(frame.ratio()), low / high, kept.height, level)
    return Disparity(
        metric=within.metric.name,
        says=within.metric.says,
        attribute=within.attribute,
        groups=tuple(_values(measured, counts.filter(pl.col("of") > 0), judged, seed, level)),
        difference=difference,
        ratio=ratio,
        difference_limit=within.difference,
        ratio_limit=within.ratio,
    )


def verdict(found: Disparity) -> Verdict | None:
    """What the gate says, or None where nothing is asked."""
    if found.difference_limit is None and found.ratio_limit is None:
        return None
    name = f"fairness: {found.metric} by {found.attribute}"
    judged = [each for each in found.groups if each.judged]
    high, low = judged[0], judged[-1]
    passed, reason = True, f"{high.group} {high.value.value:.4g}, {low.group} {low.value.value:.4g}"
    evidence = {"difference": found.difference.value}
    if found.difference_limit is not None:
        passed &= found.difference.value <= found.difference_limit
        reason += f"; difference {_told(found.difference)}, at most {found.difference_limit:g} is allowed"
        evidence["difference_limit"] = found.difference_limit
    if found.ratio_limit is not None:
        value = 1.0 if found.ratio is None else found.ratio.value
        passed &= value >= found.ratio_limit
        reason += f"; ratio {_told(found.ratio)}, at least {found.ratio_limit:g} is asked for"
        evidence |= {"ratio": value, "ratio_limit": found.ratio_limit}
    return Verdict(name, passed, reason, evidence)


def _measured(within: FairWithin, rows: pl.DataFrame, block: timedelta) -> pl.DataFrame:
    """Columns `group`, `block`, `amount` and `of` of the rows whose group is known."""
    metric = within.metric
    try:
        measured = rows.filter(pl.col("group").is_not_null()).select(
            "group",
            pl.col("tick").dt.truncate(block).alias("block"),
            metric.amount.cast(pl.Float64).alias("amount"),
            metric.of.cast(pl.Float64).alias("of"),
        )
    except pl.exceptions.PolarsError as error:
        raise EvaluationError(
            f"{metric.name} by {within.attribute}: the rows cannot be measured: {error}; they have {rows.columns}"
        ) from error
    wrong = measured.filter(
        ~(pl.col("amount").is_finite() & pl.col("of").is_finite()).fill_null(value=False) | (pl.col("of") < 0)
    )
    if wrong.height:
        raise EvaluationError(
            f"{metric.name} by {within.attribute}: {wrong.height} rows give no number, or a negative amount to "
            f"divide by, first in group {wrong['group'][0]!r}"
        )
    return measured


def _rate(of: Floats, amount: Floats) -> float:
    return float(np.sum(amount) / np.sum(of))


def _values(
    measured: pl.DataFrame, counts: pl.DataFrame, judged: Sequence[str], seed: int, level: float
) -> list[GroupValue]:
    ordered = counts.sort("group")
    draws = _drawn(measured, ordered["group"].to_list(), seed)
    found = []
    for place, (group, rows, amount, of) in enumerate(ordered.select("group", "rows", "amount", "of").iter_rows()):
        value = replace(_certain(_estimate(amount / of, draws[:, place], rows, level)), weight=of)
        found.append(GroupValue(group, rows, value, group in judged))
    return sorted(found, key=lambda each: (-each.value.value, each.group))


def _drawn(measured: pl.DataFrame, groups: Sequence[str], seed: int) -> Floats:
    """The rate of each group in each resample of the blocks, shape `(RESAMPLES, groups)`."""
    blocks = measured["block"].unique().sort()
    grid = pl.DataFrame({"group": groups}).join(blocks.to_frame(), how="cross")
    sums = measured.group_by("group", "block").agg(pl.col("amount").sum(), pl.col("of").sum())
    table = grid.join(sums, on=["group", "block"], how="left", maintain_order="left").fill_null(0.0)
    amounts, of = (table[name].to_numpy().reshape(len(groups), len(blocks)).T for name in ("amount", "of"))
    counts = np.random.default_rng(seed).multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), RESAMPLES)
    total = counts @ of
    # A draw in which a group does not occur says nothing of it: the rate of all its rows stands in.
    whole = amounts.sum(axis=0) / of.sum(axis=0)
    drawn: Floats = np.where(total > 0, (counts @ amounts) / np.where(total > 0, total, 1.0), whole)
    return drawn


def _estimate(value: float, draws: Floats, count: int, level: float) -> Estimate:
    low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(value, Interval(float(low), float(high), level), count, float(count))


def _certain(estimate: Estimate) -> Estimate:
    """Where none or all of a group has it no draw differs: then Clopper's and Pearson's end for as many rows."""
    interval, tail = estimate.interval, (1 - estimate.interval.level) / 2
    if interval.low == interval.high == estimate.value == 0:
        return replace(estimate, interval=replace(interval, high=1 - tail ** (1 / estimate.count)))
    if interval.low == interval.high == estimate.value == 1:
        return replace(estimate, interval=replace(interval, low=tail ** (1 / estimate.count)))
    return estimate


def _told(estimate: Estimate | None) -> str:
    if estimate is None:
        return "none, for no group has any"
    interval = estimate.interval
    return f"{estimate.value:.4g} ({interval.level:.0%} interval {interval.low:.4g} to {interval.high:.4g})"


def _too_few(within: FairWithin, counts: pl.DataFrame, judged: Sequence[str]) -> str:
    about = f"{within.metric.name} by {within.attribute}"
    if counts.is_empty():
        return f"{about}: no row has a group; give a table whose keys are those of the rows"
    sizes = ", ".join(f"{group} {of:,.0f}" for group, of in sorted(counts.select("group", "of").iter_rows()))
    return (
        f"{about}: {len(judged)} of the groups can be judged, and two are needed (to divide by: {sizes}; at least "
        f"{within.least:g} is asked for); widen the test window, or merge groups"
    )
