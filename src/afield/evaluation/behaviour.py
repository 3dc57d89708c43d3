"""Behaviour tests: what a model promises of its answers, tried on real rows that are changed on purpose.

Source: Ribeiro, Wu, Guestrin and Singh, "Beyond accuracy: behavioral testing of NLP models with CheckList", ACL (2020).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.records.evidence import Verdict
from afield.records.examination import Kind, Promise
from afield.statistics.shares import share

Floats = NDArray[np.float64]
Outputs = Mapping[str, Floats]
Output = str | Callable[[Outputs], Floats]
Rows = pl.DataFrame
Change = Callable[[Rows], Rows]
History = Mapping[str, pl.LazyFrame]
FactsChange = Callable[[Rows, History], tuple[Rows, History]]
TICK, KEY = "tick", "key"


class Subject(Protocol):
    """The candidate, as a behaviour test sees it."""

    @property
    def rows(self) -> Rows:
        """Real rows: `tick`, `key` and the feature columns."""
        ...

    def answer(self, rows: Rows, part: str = "") -> Outputs:
        """Output name → one number for each row, of the whole release or of one part."""
        ...

    def recomputed(self, change: FactsChange) -> tuple[Rows, Rows]:
        """Some rows as they are, and the same rows in the same order computed again from changed facts."""
        ...


class Behaviour(Protocol):
    """Something that a model promises."""

    @property
    def name(self) -> str:
        """A few words."""
        ...

    def examine(self, subject: Subject) -> Promise | None:
        """How well the promise is kept; None where no row is one that it speaks of.

        Raises:
            EvaluationError: its function fails or gives other rows, or there is no such output.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What every kind of behaviour says of itself.

    Attributes:
        name: a few words.
        says: the promise, in a sentence.
        output: name of the output that is looked at, or a function of all outputs that gives one number a row.
        where: the rows that it is said of, or None for all.
        given: rows to try it on instead of those of the test window, or None.
        part: the part that is asked, or "" for the whole release.
        least: share of rows that must keep it for the release to pass; None: no gate.
    """

    name: str
    says: str
    output: Output = "forecast"
    where: pl.Expr | None = None
    given: Callable[[], Rows] | None = None
    part: str = ""
    least: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invariance(Trial):
    """A change that must not matter.

    Attributes:
        change: rows → the same rows with other features, or None.
        facts: spine and history → the same, changed; features are computed again. Give this or `change`.
        tolerance: how far an answer may move, relative to what it was.
        absolute: how far it may move besides, in the unit of the output.
    """

    change: Change | None = None
    facts: FactsChange | None = None
    tolerance: float = 0.0
    absolute: float = 1e-6

    def examine(self, subject: Subject) -> Promise | None:
        """The share of rows whose answer stays where it was."""
        if (tried := _tried(self, subject)) is None:
            return None
        allowed = self.absolute + self.tolerance * np.abs(tried.before)
        return _promise(self, "invariance", tried, np.abs(tried.after - tried.before) - allowed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Direction(Trial):
    """A change that must raise the answer, or lower it.

    Attributes:
        change, facts: as in `Invariance`.
        up: whether the answer must rise; else it must fall.
        tolerance: how far it may move the wrong way, relative to what it was.
        absolute: how far it may do so besides, in the unit of the output.
    """

    change: Change | None = None
    facts: FactsChange | None = None
    up: bool = True
    tolerance: float = 0.0
    absolute: float = 1e-6

    def examine(self, subject: Subject) -> Promise | None:
        """The share of rows whose answer does not move the wrong way."""
        if (tried := _tried(self, subject)) is None:
            return None
        wrong = (tried.before - tried.after) * (1.0 if self.up else -1.0)
        return _promise(self, "direction", tried, wrong - self.absolute - self.tolerance * np.abs(tried.before))


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumFunctionality(Trial):
    """Simple inputs whose answer is plain to everybody.

    Attributes:
        low, high: between which the answer must lie.
    """

    low: float = -np.inf
    high: float = np.inf

    def examine(self, subject: Subject) -> Promise | None:
        """The share of rows whose answer lies in the range."""
        if (rows := _chosen(self, subject)).is_empty():
            return None
        said = _said(self, subject, rows)
        tried = _Tried(rows, said, said)
        return _promise(self, "minimum functionality", tried, np.maximum(self.low - said, said - self.high))


def verdict(promise: Promise) -> Verdict | None:
    """What the gate of a behaviour says, or None where it has none: the share of the rows tried must reach `least`."""
    if promise.least is None:
        return None
    kept = promise.kept
    reason = (
        f"kept in {kept.value:.1%} of {promise.rows:,} rows ({kept.interval.level:.0%} interval "
        f"{kept.interval.low:.1%} to {kept.interval.high:.1%}); at least {promise.least:.1%} is asked for "
        "of the value, not of the interval"
    )
    if promise.worst:
        reason += f"; worst: {promise.worst}"
    evidence = {"kept": kept.value, "low": kept.interval.low, "high": kept.interval.high, "least": promise.least}
    return Verdict(f"behaviour: {promise.name}", kept.value >= promise.least, reason, evidence)


_Test = Invariance | Direction | MinimumFunctionality


@dataclass(frozen=True, slots=True)
class _Tried:
    rows: Rows
    before: Floats
    after: Floats


def _tried(test: Invariance | Direction, subject: Subject) -> _Tried | None:
    """The rows with what is answered before and after the change; None where there is no row to try."""
    if (test.change is None) == (test.facts is None):
        raise EvaluationError(f"behaviour {test.name!r}: give either a change of rows or a change of facts")
    if test.facts is not None:
        rows, changed = _recomputed(test, subject)
    else:
        rows = _chosen(test, subject)
        changed = _changed(test, rows) if rows.height else rows
    if rows.is_empty():
        return None
    return _Tried(rows, _said(test, subject, rows), _said(test, subject, changed))


def _recomputed(test: Invariance | Direction, subject: Subject) -> tuple[Rows, Rows]:
    try:
        rows, changed = subject.recomputed(test.facts) if test.facts else (subject.rows, subject.rows)
    except EvaluationError as error:
        raise EvaluationError(f"behaviour {test.name!r}: {error}") from error
    except Exception as error:
        raise _failed(test, error) from error
    if test.where is None:
        return rows, changed
    kept = rows.select(test.where.fill_null(value=False)).to_series()
    return rows.filter(kept), changed.filter(kept)


def _changed(test: Invariance | Direction, rows: Rows) -> Rows:
    try:
        changed = test.change(rows) if test.change else rows
    except Exception as error:
        raise _failed(test, error) from error
    if not isinstance(changed, pl.DataFrame):
        raise EvaluationError(
            f"behaviour {test.name!r}: its change gives a {type(changed).__name__}; a Polars DataFrame is expected"
        )
    if changed.height != rows.height:
        raise EvaluationError(
            f"behaviour {test.name!r}: its change gives {changed.height} rows for {rows.height}; "
            "give each row back, changed, in the order in which it came"
        )
    if lost := [name for name in rows.columns if name not in changed.columns]:
        raise EvaluationError(
            f"behaviour {test.name!r}: its change loses the columns {', '.join(lost[:5])}; use with_columns"
        )
    return changed


def _chosen(test: _Test, subject: Subject) -> Rows:
    """The rows that a test speaks of."""
    rows = test.given() if test.given else subject.rows
    if test.where is not None:
        try:
            rows = rows.filter(test.where)
        except pl.exceptions.PolarsError as error:
            raise _failed(test, error) from error
    return rows


def _said(test: _Test, subject: Subject, rows: Rows) -> Floats:
    outputs = subject.answer(rows, test.part)
    if callable(test.output):
        return np.asarray(test.output(outputs), np.float64)
    if test.output not in outputs:
        raise EvaluationError(f"behaviour {test.name!r}: no output {test.output!r}; there is: {', '.join(outputs)}")
    return np.asarray(outputs[test.output], np.float64)


def _promise(test: _Test, kind: Kind, tried: _Tried, beyond: Floats) -> Promise:
    """The record of a test; `beyond` is how far each row lies beyond what is allowed."""
    # What is no number keeps no promise.
    harm = np.where(np.isfinite(beyond), beyond, np.inf)
    kept = harm <= 0
    rows = tried.rows
    blocks = rows[TICK].to_numpy() if TICK in rows.columns else np.arange(rows.height)
    return Promise(
        name=test.name,
        kind=kind,
        says=test.says,
        rows=rows.height,
        kept=share(kept, blocks),
        effect=None if kind == "minimum functionality" else _effect(tried),
        worst="" if kept.all() else _told(tried, int(harm.argmax()), kind),
        least=test.least,
    )


def _effect(tried: _Tried) -> float | None:
    """Mean change over the mean size of an answer, of the rows that are answered before and after."""
    there = np.isfinite(tried.before) & np.isfinite(tried.after)
    size = float(np.abs(tried.before[there]).sum())
    return float((tried.after - tried.before)[there].sum()) / size if size > 0 else None


def _told(tried: _Tried, place: int, kind: Kind) -> str:
    """One row in words."""
    row = tried.rows.row(place, named=True)
    about = f"{row[KEY]}" if KEY in row else f"row {place}"
    at = f" at {row[TICK]:%Y-%m-%d %H:%M}" if TICK in row else ""
    before, after = tried.before[place], tried.after[place]
    return f"{about}{at}: {before:.4g}" + ("" if kind == "minimum functionality" else f" became {after:.4g}")


def _failed(test: _Test, error: Exception) -> EvaluationError:
    return EvaluationError(
        f"behaviour {test.name!r}: its function failed: {type(error).__name__}: {str(error).partition(chr(10))[0]}; "
        "try it on a few rows of the test window"
    )
