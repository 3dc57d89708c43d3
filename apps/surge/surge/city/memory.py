"""Noise that remembers: a first-order autoregression of unit variance."""

import math

import numpy as np
from numpy.typing import NDArray


def fading(noise: NDArray[np.float64], half_life: float) -> NDArray[np.float64]:
    """Standard normal `noise` of shape (steps, series) turned into series whose correlation fades.

    Begins at zero, so the first steps are run-in: give noise from several half-lives before.

    Args:
        noise: independent standard normal draws.
        half_life: steps after which the autocorrelation is one half.
    """
    keep = 0.5 ** (1.0 / half_life)
    fresh = noise * math.sqrt(1.0 - keep**2)
    state = np.zeros(noise.shape[1:])
    for step in fresh:
        state = step + keep * state
        step[...] = state
    return fresh
