"""Random numbers by seed, purpose and day: any day can be drawn alone and comes out the same."""

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What the numbers are for; two purposes never share numbers."""

    LAYOUT = 0
    WEATHER = 1
    SHOCKS = 2
    EVENTS = 3
    ORDERS = 4


def generator(seed: int, stream: Stream, day: int = 0) -> np.random.Generator:
    """The generator (PCG64) of one purpose on one day; `day` counts from year 1 (`date.toordinal`)."""
    return np.random.Generator(np.random.PCG64([seed, stream, day]))
