"""Proof that features neither peek nor differ between batch, parts and serving: findings, none when all is well."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl

from afield.errors import FeatureError
from afield.features.compute import compute, known
from afield.features.feature import HAS_HISTORY, FeatureSet, History

RELATIVE = 1e-9


@dataclass(frozen=True, slots=True)
class Finding:
    """A feature whose value changed though it must not.

    Attributes:
        check: no_peeking, parity or partition.
        feature: the column.
        rows: how many of the compared rows differ.
        row: the first of them: its keys and origin, as text.
        expected: its value in the batch; None where null.
        found: its value when computed the other way.
        message: what it means and what to do.
    """

    check: str
    feature: str
    rows: int
    row: str
    expected: float | None
    found: float | None
    message: str


def no_peeking(
    feature_set: FeatureSet, spine: pl.DataFrame, history: History, *, groups: int = 5, seed: int = 0
) -> tuple[Finding, ...]:
    """Findings where a row changes once every fact known at or after its origin is removed.

    The spine keeps its extent, so that nothing but the later facts differs. Samples `groups` origins, the first
    and the last but one among them.
    """
    whole = compute(feature_set, spine, history)
    findings: list[Finding] = []
    for origin in _sample(spine, feature_set.origin, groups, seed):
        without = compute(feature_set, spine, known(history, before=origin))
        at = pl.col(feature_set.origin) == origin
        findings += differences("no_peeking", feature_set, whole.filter(at), without.filter(at))
    return _first_of_each(findings)


def parity(
    feature_set: FeatureSet, spine: pl.DataFrame, history: History, *, ticks: int = 5, seed: int = 0
) -> tuple[Finding, ...]:
    """Findings where a row computed as the ticker does, alone and from the lookback only, differs from the batch."""
    whole = compute(feature_set, spine, history)
    findings: list[Finding] = []
    for origin in _sample(spine, feature_set.origin, ticks, seed):
        at = pl.col(feature_set.origin) == origin
        alone = compute(feature_set, spine.filter(at), history)
        findings += differences("parity", feature_set, whole.filter(at), alone)
    return _first_of_each(findings)


def partition(feature_set: FeatureSet, spine: pl.DataFrame, history: History, *, parts: int = 4) -> tuple[Finding, ...]:
    """Findings where rows computed by stretches of time, each with its lookback, differ from the whole.

    Raises:
        FeatureError: fewer origins than parts.
    """
    origins = spine[feature_set.origin].unique().sort()
    if len(origins) < parts:
        raise FeatureError(f"{len(origins)} origins cannot be parted into {parts}; give a longer spine")
    whole = compute(feature_set, spine, history)
    bounds = [origins[len(origins) * part // parts] for part in range(1, parts)]
    findings: list[Finding] = []
    for low, high in zip([None, *bounds], [*bounds, None], strict=True):
        inside = pl.lit(value=True)
        inside = inside if low is None else inside & (pl.col(feature_set.origin) >= low)
        inside = inside if high is None else inside & (pl.col(feature_set.origin) < high)
        part = compute(feature_set, spine.filter(inside), history)
        findings += differences("partition", feature_set, whole.filter(inside), part)
    return _first_of_each(findings)


def differences(
    check: str, feature_set: FeatureSet, expected: pl.DataFrame, found: pl.DataFrame
) -> tuple[Finding, ...]:
    """One finding per feature that differs on the same rows: whole numbers at all, others by 1e-9 relative.

    Raises:
        FeatureError: the frames hold other spine rows.
    """
    held = [*feature_set.keys, feature_set.origin]
    if not expected.select(held).equals(found.select(held)):
        raise FeatureError(f"{check}: the two frames hold other rows or another order; compare the same spine")
    findings = []
    for name in (HAS_HISTORY, *feature_set.names):
        first, second = (frame[name].cast(pl.Float64).to_numpy() for frame in (expected, found))
        close = (first == second) | (np.isnan(first) & np.isnan(second))
        whole = (np.floor(first) == first) & (np.floor(second) == second)
        close |= ~whole & (np.abs(first - second) <= RELATIVE * np.maximum(np.abs(first), np.abs(second)))
        if not close.all():
            row = int(np.argmin(close))
            keys = ", ".join(f"{key}={expected[key][row]}" for key in held)
            values = [None if np.isnan(value) else float(value) for value in (first[row], second[row])]
            told = f"{name}: {values[0]} in the batch, {values[1]} otherwise, at {keys}; {ADVICE[check]}"
            findings.append(Finding(check, name, int((~close).sum()), keys, values[0], values[1], told))
    return tuple(findings)


ADVICE = {
    "no_peeking": "it uses facts that are not known at the origin: compare known_at, not at, with the origin",
    "parity": "it depends on rows outside its group or on facts older than the lookback: serving would differ",
    "partition": "it looks back further than the declared lookback, or depends on the extent of the batch",
}


def _sample(spine: pl.DataFrame, origin: str, count: int, seed: int) -> list[datetime]:
    origins = spine[origin].unique().sort()
    drawn = np.random.default_rng(seed).integers(0, len(origins), max(count - 2, 0))
    return [origins[int(place)] for place in sorted({0, max(len(origins) - 2, 0), *drawn.tolist()})]


def _first_of_each(findings: list[Finding]) -> tuple[Finding, ...]:
    return tuple({finding.feature: finding for finding in reversed(findings)}.values())
