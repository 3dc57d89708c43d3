"""Robustness: what a model loses when its inputs are noisy, missing or old, on the same rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Comparison, Verdict
from afield.records.examination import Degradation
from afield.statistics.bootstrap import paired
from afield.statistics.losses import LOSSES, Loss

Floats = NDArray[np.float64]
Rows = pl.DataFrame
Answer = Callable[[Rows], Floats]

METRICS: Mapping[str, tuple[Loss, bool]] = {
    "rmse": ("squared_error", True),
    "mae": ("absolute_error", False),
    "poisson_deviance": ("poisson_deviance", False),
    "squared_error": ("squared_error", False),
    "absolute_error": ("absolute_error", False),
}
"""Name of a metric → the loss that it is the mean of, and whether its root is taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stress:
    """Something that goes wrong with the inputs.

    Attributes:
        name: a few words.
        says: what happens to the inputs, in words.
        change: rows → the same rows as they would come.
        age: of the feature rows that are served instead of the newest; `change` is applied to those.
        most: the relative worsening of the metric that is allowed, e.g. 0.2; None: no gate.
    """

    name: str
    says: str
    change: Callable[[Rows], Rows] = lambda rows: rows
    age: timedelta = timedelta(0)
    most: float | None = None


def missing(name: str, columns: Sequence[str], most: float | None = None) -> Stress:
    """None of these feature columns is known."""

    def emptied(rows: Rows) -> Rows:
        return rows.with_columns(pl.lit(None, rows.schema[column]).alias(column) for column in _there(rows, columns))

    return Stress(name=f"{name} missing", says=f"nothing is known of {name}", change=emptied, most=most)


def noisy(name: str, columns: Sequence[str], share: float = 0.1, seed: int = 0, most: float | None = None) -> Stress:
    """Each value of these columns is off by normal noise of a share of its column's standard deviation.

    Raises:
        EvaluationError: the share is not positive.
    """
    if not share > 0:
        raise EvaluationError(f"noise of {share} of the standard deviation: it must be above 0")

    def shaken(rows: Rows) -> Rows:
        random = np.random.default_rng(seed)
        made = []
        for column in _there(rows, columns):
            values = rows[column].cast(pl.Float64).to_numpy()
            spread = float(np.nanstd(values)) if np.isfinite(values).any() else 0.0
            noise = random.normal(0.0, share * spread, rows.height)
            made.append(pl.Series(column, values + noise).cast(rows.schema[column]))
        return rows.with_columns(made)

    says = f"each number of {name} is off, by a tenth of its usual spread" if share == 0.1 else (
        f"each number of {name} is off, by {share:.0%} of its usual spread"
    )  # fmt: skip
    return Stress(name=f"{name} noisy", says=says, change=shaken, most=most)


def stale(age: timedelta, most: float | None = None) -> Stress:
    """The feature rows of an earlier tick are served."""
    return Stress(
        name=f"facts {_lasting(age)} old", says=f"the answer is made of what was known {_lasting(age)} before",
        age=age, most=most,
    )  # fmt: skip


def degradation(
    stress: Stress,
    rows: Rows,
    hard: Rows,
    answer: Answer,
    metric: str,
    block: timedelta,
    seed: int = 0,
    level: float = 0.95,
) -> Degradation:
    """What the inputs `hard` cost against `rows`, paired by stretches of `block`.

    Args:
        stress: what went wrong.
        rows: columns `tick`, `truth` and the feature columns as they were.
        hard: the same rows with the inputs as they come under the stress, before `stress.change`.
        answer: rows → one forecast for each.
        metric: one of `METRICS`.
        block: stretch of time that is drawn as a whole for the interval.
        seed: of the draws.
        level: coverage of the interval.

    Raises:
        EvaluationError: there are no rows, the change fails or gives other rows, or there is no such metric.
    """
    if metric not in METRICS:
        raise EvaluationError(f"no metric {metric!r} to tell robustness by; there is: {', '.join(METRICS)}")
    if rows.is_empty():
        raise EvaluationError(f"{stress.name}: there are no rows to try it on; widen the test window")
    try:
        changed = stress.change(hard)
    except Exception as error:
        raise EvaluationError(f"{stress.name}: its function failed: {type(error).__name__}: {error}") from error
    if not isinstance(changed, pl.DataFrame) or changed.height != rows.height:
        given = f"{changed.height} rows" if isinstance(changed, pl.DataFrame) else f"a {type(changed).__name__}"
        raise EvaluationError(f"{stress.name}: its change gives {given} for {rows.height} rows; give each row back")
    plain, worse = answer(rows), answer(changed)
    answered = np.isfinite(worse) & np.isfinite(plain)
    return Degradation(
        name=stress.name,
        says=stress.says,
        rows=rows.height,
        unanswered=float(1.0 - answered.sum() / max(1, np.isfinite(plain).sum())),
        comparison=_compared(rows.filter(answered), plain[answered], worse[answered], metric, block, seed, level),
        most=stress.most,
    )


def verdict(found: Degradation) -> Verdict | None:
    """What the gate of a stress says, or None where it has none: the whole interval must lie within what is allowed."""
    if found.most is None:
        return None
    name = f"robustness: {found.name}"
    if found.unanswered > 0:
        reason = f"the model gives no number for {found.unanswered:.1%} of the rows; the fallback would answer them"
        return Verdict(name, False, reason, {"unanswered": found.unanswered})
    if found.comparison is None or found.comparison.ratio is None:
        return Verdict(name, False, "too few stretches of time to tell chance from harm; widen the test window")
    ratio, interval = found.comparison.ratio.value, found.comparison.ratio.interval
    reason = (
        f"{found.comparison.metric} is {ratio - 1:+.1%} ({interval.level:.0%} interval {interval.low - 1:+.1%} to "
        f"{interval.high - 1:+.1%}); at most {found.most:+.1%} is allowed"
    )
    evidence = {"ratio": ratio, "low": interval.low, "high": interval.high, "most": found.most}
    return Verdict(name, interval.high <= 1 + found.most, reason, evidence)


def _compared(
    rows: Rows, plain: Floats, worse: Floats, metric: str, block: timedelta, seed: int, level: float
) -> Comparison | None:
    blocks = rows["tick"].dt.truncate(block)
    if rows.is_empty() or blocks.n_unique() < 2:
        return None
    loss, root = METRICS[metric]
    truth = rows["truth"].to_numpy()
    first, second = LOSSES[loss](worse, truth), LOSSES[loss](plain, truth)
    names = ("with these inputs", "with the true inputs")
    return paired(
        first, second, blocks.to_numpy(), metric=metric, names=names, root=root, resamples=1000, seed=seed, level=level
    )


def _there(rows: Rows, columns: Sequence[str]) -> list[str]:
    """The columns, all of which must be there.

    Raises:
        EvaluationError: one is not.
    """
    if absent := [column for column in columns if column not in rows.columns]:
        raise EvaluationError(f"the rows have no column {', '.join(absent)}; name feature columns")
    return list(columns)


def _lasting(age: timedelta) -> str:
    minutes = age.total_seconds() / 60
    if minutes < 60:
        return f"{minutes:g} min"
    return f"{minutes / 60:g} h"
