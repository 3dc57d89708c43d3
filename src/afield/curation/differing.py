"""What changed between two versions of a table: columns, rows, distributions, and the labels made of them."""

from collections.abc import Mapping
from datetime import datetime

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.monitoring.distances import distances
from afield.records.evidence import Interval
from afield.records.facts import Window
from afield.workshop.plan import Build

LEVEL = 0.95
MOST_VALUES = 200
"""Of a text column with more different values than this, and more than a tenth of its rows, no shares are compared."""
CLASSES = 20

Floats = NDArray[np.float64]


class Shift(msgspec.Struct, frozen=True):
    """How far the distribution of a column moved.

    Attributes:
        column: its name.
        statistic: `ks` (numbers and times: Kolmogorov-Smirnov) or `variation` (values: half the sum of the
            differences of shares); both in [0, 1].
        effect: how far.
        interval: of the effect.
        before, after: mean of the column, where it has one.
        missing_before, missing_after: share of rows in which it is null or NaN.
    """

    column: str
    statistic: str
    effect: float
    interval: Interval
    before: float | None
    after: float | None
    missing_before: float
    missing_after: float


class Balance(msgspec.Struct, frozen=True):
    """Labels of one version: how many, their mean, and the share of each value where there are few.

    Attributes:
        rows: that have a label.
        mean: of the labels.
        shares: value → share; empty where there are more than `CLASSES` values.
    """

    rows: int
    mean: float | None
    shares: dict[str, float]


class Difference(msgspec.Struct, frozen=True):
    """What changed between two versions of a table.

    Attributes:
        table: its name.
        rows_before, rows_after: how many rows each has.
        added, removed, changed, same: rows by key; where the table has no key, by their whole content.
        columns: column → what became of it: `added`, `removed`, or `FROM to TO`.
        shifts: of each column that both have, the largest first.
        labels: `before`, `after`: what is learned from, where whole readings of both versions are known.
        label_shift: how far the labels moved.
    """

    table: str
    rows_before: int
    rows_after: int
    added: int
    removed: int
    changed: int
    same: int
    columns: dict[str, str]
    shifts: tuple[Shift, ...]
    labels: dict[str, Balance] = {}
    label_shift: Shift | None = None


def difference(table: str, key: tuple[str, ...], before: pl.DataFrame, after: pl.DataFrame) -> Difference:
    """What changed from one version of a table to another."""
    columns = {name: "removed" for name in before.columns if name not in after.columns}
    columns |= {name: "added" for name in after.columns if name not in before.columns}
    shared = [name for name in before.columns if name in after.columns]
    columns |= {
        name: f"{before.schema[name]} to {after.schema[name]}"
        for name in shared
        if before.schema[name] != after.schema[name]
    }
    alike = [name for name in shared if name not in columns]
    added, removed, changed, same = _rows(key, before.select(alike), after.select(alike))
    shifts = [each for name in alike if (each := shift(name, before[name], after[name])) is not None]
    return Difference(
        table=table,
        rows_before=before.height,
        rows_after=after.height,
        added=added,
        removed=removed,
        changed=changed,
        same=same,
        columns=columns,
        shifts=tuple(sorted(shifts, key=lambda each: -each.effect)),
    )


def with_labels(
    found: Difference, plan: Build, before: Mapping[str, pl.LazyFrame], after: Mapping[str, pl.LazyFrame]
) -> Difference:
    """The difference with the balance of the labels that the whole readings give."""
    truths = [labels(plan, tables) for tables in (before, after)]
    balances = {name: _balance(truth) for name, truth in zip(("before", "after"), truths, strict=True)}
    return msgspec.structs.replace(found, labels=balances, label_shift=shift("label", *truths))


def labels(plan: Build, history: Mapping[str, pl.LazyFrame]) -> pl.Series:
    """The labels of every spine row that the history gives; none where it covers no slot."""
    start, end = plan.period(history)
    end -= (end - datetime.min) % plan.slot
    if end <= start:
        return pl.Series("truth", [], dtype=pl.Float64)
    held = {name: rows.collect().lazy() for name, rows in history.items()}
    truth = plan.labels(plan.spine(held, Window(start, end)), held)["truth"]
    return truth.cast(pl.Float64).drop_nulls()


def shift(name: str, before: pl.Series, after: pl.Series) -> Shift | None:
    """How far a column moved; None for one whose values are names, or that nobody can compare."""
    if not len(before) or not len(after):
        return None
    missing = [_missing(column) for column in (before, after)]
    kind = before.dtype
    if kind.is_numeric() or kind.is_temporal():
        first, second = _numbers(before), _numbers(after)
        effect, interval = distances(first, second, ("ks",), LEVEL)["ks"]
        means = [_mean(values) if kind.is_numeric() else None for values in (first, second)]
        return Shift(name, "ks", effect, interval, means[0], means[1], missing[0], missing[1])
    if kind not in (pl.String, pl.Boolean):
        return None
    values = pl.concat([before, after]).n_unique()
    if values > MOST_VALUES and values > 0.1 * min(len(before), len(after)):
        return None
    effect, interval = _variation(before.cast(pl.String), after.cast(pl.String))
    return Shift(name, "variation", effect, interval, None, None, missing[0], missing[1])


def _rows(key: tuple[str, ...], before: pl.DataFrame, after: pl.DataFrame) -> tuple[int, int, int, int]:
    """Rows added, removed, changed and the same."""
    first, second = (frame.with_columns(_content=frame.hash_rows()) for frame in (before, after))
    if not key or not set(key) <= set(before.columns):
        counts = [frame.group_by("_content").len(name) for frame, name in ((first, "before"), (second, "after"))]
        joined = counts[0].join(counts[1], on="_content", how="full", coalesce=True).fill_null(0)
        same = int(joined.select(pl.min_horizontal("before", "after").sum()).item())
        return after.height - same, before.height - same, 0, same
    both = first.select(*key, "_content").join(
        second.select(*key, other="_content"), on=list(key), how="inner", nulls_equal=True
    )
    same = int((both["_content"] == both["other"]).sum())
    return after.height - both.height, before.height - both.height, both.height - same, same


def _variation(before: pl.Series, after: pl.Series) -> tuple[float, Interval]:
    """Total variation distance of two samples of values, null among them, with a pointwise band."""
    counts = [column.to_frame("value").group_by("value").len(name) for column, name in ((before, "p"), (after, "q"))]
    both = counts[0].join(counts[1], on="value", how="full", coalesce=True, nulls_equal=True).fill_null(0)
    p, q = (both[name].to_numpy() / len(column) for name, column in (("p", before), ("q", after)))
    pooled = (p * len(before) + q * len(after)) / (len(before) + len(after))
    value = float(np.abs(p - q).sum()) / 2
    chance = np.sqrt(pooled * (1 - pooled) * (1 / len(before) + 1 / len(after)))
    band = 1.96 * float(chance.sum()) / 2
    return value, Interval(max(value - band, 0.0), min(value + band, 1.0), LEVEL)


def _balance(truth: pl.Series) -> Balance:
    shares: dict[str, float] = {}
    if len(truth) and truth.n_unique() <= CLASSES:
        counted = truth.value_counts(sort=True)
        shares = {f"{value:g}": count / len(truth) for value, count in counted.iter_rows()}
    return Balance(len(truth), _mean(truth.to_numpy()), shares)


def _numbers(column: pl.Series) -> Floats:
    """A column as numbers, NaN where it is null; times as microseconds."""
    values = column.to_physical() if column.dtype.is_temporal() else column
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy()


def _mean(values: Floats) -> float | None:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else None


def _missing(column: pl.Series) -> float:
    nan = int(column.is_nan().sum()) if column.dtype.is_float() else 0
    return (column.null_count() + nan) / len(column)
