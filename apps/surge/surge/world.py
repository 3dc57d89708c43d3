"""The generated city as a whole: its history in one batch, or slot by slot with prices that act on it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.data.sources import Extract
from afield.errors import UsageError
from surge.city.almanac import almanac
from surge.city.demand import DayOrders, Demand
from surge.city.layout import layout
from surge.city.market import Market, Outcome
from surge.city.regimes import Regime, usual
from surge.city.rides import rides
from surge.tables import typed

MIDNIGHT = datetime.min.time()
SLACK = 1.3
"""Drivers cover the usual orders of a slot and this many of their standard deviations."""


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of one slot's orders at the prices that were served.

    Attributes:
        orders: the slot's orders in the schema of `orders` (pickup time where the ride took place), with
            `fate` (served, declined, gave_up), `wait` (minutes) and `multiplier`.
        supply: orders per slot that the drivers present could serve, by zone.
    """

    orders: pl.DataFrame
    supply: Mapping[int, float]

    @property
    def minutes_waited(self) -> float:
        """Minutes that all riders who accepted the price waited, together."""
        return float(self.orders["wait"].sum())

    @property
    def gave_up(self) -> int:
        """Riders who accepted the price and did not wait for the car."""
        return int((self.orders["fate"] == "gave_up").sum())

    @property
    def declined(self) -> int:
        """Riders who did not accept the price."""
        return int((self.orders["fate"] == "declined").sum())


class City:
    """A city made up from a seed; always to be called *generated*.

    Demand is counted before a price is shown, so the orders are the same whatever is served; pickups, waits
    and where the drivers are depend on it.
    """

    def __init__(
        self,
        seed: int = 7,
        density: float = 1.0,
        start: datetime = datetime(2024, 1, 1),
        slot: timedelta = timedelta(minutes=15),
        changes: Sequence[Regime] = (),
    ) -> None:
        """Found the city.

        Args:
            seed: of everything random.
            density: scale of demand; 1 matches the real green-taxi files.
            start: first moment, a midnight.
            slot: length of a slot; a whole number of quarter-hours that divides a day.
            changes: regimes after the usual one, each from its day on.

        Raises:
            UsageError: a value does not fit.
        """
        quarters = slot / timedelta(minutes=15)
        if quarters < 1 or quarters % 1 or 96 % quarters:
            raise UsageError(f"a slot of {slot} does not divide a day into quarter-hours; use 15 or 60 minutes")
        if start.time() != MIDNIGHT or density <= 0:
            raise UsageError(f"the city needs a start at midnight ({start} given) and a density above 0 ({density})")
        self.start, self.slot, self.density, self.seed = start, slot, density, seed
        self._layout = layout(seed)
        self._demand = Demand(seed, density, start.date(), (usual(start.date()), *changes))
        self._quarters = int(quarters)
        self._capacity = self._declared()
        self._market: Market | None = None
        self._settled: datetime | None = None
        self._today = lru_cache(maxsize=3)(self._demand.orders)

    def extract(self, until: datetime) -> Extract:
        """Everything that happened from the start to `until`, at the usual price everywhere."""
        if until <= self.start:
            raise UsageError(f"the city begins at {self.start}; ask for a later end than {until}")
        count = math.ceil((until - self.start) / timedelta(days=1))
        days = [self.start.date() + timedelta(days=n) for n in range(count)]
        usual_price = np.ones(self._layout.zones.size)
        market = Market(self._capacity_at(self.start), self.slot / timedelta(minutes=1))
        parts = []
        for day in days:
            orders = self._demand.orders(day)
            parts.append(rides(self._layout, orders, self._whole_day(market, orders, usual_price)))
        asked = typed("orders", pl.concat(parts)).filter(pl.col("at") < until)
        picked_up = pl.col("pickup_time")
        tables = {
            **almanac(self.seed, self.start, until),
            "orders": asked.with_columns(pl.when(picked_up < until).then(picked_up)),
            "capacity": self.capacity(),
        }
        message = f"generated city, seed {self.seed}, density {self.density:g}: no row of it is a recording"
        return Extract(
            tables={name: frame.lazy() for name, frame in tables.items()},
            rows_read=asked.height,
            messages=(message,),
            density=self.density,
            generated=True,
        )

    def open_slot(self, slot: datetime) -> pl.DataFrame:
        """Orders asked in the slot that begins at `slot`, in the schema of `orders`, no pickup yet."""
        orders, chosen = self._slot_orders(slot)
        return typed("orders", rides(self._layout, _only(orders, chosen)))

    def settle(self, slot: datetime, multipliers: Mapping[int, float]) -> Settlement:
        """What became of the slot's orders at these prices; drivers then move by them.

        Args:
            slot: start of the slot; settle slots in order. After a gap drivers stand where they usually do.
            multipliers: price multiplier by zone; 1 where a zone is not named.

        Raises:
            UsageError: the slot was settled already.
        """
        if self._settled is not None and slot <= self._settled:
            raise UsageError(f"the slot of {slot} is past: the city is settled up to {self._settled}")
        orders, chosen = self._slot_orders(slot)
        capacity = self._capacity_at(slot)
        if self._market is None or self._settled is None or slot - self._settled > timedelta(hours=6):
            self._market = Market(capacity, self.slot / timedelta(minutes=1))
        price = np.array([max(1.0, multipliers.get(int(zone), 1.0)) for zone in self._layout.zones])
        supply = self._market.supply.copy()
        asked = _only(orders, chosen)
        outcome = self._market.settle(capacity, price, asked.origin, asked.chance)
        self._settled = slot
        frame = rides(self._layout, asked, outcome)
        return Settlement(
            orders=frame.with_columns(multiplier=pl.Series(price[asked.origin])),
            supply={int(zone): float(value) for zone, value in zip(self._layout.zones, supply, strict=True)},
        )

    def capacity(self) -> pl.DataFrame:
        """The declared capacity: zone, hour of week, orders per slot. Realised orders at or above it are a surge."""
        zones = self._layout.zones
        return typed(
            "capacity",
            pl.DataFrame(
                {
                    "zone": np.tile(zones, 168),
                    "hour_of_week": np.repeat(np.arange(168), zones.size),
                    "capacity": self._capacity.ravel(),
                }
            ),
        )

    def _declared(self) -> NDArray[np.float64]:
        usual_orders = self._demand.expected().reshape(168, 4, -1).mean(axis=1) * self._quarters
        return np.asarray(np.maximum(2.0, np.ceil(usual_orders + SLACK * np.sqrt(usual_orders))))

    def _capacity_at(self, moment: datetime) -> NDArray[np.float64]:
        return np.asarray(self._capacity[moment.weekday() * 24 + moment.hour])

    def _slot_orders(self, slot: datetime) -> tuple[DayOrders, slice]:
        midnight = datetime.combine(slot.date(), MIDNIGHT)
        if slot < self.start or (slot - midnight) % self.slot:
            raise UsageError(f"{slot} does not begin a slot of {self.slot} in the city, which begins at {self.start}")
        orders = self._today(slot.date())
        begin = (slot - midnight).seconds
        low, high = np.searchsorted(orders.seconds, [begin, begin + self.slot.total_seconds()])
        return orders, slice(int(low), int(high))

    def _whole_day(self, market: Market, orders: DayOrders, price: NDArray[np.float64]) -> Outcome:
        edges = np.arange(0, 86401, self._quarters * 900)
        midnight = datetime.combine(orders.day, MIDNIGHT)
        outcomes = [
            market.settle(
                self._capacity_at(midnight + n * self.slot), price, orders.origin[low:high], orders.chance[low:high]
            )
            for n, (low, high) in enumerate(pairwise(np.searchsorted(orders.seconds, edges)))
        ]
        return Outcome(np.concatenate([o.fate for o in outcomes]), np.concatenate([o.wait for o in outcomes]))


def _only(orders: DayOrders, chosen: slice) -> DayOrders:
    return DayOrders(
        orders.day,
        orders.number[chosen],
        orders.seconds[chosen],
        orders.origin[chosen],
        orders.target[chosen],
        orders.rider[chosen],
        orders.chance[chosen],
    )
