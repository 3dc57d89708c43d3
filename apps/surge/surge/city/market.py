"""Drivers and riders meet: who accepts the price, how long each waits, who gives up, where drivers go."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

PRICE_ELASTICITY = 0.5
"""A rider accepts multiplier m with probability m to the minus this."""

PULL = 1.2
"""How strongly drivers prefer zones whose price is higher (log odds per unit of multiplier)."""

FLEET = 0.25
"""Relative growth of the fleet per unit by which the mean multiplier exceeds 1: drivers who log on."""

MOVING_MINUTES = 25.0
"""Time constant with which drivers arrive where they want to be."""

WAIT_IDLE, WAIT_LOAD, WAIT_MOST = 2.5, 2.5, 45.0
"""Minutes: wait with free drivers; added at a load of 1 (it grows with the square); the longest mean wait."""

PATIENCE_LEAST, PATIENCE_SPREAD = 7.0, 16.0
"""Minutes that riders wait before they give up: uniform from the first, over the second."""

SERVED, DECLINED, GAVE_UP = 0, 1, 2


@dataclass(frozen=True)
class Outcome:
    """What became of a slot's orders; arrays with one entry per order.

    Attributes:
        fate: SERVED, DECLINED (the price) or GAVE_UP (the wait).
        wait: minutes until pickup, or until the rider gave up; 0 where the price was declined.
    """

    fate: NDArray[np.int64]
    wait: NDArray[np.float64]


class Market:
    """The drivers of a city between two slots; all arrays have one entry per zone."""

    def __init__(self, capacity: NDArray[np.float64], minutes: float) -> None:
        """Start with drivers where they are usually wanted.

        Args:
            capacity: orders per slot that drivers can serve at the usual price, in the first slot.
            minutes: length of a slot.
        """
        self.supply = capacity.copy()
        self._arrive = 1.0 - np.exp(-minutes / MOVING_MINUTES)

    def settle(
        self,
        capacity: NDArray[np.float64],
        multiplier: NDArray[np.float64],
        origin: NDArray[np.int64],
        chance: NDArray[np.float64],
    ) -> Outcome:
        """Serve the slot's orders at the prices shown, then let drivers move by these prices.

        Args:
            capacity: usual capacity of the slot.
            multiplier: price multiplier that was served in each zone, at least 1.
            origin: zone index of each order.
            chance: the riders' three uniform draws: acceptance, luck in waiting, patience.
        """
        accepts = chance[:, 0] <= multiplier[origin] ** -PRICE_ELASTICITY
        asked = np.bincount(origin[accepts], minlength=capacity.size)
        load = asked / np.maximum(self.supply, 0.25)
        mean_wait = np.minimum(WAIT_IDLE + WAIT_LOAD * load**2, WAIT_MOST)
        wait = mean_wait[origin] * (0.6 + 0.8 * chance[:, 1])
        patience = PATIENCE_LEAST + PATIENCE_SPREAD * chance[:, 2]
        fate = np.where(accepts, np.where(wait > patience, GAVE_UP, SERVED), DECLINED)
        self._move(capacity, multiplier)
        return Outcome(fate, np.where(accepts, np.minimum(wait, patience), 0.0))

    def _move(self, capacity: NDArray[np.float64], multiplier: NDArray[np.float64]) -> None:
        wanted = capacity * np.exp(PULL * (multiplier - 1.0))
        usual = capacity.sum()
        fleet = usual * (1.0 + FLEET * (float((capacity * multiplier).sum() / usual) - 1.0))
        self.supply += self._arrive * (wanted * (fleet / wanted.sum()) - self.supply)
