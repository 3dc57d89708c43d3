"""Simulated losses per tick: autocorrelated, heavy-tailed, with a daily cycle, paired."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats
from scipy.special import ndtr

Floats = NDArray[np.float64]

LEVELS = np.linspace(1e-6, 1 - 1e-6, 20_001)


def autoregression(generator: np.random.Generator, runs: int, ticks: int, correlation: float) -> Floats:
    """Standard normal AR(1) series, shape `(runs, ticks)`."""
    shocks = generator.normal(size=(runs, ticks))
    series = np.empty_like(shocks)
    series[:, 0] = shocks[:, 0]
    for tick in range(1, ticks):
        series[:, tick] = correlation * series[:, tick - 1] + np.sqrt(1 - correlation**2) * shocks[:, tick]
    return series


def gamma_losses(series: Floats, shape: float) -> Floats:
    """The series with gamma margins of mean 1 (a Gaussian copula)."""
    return np.interp(ndtr(series), LEVELS, stats.gamma.ppf(LEVELS, shape) / shape)


def paired_losses(
    generator: np.random.Generator,
    runs: int,
    ticks: int,
    *,
    correlation: float = 0.3,
    shape: float = 4.0,
    shared: float = 0.9,
    cycle: float = 0.5,
    effect: float = 0.0,
) -> tuple[Floats, Floats]:
    """Losses per tick of a candidate (mean higher by `effect`) and a champion, with a shared daily cycle."""
    common, first, second = (autoregression(generator, runs, ticks, correlation) for _ in range(3))
    day = 1 + cycle * np.sin(2 * np.pi * np.arange(ticks) / 24)
    mix = [np.sqrt(shared) * common + np.sqrt(1 - shared) * own for own in (first, second)]
    candidate, champion = (gamma_losses(part, shape) * day for part in mix)
    return candidate * (1 + effect), champion
