"""Where things are: the zones of the generated city, their neighbours, districts, rates and destinations."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from surge.city.draws import Stream, generator

ACROSS, ALONG = 20, 13
KILOMETRES = 1.2
"""Side of a zone: about the median zone of the real map."""

RIVER, BRIDGES = 9, (2, 6, 10)
"""A river runs between column 9 and 10; three rows have a bridge."""

RANKS = (0, 1, 2, 4, 5, 6, 7, 8, 10, 12, 16, 18, 20, 25, 30, 40, 50, 60, 80, 100, 140, 200, 259)
RATES = (
    *(17.9, 11.5, 5.0, 4.7, 3.6, 3.5, 2.4, 2.3, 1.65, 0.95, 0.92, 0.9),
    *(0.58, 0.4, 0.25, 0.14, 0.09, 0.07, 0.05, 0.035, 0.015, 0.001, 0.00002),
)
"""Mean orders per hour of the zone at a rank, as measured on nine months of real green-taxi trips."""

MEAN_RATE = 0.335
"""Mean orders per zone and hour at the start; growth over nine months brings it to the real 0.346."""


@dataclass(frozen=True)
class Layout:
    """Places of a city; every array has one entry per zone, in the order of `zones`.

    Attributes:
        zones: zone ids, 1 to 260.
        east, north: centre of the zone, kilometres from the south-west corner.
        district: index of the district; zones of a district share shocks.
        rate: mean orders per hour at density 1.
        kind: 0 residential, 1 offices, 2 night life.
        moved: whether a change of regime moves this zone's habits.
        stadiums: indices of zones with a stadium.
        neighbours: pairs of indices, both directions, shape (n, 2).
        destination: cumulative probability of destinations, shape (zones, zones).
    """

    zones: NDArray[np.int32]
    east: NDArray[np.float64]
    north: NDArray[np.float64]
    district: NDArray[np.int64]
    rate: NDArray[np.float64]
    kind: NDArray[np.int64]
    moved: NDArray[np.bool_]
    stadiums: NDArray[np.int64]
    neighbours: NDArray[np.int64]
    destination: NDArray[np.float64]


@cache
def layout(seed: int) -> Layout:
    """The city that `seed` builds."""
    draw = generator(seed, Stream.LAYOUT)
    row, column = np.divmod(np.arange(ACROSS * ALONG), ACROSS)
    jitter = draw.random((2, row.size)) - 0.5
    east, north = (column + 0.4 * jitter[0]) * KILOMETRES, (row + 0.4 * jitter[1]) * KILOMETRES
    busy = _smooth(draw.random(row.size), row, column) + 0.15 * draw.random(row.size)
    rate = np.empty(row.size)
    rate[np.argsort(-busy, kind="stable")] = np.exp(np.interp(np.arange(row.size), RANKS, np.log(RATES)))
    rate *= MEAN_RATE / rate.mean()
    kind = draw.permutation(np.arange(row.size) % 3)
    # Alternating down the ranks, so that the moved half carries about half of the orders.
    moved = np.empty(row.size, dtype=bool)
    moved[np.argsort(-rate, kind="stable")] = np.arange(row.size) % 2 == 0
    distance = np.hypot(east[:, None] - east, north[:, None] - north)
    pull = np.sqrt(rate) * np.exp(-distance / 4.0)
    return Layout(
        zones=np.arange(1, row.size + 1, dtype=np.int32),
        east=east,
        north=north,
        district=row // 4 * 5 + column // 4,
        rate=rate,
        kind=kind,
        moved=moved,
        stadiums=np.argsort(-rate, kind="stable")[[6, 11, 17, 24]],
        neighbours=_neighbours(row, column),
        destination=np.cumsum(pull / pull.sum(axis=1, keepdims=True), axis=1),
    )


def _smooth(values: NDArray[np.float64], row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.float64]:
    near = np.exp(-((row[:, None] - row) ** 2 + (column[:, None] - column) ** 2) / 4.0)
    return np.asarray(near @ values / near.sum(axis=1))


def _neighbours(row: NDArray[np.int64], column: NDArray[np.int64]) -> NDArray[np.int64]:
    east = (row[:, None] == row) & (column[:, None] + 1 == column)
    across = (column[:, None] == RIVER) & (column == RIVER + 1) & ~np.isin(row, BRIDGES)
    north = (row[:, None] + 1 == row) & (column[:, None] == column)
    pairs = np.argwhere((east & ~across) | north)
    return np.concatenate([pairs, pairs[:, ::-1]])
