"""Distances between two samples as effect sizes, with bounds for what chance alone would show."""

from collections.abc import Iterable
from statistics import NormalDist
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afield.monitoring.bins import bins
from afield.monitoring.frames import Floats
from afield.records.evidence import Interval

Statistic = Literal["psi", "ks", "wasserstein", "js"]
Effect: TypeAlias = tuple[float, Interval]
"""An effect size, and where it lies beyond what chance shows."""
Counts = NDArray[np.int64]

STATISTICS: tuple[Statistic, ...] = ("psi", "ks", "wasserstein", "js")
RAREST = 1e-4  # share that an empty bin is taken to have
FARTHEST = 1e6  # standard deviations between a sample and one in which everything is missing


def distances(
    reference: Floats, chunk: Floats, statistics: Iterable[Statistic], level: float
) -> dict[Statistic, Effect]:
    """Distances between two samples of numbers, exactly; each sample is sorted once.

    - `psi`, the population stability index, and `js`, the Jensen-Shannon distance (base 2, in [0, 1]), over deciles of
      the reference and one bin for missing values: `stability`, `divergence`.
    - `ks`, the Kolmogorov-Smirnov distance: the largest difference of the distribution functions, in [0, 1]. Missing
      values count as smaller than any number. The interval is that of Dvoretzky, Kiefer and Wolfowitz with the constant
      of Massart, Annals of Probability 18 (1990), half of the error for either sample.
    - `wasserstein`, the distance of order one, in standard deviations of the reference. Missing values are left out; a
      sample of nothing else is farthest from any other, and so is one with an infinite value. The interval comes from
      the pointwise band of the distribution functions, whose integral bounds the expected distance of a sample from its
      source: Bobkov and Ledoux, "One-dimensional empirical measures" (2019), theorem 3.2.

    Args:
        reference: values of shape `(n,)`, one at least; NaN where one is missing.
        chunk: the same, of shape `(m,)`.
        statistics: which.
        level: of each interval.
    """
    asked, found = tuple(statistics), dict[Statistic, Effect]()
    if "psi" in asked or "js" in asked:
        binned = bins(reference)
        counts = binned.count(reference), binned.count(chunk)
        found = {"psi": stability(*counts, level), "js": divergence(*counts, level)}
    if "ks" in asked or "wasserstein" in asked:
        first, second = (np.sort(part) for part in (reference, chunk))
        gaps = tuple(int(np.isnan(part).sum()) for part in (first, second))
        known, other = first[: first.size - gaps[0]], second[: second.size - gaps[1]]
        merged, below_first, below_second = _merged(known, other)
        if "ks" in asked:
            found["ks"] = _ks(merged, below_first, below_second, gaps, (first.size, second.size), level)
        if "wasserstein" in asked:
            found["wasserstein"] = _wasserstein(merged, below_first, below_second, known, other, level)
    return {name: found[name] for name in asked}


def stability(reference: Counts, chunk: Counts, level: float) -> Effect:
    """Population stability index of two samples counted in the same bins.

    The interval is the delta method's, moved by what chance adds: `(bins - 1) * (1/n + 1/m)` on average.

    Source: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of
    Risk Model Validation 14 (2020).
    """
    n, m = int(reference.sum()), int(chunk.sum())
    p, q = np.maximum(reference / n, RAREST), np.maximum(chunk / m, RAREST)
    value = float(((q - p) * np.log(q / p)).sum())
    # The slopes of the index in either share; under equal shares they vanish, and chance is a chi square.
    in_q, in_p = np.log(q / p) + 1.0 - p / q, np.log(p / q) + 1.0 - q / p
    chance = _free(reference, chunk) * (1.0 / n + 1.0 / m)
    return value, _beyond(value, chance, _free(reference, chunk), spread(q, in_q) / m + spread(p, in_p) / n, level)


def divergence(reference: Counts, chunk: Counts, level: float) -> Effect:
    """Jensen-Shannon distance, base 2, of two samples counted in the same bins: the root of the divergence.

    The interval is the delta method's for the divergence, moved by what chance adds, an eighth of what it adds to the
    stability index (both are a chi square for near shares).

    Source: Lin, "Divergence measures based on the Shannon entropy", IEEE Transactions on Information Theory 37 (1991).
    """
    n, m = int(reference.sum()), int(chunk.sum())
    p, q = reference / n, chunk / m
    between = np.maximum((p + q) / 2, np.finfo(float).tiny)
    in_p, in_q = (np.log2(np.divide(s, between, out=np.ones_like(s), where=s > 0)) / 2 for s in (p, q))
    value = max(float((p * in_p + q * in_q).sum()), 0.0)
    free = _free(reference, chunk)
    chance = free * (1.0 / n + 1.0 / m) / (8.0 * np.log(2.0))
    found = _beyond(value, chance, free, spread(q, in_q) / m + spread(p, in_p) / n, level)
    return float(np.sqrt(value)), Interval(float(np.sqrt(found.low)), float(np.sqrt(min(found.high, 1.0))), level)


def supremum(value: float, sizes: tuple[int, int], level: float) -> Interval:
    """The interval of a Kolmogorov-Smirnov distance between samples of these sizes."""
    band = sum(float(np.sqrt(np.log(4.0 / (1.0 - level)) / (2.0 * size))) for size in sizes)
    return Interval(max(value - band, 0.0), min(value + band, 1.0), level)


def area(value: float, pooled: Floats, width: Floats, scale: float, sizes: tuple[int, int], level: float) -> Interval:
    """The interval of a Wasserstein distance.

    Args:
        value: in units of `scale`.
        pooled: share of both samples that lies at or below each stretch, shape `(k,)`.
        width: of the stretches, shape `(k,)`.
        scale: the unit.
        sizes: of both samples.
        level: of the interval.
    """
    chance = np.sqrt(1.0 / sizes[0] + 1.0 / sizes[1])
    spreading = float((np.sqrt(pooled * (1 - pooled)) * width).sum())
    band = NormalDist().inv_cdf(0.5 + level / 2) * spreading * float(chance) / scale
    return Interval(max(value - band, 0.0), value + band, level)


def spread(shares: Floats, slopes: Floats) -> float:
    """Variance of a slope drawn with these shares."""
    return float((shares * slopes**2).sum() - (shares * slopes).sum() ** 2)


def _free(reference: Counts, chunk: Counts) -> int:
    """Degrees of freedom: bins in which anything lies, less one."""
    rare = RAREST * np.array([[reference.sum()], [chunk.sum()]])
    return max(int((np.stack([reference, chunk]) > rare).any(axis=0).sum()) - 1, 1)


def _beyond(value: float, chance: float, free: int, variance: float, level: float) -> Interval:
    """The interval of an index whose value under equal shares is a chi square with mean `chance`."""
    half = NormalDist().inv_cdf(0.5 + level / 2) * float(np.sqrt(max(variance, 0.0) + 2.0 * chance**2 / free))
    return Interval(max(value - chance - half, 0.0), value + half, level)


def _merged(first: Floats, second: Floats) -> tuple[Floats, Counts, Counts]:
    """Both ordered samples as one, and how many of either lie at or below each place of it (ties: at the last)."""
    both = np.concatenate([first, second])
    order = np.argsort(both, kind="stable")  # two ordered runs are merged in linear time
    below: Counts = np.cumsum(order < first.size)
    return both[order], below, np.arange(1, both.size + 1) - below


def _ks(
    merged: Floats, first: Counts, second: Counts, missing: tuple[int, ...], sizes: tuple[int, int], level: float
) -> Effect:
    apart = (first + missing[0]) / sizes[0] - (second + missing[1]) / sizes[1]
    last = np.ones(merged.size, np.bool_)
    np.not_equal(merged[1:], merged[:-1], out=last[:-1])
    value = max(abs(missing[0] / sizes[0] - missing[1] / sizes[1]), float(np.abs(apart[last]).max(initial=0.0)))
    return value, supremum(value, sizes, level)


def _wasserstein(merged: Floats, first: Counts, second: Counts, known: Floats, other: Floats, level: float) -> Effect:
    if not (known.size and other.size and np.isfinite(merged[[0, -1]]).all()):
        apart = 0.0 if np.array_equal(known, other) else FARTHEST
        return apart, Interval(apart, apart, level)
    width = np.diff(merged)
    scale = float(known.std()) or 1.0
    value = float((np.abs(first[:-1] / known.size - second[:-1] / other.size) * width).sum()) / scale
    pooled = np.arange(1, merged.size) / merged.size
    return value, area(value, pooled, width, scale, (known.size, other.size), level)
