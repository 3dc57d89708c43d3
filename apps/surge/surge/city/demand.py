"""Who asks for a ride, where, when, where to: the orders of one day, before any price is shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from surge.city import calendar, weather
from surge.city.draws import Stream, generator
from surge.city.layout import layout
from surge.city.memory import fading
from surge.city.regimes import Regime, regime_on
from surge.city.rhythm import QUARTERS, shapes

GROWTH = 0.08
"""Relative growth in a year, from the start of the city."""

QUIET_HOLIDAY = 0.8
GAME_ORDERS = 5.0
"""Orders per hour at density 1 in a stadium's zone during the hour after a game."""

GAME_LASTS = timedelta(hours=2, minutes=45)
RIDERS = 400
"""Riders per zone and unit of density; a few of them order most of the rides."""


@dataclass(frozen=True)
class DayOrders:
    """Orders of one day in order of time; arrays of equal length.

    Attributes:
        day: the day.
        number: running number in the day, from 0.
        seconds: when it was asked, seconds from midnight.
        origin, target: indices of zones in the layout.
        rider: number of the rider within the origin's riders.
        chance: three uniform draws that decide the rider's luck and patience, shape (orders, 3).
    """

    day: date
    number: NDArray[np.int64]
    seconds: NDArray[np.int64]
    origin: NDArray[np.int64]
    target: NDArray[np.int64]
    rider: NDArray[np.int64]
    chance: NDArray[np.float64]


@dataclass(frozen=True)
class Demand:
    """The city's demand, a function of the day.

    Attributes:
        seed: of everything random.
        density: scale of the rates; 1 matches the real files.
        start: first day, from which growth counts.
        regimes: how riders behave, from which day.
    """

    seed: int
    density: float
    start: date
    regimes: Sequence[Regime]

    def rates(self, day: date) -> NDArray[np.float64]:
        """Expected orders per quarter-hour, shape (96, zones)."""
        city, regime = layout(self.seed), regime_on(self.regimes, day)
        name = calendar.holiday(day)
        weekday = 6 if name else day.weekday()
        shape = _week(self.seed, regime.later)[weekday * QUARTERS : (weekday + 1) * QUARTERS]
        scale = self.density / 4 * (1 + GROWTH * (day - self.start).days / 365) * (QUIET_HOLIDAY if name else 1.0)
        rain = np.minimum(weather.hours(self.seed, day)[:, 1], 3.0)
        moved = np.where(city.moved, regime.moved, 2.0 - regime.moved)
        rates = shape * (scale * city.rate * moved)
        rates = rates * np.repeat(1 + regime.rain * rain, 4)[:, None] * self._shocks(day, regime)[:, city.district]
        for game in (*calendar.games(self.seed, city, day), *calendar.games(self.seed, city, day - timedelta(days=1))):
            over = game.starts_at + GAME_LASTS - datetime.combine(day, datetime.min.time())
            first = over // timedelta(minutes=15)
            rates[max(first, 0) : max(first + 4, 0), game.place] += self.density * GAME_ORDERS / 4
        # Exponentials differ in the last bit between processors; rounding keeps the draws the same.
        return np.round(rates, 9)

    def orders(self, day: date) -> DayOrders:
        """Everybody who asks for a ride on `day`."""
        city, draw = layout(self.seed), generator(self.seed, Stream.ORDERS, day.toordinal())
        counts = draw.poisson(self.rates(day)).ravel()
        quarter, origin = np.divmod(np.repeat(np.arange(counts.size), counts), city.zones.size)
        chance = draw.random((quarter.size, 6))
        seconds = quarter * 900 + (chance[:, 0] * 900).astype(np.int64)
        order = np.argsort(seconds, kind="stable")
        seconds, origin, chance = seconds[order], origin[order], chance[order]
        flat = (city.destination + np.arange(city.zones.size)[:, None]).ravel()
        found = np.searchsorted(flat, origin + chance[:, 1] * city.destination[origin, -1], side="right")
        target = np.minimum(found - origin * city.zones.size, city.zones.size - 1)
        rider = (chance[:, 2] ** 2 * RIDERS * self.density).astype(np.int64)
        return DayOrders(day, np.arange(seconds.size), seconds, origin, target, rider, chance[:, 3:])

    def expected(self) -> NDArray[np.float64]:
        """Orders per quarter-hour of the week in the first regime without growth, shape (672, zones)."""
        return _week(self.seed, self.regimes[0].later) * (self.density / 4 * layout(self.seed).rate)

    def _shocks(self, day: date, regime: Regime) -> NDArray[np.float64]:
        """Factor per quarter-hour and district, mean about 1; shocks of the day before still echo."""
        districts = int(layout(self.seed).district.max()) + 1
        noise = [
            generator(self.seed, Stream.SHOCKS, day.toordinal() - back).standard_normal((QUARTERS, districts))
            for back in (1, 0)
        ]
        latent = fading(np.concatenate(noise), half_life=regime.memory * 4)[-QUARTERS:]
        return np.asarray(np.exp(regime.shock * latent - regime.shock**2 / 2))


@lru_cache(maxsize=8)
def _week(seed: int, later: float) -> NDArray[np.float64]:
    return shapes(layout(seed), later)
