"""Frames of forecasts to evaluate."""

from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest


def forecasts(days: int = 14, keys: int = 12, seed: int = 1) -> pl.DataFrame:
    """Poisson counts per key and hour, a good forecast, and two rivals that are worse."""
    generator = np.random.default_rng(seed)
    ticks = [datetime(2023, 6, 24) + timedelta(hours=hour) for hour in range(24 * days)]
    day = 1 + 0.6 * np.sin(np.arange(len(ticks)) / 24 * 2 * np.pi)
    rate = np.exp(np.linspace(-2, 2, keys))[None, :] * day[:, None]
    return pl.DataFrame(
        {
            "tick": np.repeat(np.array(ticks, dtype="datetime64[us]"), keys),
            "key": np.tile(np.arange(keys, dtype=np.int32), len(ticks)),
            "truth": generator.poisson(rate).astype(np.int32).ravel(),
            "forecast": rate.ravel(),
            "last_week": generator.poisson(rate).astype(np.float64).ravel(),
            "mean": np.repeat(rate.mean(axis=1), keys),
        }
    )


@pytest.fixture(scope="session")
def frame() -> pl.DataFrame:
    return forecasts()


@pytest.fixture(scope="session")
def make() -> Callable[..., pl.DataFrame]:
    return forecasts
