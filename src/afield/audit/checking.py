"""Checks of an application before anybody trusts it: contract, features, goals and hazards, each with its findings."""

from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

import msgspec
import polars as pl

from afield.application import Goal, Hazard
from afield.data.validate import check as broken
from afield.errors import DataError, FeatureError
from afield.features.parity import Finding, no_peeking, parity, partition
from afield.records.facts import Window
from afield.workshop.plan import Build

SAMPLE = timedelta(days=2)
ORIGINS = 4
SHOWN = 10
SCALE = range(1, 6)

History = Mapping[str, pl.LazyFrame]


class Check(msgspec.Struct, frozen=True):
    """What one check says.

    Attributes:
        name: of the check.
        passed: whether nothing is wrong; a warning is no failure.
        looked: at what, in words.
        findings: what is wrong, where, and what to do.
        warnings: what may be right, and a person should know.
    """

    name: str
    passed: bool
    looked: str
    findings: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


def contract(plan: Build, history: History) -> Check:
    """Whether the tables of history keep what the application's contracts promise."""
    found = [finding.message for each in plan.contracts for finding in broken(each, history)]
    return _check("contract", f"{len(plan.contracts)} tables", found)


def features(plan: Build, history: History, tell: Callable[[str], None] = lambda _: None) -> tuple[Check, ...]:
    """No peeking, parity and partition, on the last days of the history.

    Raises:
        DataError: the history holds too few slots to look at.
    """
    window = _last_days(plan, history)
    spine = plan.spine(history, window)
    if spine[plan.features.origin].n_unique() < ORIGINS:
        raise DataError(f"from {window.start} to {window.end} the data hold fewer than {ORIGINS} slots; give more data")
    recent = _recent(plan, history, window)
    looked = f"{spine.height:,} rows from {window.start} to {window.end}"
    checks = []
    for name, prove in _PROOFS.items():
        tell(f"checking {name.replace('_', ' ')} on {looked}")
        checks.append(_proven(name, looked, partial(prove, plan, spine, recent)))
    return tuple(checks)


def goals(goal: Goal, measures: Collection[str]) -> Check:
    """Whether every leaf of the goal tree is bound to one of `measures`: metrics and monitors that exist."""
    leaves = goal.leaves()
    known = ", ".join(sorted(measures))
    found = [
        f"goal {leaf.statement!r} is bound to no measure; name one of: {known}"
        if not leaf.measure
        else f"goal {leaf.statement!r} is bound to {leaf.measure!r}, which nothing measures; name one of: {known}"
        for leaf in leaves
        if leaf.measure not in measures
    ]
    return _check("goals", f"{len(leaves)} leaves", found)


def hazards(rows: Collection[Hazard], drills: Collection[str]) -> Check:
    """Whether every row of the hazard register is complete, and the drill that it names exists."""
    found = [finding for row in rows for finding in _incomplete(row, drills)]
    names = [row.name for row in rows]
    found += [
        f"hazard {name!r} is there twice; give each its own name"
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    if not rows:
        found.append("the hazard register is empty; what can go wrong, and for whom?")
    return _check("hazards", f"{len(rows)} rows", found)


def _incomplete(row: Hazard, drills: Collection[str]) -> list[str]:
    """What one row of the register lacks."""
    texts = ("name", "happens", "whom", "noticed", "undo", "compensation", "residual")
    found = [f"hazard {row.name!r}: {field} is empty; fill it in" for field in texts if not getattr(row, field).strip()]
    found += [
        f"hazard {row.name!r}: {field} is {getattr(row, field)}; give 1 (small) to 5 (large)"
        for field in ("severity", "likelihood")
        if getattr(row, field) not in SCALE
    ]
    if not any(mitigation.strip() for mitigation in row.mitigations):
        found.append(f"hazard {row.name!r}: no mitigation is in force; name at least one")
    if not row.drill:
        found.append(f"hazard {row.name!r}: no drill proves its mitigation; name one: {', '.join(sorted(drills))}")
    elif ":" not in row.drill and row.drill not in drills:
        known = ", ".join(sorted(drills)) or "none yet"
        found.append(f"hazard {row.name!r}: there is no drill {row.drill!r}; there is: {known}")
    return found


def _proven(name: str, looked: str, prove: Callable[[], tuple[Finding, ...]]) -> Check:
    """The findings of one proof about features; features that cannot be made are a finding too."""
    try:
        found = [finding.message for finding in prove()]
    except FeatureError as error:
        found = [str(error)]
    return _check(name, looked, found)


_PROOFS: Mapping[str, Callable[[Build, pl.DataFrame, History], tuple[Finding, ...]]] = {
    "no_peeking": lambda plan, spine, history: no_peeking(plan.features, spine, history, groups=ORIGINS),
    "parity": lambda plan, spine, history: parity(plan.features, spine, history, ticks=ORIGINS),
    "partition": lambda plan, spine, history: partition(plan.features, spine, history, parts=2),
}


def _last_days(plan: Build, history: History) -> Window:
    """The last days of the history, from slot to slot."""
    start, end = plan.period(history)
    end -= (end - datetime.min) % plan.slot
    start += (datetime.min - start) % plan.slot
    return Window(max(min(start, end), end - SAMPLE), end)


def _recent(plan: Build, history: History, window: Window) -> dict[str, pl.LazyFrame]:
    """The history in memory, without what lies further back than twice the declared lookback.

    Facts outside the lookback stay as well, so that a feature that reaches for them is caught.
    """
    since = window.start - 2 * plan.features.lookback
    return {
        name: (table if plan.tables[name].time is None else table.filter(pl.col(str(plan.tables[name].time)) >= since))
        .collect()
        .lazy()
        for name, table in history.items()
        if name in plan.tables
    }


def _check(name: str, looked: str, found: list[str]) -> Check:
    more = (f"and {len(found) - SHOWN} more",) if len(found) > SHOWN else ()
    return Check(name, not found, looked, (*found[:SHOWN], *more))
