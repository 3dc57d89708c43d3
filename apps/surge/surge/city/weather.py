"""Hourly weather of the generated city: a function of the seed and the day alone."""

import math
from datetime import date

import numpy as np
from numpy.typing import NDArray

from surge.city.draws import Stream, generator
from surge.city.memory import fading

WET = 1.25
"""Standard score of the latent wetness from which it rains: about a tenth of the hours."""


def hours(seed: int, day: date) -> NDArray[np.float64]:
    """Temperature (C), precipitation (mm/h) and snowfall (cm/h) per hour of `day`, shape (24, 3)."""
    noise = [generator(seed, Stream.WEATHER, day.toordinal() - back).standard_normal((24, 2)) for back in (3, 2, 1, 0)]
    latent = fading(np.concatenate(noise), half_life=8.0)[-24:]
    season = -math.cos(2 * math.pi * (day.timetuple().tm_yday - 20) / 365.25)
    daily = -np.cos(2 * np.pi * (np.arange(24) - 3) / 24)
    temperature = 12.5 + 11.5 * season + 3.5 * daily + 3.5 * latent[:, 0]
    rain = np.clip((latent[:, 1] - WET) * 3.0, 0.0, 12.0)
    snow = np.where(temperature < 0.5, rain * 0.7, 0.0)
    return np.round(np.column_stack([temperature, rain, snow]), 2)
