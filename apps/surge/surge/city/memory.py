"""Noise that remembers: a first-order autoregression of unit variance."""

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter


def fading(noise: NDArray[np.float64], half_life: float) -> NDArray[np.float64]:
    """Standard normal `noise` of shape (steps, series) turned into series whose correlation fades.

    Begins at zero, so the first steps are run-in: give noise from several half-lives before.

    Args:
        noise: independent standard normal draws.
        half_life: steps after which the autocorrelation is one half.
    """
    keep = 0.5 ** (1.0 / half_life)
    return np.asarray(lfilter([np.sqrt(1.0 - keep**2)], [1.0, -keep], noise, axis=0), dtype=np.float64)
