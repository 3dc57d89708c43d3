"""Distances between two samples as effect sizes, with bounds for what chance alone would show."""

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from afield.records.evidence import Interval

Floats = NDArray[np.float64]
Statistic = Literal["psi", "ks", "wasserstein"]

BINS = 10
RAREST = 1e-4  # share that an empty bin is taken to have
FARTHEST = 1e6  # standard deviations between a sample and one in which everything is missing


def psi(reference: Floats, chunk: Floats, level: float) -> tuple[float, Interval]:
    """Population stability index over deciles of the reference, one more bin for missing values.

    The interval is the delta method's, moved by what chance adds: `(bins - 1) * (1/n + 1/m)` on average.

    Source: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of
    Risk Model Validation 14 (2020).
    """
    known = reference[~np.isnan(reference)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, BINS + 1)[1:-1])) if known.size else np.empty(0)
    p, q = _shares(reference, edges), _shares(chunk, edges)
    value = float(((q - p) * np.log(q / p)).sum())
    chance = 1.0 / reference.size + 1.0 / chunk.size
    free = max(int(((p > RAREST) | (q > RAREST)).sum()) - 1, 1)
    # The slopes of the index in either share; under equal shares they vanish, and chance is a chi square.
    in_q, in_p = np.log(q / p) + 1.0 - p / q, np.log(p / q) + 1.0 - q / p
    variance = _spread(q, in_q) / chunk.size + _spread(p, in_p) / reference.size + 2.0 * free * chance**2
    half, center = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(variance), value - free * chance
    return value, Interval(max(float(center - half), 0.0), float(value + half), level)


def ks(reference: Floats, chunk: Floats, level: float) -> tuple[float, Interval]:
    """Kolmogorov-Smirnov distance: the largest difference of the distribution functions, in [0, 1].

    Missing values count as smaller than any number. The interval is that of Dvoretzky, Kiefer and
    Wolfowitz with the constant of Massart, Annals of Probability 18 (1990), half of the error for either
    sample.
    """
    first, second = (np.sort(np.where(np.isnan(part), -np.inf, part)) for part in (reference, chunk))
    points = np.concatenate([first, second])
    gaps = _below(first, points) - _below(second, points)
    value = float(np.abs(gaps).max())
    band = sum(np.sqrt(np.log(4.0 / (1.0 - level)) / (2.0 * part.size)) for part in (first, second))
    return value, Interval(max(float(value - band), 0.0), min(float(value + band), 1.0), level)


def wasserstein(reference: Floats, chunk: Floats, level: float) -> tuple[float, Interval]:
    """Wasserstein distance (order one) in standard deviations of the reference.

    Missing values are left out; a sample of nothing else is farthest from any other. The interval comes from
    the pointwise band of the distribution functions, whose integral bounds the expected distance of a
    sample from its source: Bobkov and Ledoux, "One-dimensional empirical measures" (2019), theorem 3.2.
    """
    first, second = (np.sort(part[~np.isnan(part)]) for part in (reference, chunk))
    if not (first.size and second.size):
        apart = 0.0 if first.size == second.size else FARTHEST
        return apart, Interval(apart, apart, level)
    points = np.sort(np.concatenate([first, second]))
    width = np.diff(points)
    below_first, below_second = _below(first, points[:-1]), _below(second, points[:-1])
    pooled = (first.size * below_first + second.size * below_second) / (first.size + second.size)
    scale = float(first.std()) or 1.0
    value = float((np.abs(below_first - below_second) * width).sum()) / scale
    chance = np.sqrt(1.0 / first.size + 1.0 / second.size)
    band = (
        NormalDist().inv_cdf(0.5 + level / 2) * float((np.sqrt(pooled * (1 - pooled)) * width).sum()) * chance / scale
    )
    return value, Interval(max(float(value - band), 0.0), float(value + band), level)


DISTANCES: Mapping[Statistic, Callable[[Floats, Floats, float], tuple[float, Interval]]] = {
    "psi": psi,
    "ks": ks,
    "wasserstein": wasserstein,
}


def _shares(values: Floats, edges: Floats) -> Floats:
    """Share of the values in each bin; the last bin holds the missing ones."""
    position = np.where(np.isnan(values), len(edges) + 1, np.searchsorted(edges, values, side="left"))
    counts = np.bincount(position, minlength=len(edges) + 2)
    shares: Floats = np.maximum(counts / values.size, RAREST)
    return shares


def _spread(shares: Floats, slopes: Floats) -> float:
    """Variance of a slope drawn with these shares."""
    return float((shares * slopes**2).sum() - (shares * slopes).sum() ** 2)


def _below(ordered: Floats, points: Floats) -> Floats:
    """Share of the ordered values at or below each point."""
    shares: Floats = np.searchsorted(ordered, points, side="right") / ordered.size
    return shares
