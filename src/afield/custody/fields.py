"""What each stored field costs against the interval that it narrows, and which unused ones explain what is left."""

import io
from collections.abc import Sequence

import msgspec
import numpy as np
import polars as pl

from afield.errors import TelemetryError
from afield.records.evidence import Estimate, Interval
from afield.telemetry.completeness import accuracy

PRICE = 0.023
"""Of a gigabyte kept for a month, in dollars: what object stores ask (Amazon S3 Standard, us-east-1)."""

NEEDED = {
    "id": "outcomes find it by this",
    "unit": "outcomes find it by this",
    "tick": "outcomes find it by this",
    "arm": "tells who answered",
    "release": "tells who answered",
    "inclusion": "weighs what was sampled",
    "assignment": "weighs what was assigned",
}
"""Fields without which there is no accuracy, whatever they narrow."""

_LEVELS, _FOLDS, _PER_LEVEL = 10, 5, 20
LEAST = 2 * _FOLDS
"""Ticks with outcomes from which on it can be told what explains."""


class Field(msgspec.Struct, frozen=True):
    """A stored field.

    Attributes:
        name: of the column.
        bytes_row: that it takes of each row, by itself, as Parquet with Snappy.
        bytes_month: so many in a month, at the traffic seen.
        cost_month: of keeping one month of it for a month, in dollars.
        narrowed: share by which the interval of the mean loss is narrower once strata of this field are known (their
            sizes from all traffic): 0 where they tell nothing.
        needed: what there is not without it, or "".
    """

    name: str
    bytes_row: float
    bytes_month: float
    cost_month: float
    narrowed: float
    needed: str


class Candidate(msgspec.Struct, frozen=True):
    """A field that the model does not use.

    Attributes:
        name: of it.
        explained: share of the squared residual that the means of its levels explain, on stretches of time that they
            were not taken from; at or below 0: nothing.
    """

    name: str
    explained: Estimate


def stored_fields(rows: pl.DataFrame, known: pl.DataFrame, days: float, price: float = PRICE) -> tuple[Field, ...]:
    """What each column of recorded predictions costs, and what it narrows; the dearest first.

    Args:
        rows: everything that was stored in the stretch.
        known: those with an outcome, with `tick`, `loss` and `inclusion`.
        days: length of the stretch.
        price: of a gigabyte kept for a month.
    """
    found = []
    for name in rows.columns:
        size = _bytes(rows.select(name)) / max(rows.height, 1)
        month = size * rows.height / days * 30
        narrowed = _narrowed(known, name) if name in known.columns and known.height else 0.0
        found.append(Field(name, size, month, month / 1e9 * price, narrowed, NEEDED.get(name, "")))
    return tuple(sorted(found, key=lambda each: -each.bytes_row))


def candidates(rows: pl.DataFrame, names: Sequence[str], level: float = 0.95) -> tuple[Candidate, ...]:
    """Fields ranked by how much of what the model leaves they explain, cross-validated over stretches of time.

    Time is cut into five stretches. The mean residual of each level (of tenths of a number's range of ranks, or of a
    text's commonest values) is taken from four and held against the fifth, five times.

    Args:
        rows: `tick`, `residual` and `inclusion` of each prediction whose outcome is known, and the fields.
        names: the fields.
        level: of the intervals, from the spread between ticks; each field by itself.

    Raises:
        TelemetryError: there are fewer ticks than stretches.
    """
    ticks = rows["tick"].unique().sort()
    if ticks.len() < LEAST:
        raise TelemetryError(f"{ticks.len()} ticks with outcomes; at least {LEAST} are needed to tell what explains")
    fold = (rows["tick"].rank("dense").cast(pl.Int64) - 1) * _FOLDS // ticks.len()
    folds, residual = fold.to_numpy(), rows["residual"].to_numpy()
    plain = _held_out(np.zeros(rows.height, np.int64), residual, folds)
    scale = float(np.average(plain, weights=1.0 / rows["inclusion"].to_numpy()))
    found = []
    for name in names:
        gain = (plain - _held_out(_strata(rows[name]), residual, folds)) / (scale or 1.0)
        estimate = accuracy(rows.select("tick", "inclusion").with_columns(loss=pl.Series(gain)), level)
        found.append(Candidate(name, estimate))
    return tuple(sorted(found, key=lambda each: -each.explained.value))


def _bytes(column: pl.DataFrame) -> int:
    buffer = io.BytesIO()
    column.write_parquet(buffer, compression="snappy")
    return buffer.tell()


def _narrowed(known: pl.DataFrame, name: str) -> float:
    """Share by which the interval narrows where the strata of the field are known in size (post-stratification)."""
    strata = _strata(known[name], most=max(1, min(_LEVELS, known.height // _PER_LEVEL)))
    loss = known["loss"].to_numpy()
    count = np.bincount(strata)
    means = np.bincount(strata, loss) / np.maximum(count, 1)
    free = known.height - int((count > 0).sum())
    if free <= 0:
        return 0.0
    # Means of levels follow the losses that they are taken from: what is left is widened by the degrees of freedom.
    left = (loss - means[strata]) * np.sqrt(known.height / free)
    within = known.select("tick", "inclusion").with_columns(loss=pl.Series(left))
    return max(0.0, 1.0 - _width(accuracy(within).interval) / (_width(accuracy(known).interval) or 1.0))


def _width(interval: Interval) -> float:
    width = interval.high - interval.low
    return width if np.isfinite(width) else 0.0


def _strata(values: pl.Series, most: int = _LEVELS) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """The level of each row: tenths of ranks of a number or moment, the commonest values of anything else."""
    if values.dtype.is_numeric() or values.dtype.is_temporal():
        rank = values.rank("average").fill_null(0.0)
        levels = (rank * most / (values.len() + 1)).floor().cast(pl.Int64)
        return levels.to_numpy().astype(np.int64)
    if isinstance(values.dtype, pl.List):
        texts = values.list.eval(pl.element().cast(pl.String)).list.join("+")
    else:
        texts = values.bin.encode("hex") if values.dtype == pl.Binary else values.cast(pl.String)
    common = texts.value_counts(sort=True)[texts.name].head(most).to_list()
    return texts.replace_strict(common, range(len(common)), default=len(common), return_dtype=pl.Int64).to_numpy()


def _held_out(
    strata: np.ndarray[tuple[int], np.dtype[np.int64]],
    residual: np.ndarray[tuple[int], np.dtype[np.float64]],
    folds: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Squared residual less the mean of its level in the other folds, per row."""
    left = np.empty_like(residual)
    for fold in range(_FOLDS):
        inside = folds == fold
        count = np.bincount(strata[~inside], minlength=strata.max() + 1)
        total = np.bincount(strata[~inside], residual[~inside], minlength=strata.max() + 1)
        overall = residual[~inside].mean()
        # A level of few rows is drawn towards the mean of all, as if it had one row of that more.
        means = (total + overall) / (count + 1)
        left[inside] = residual[inside] - means[strata[inside]]
    return np.square(left)
