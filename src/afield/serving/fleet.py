"""The whole fleet looked over when rows arrive: whether its mean moved further than it may within a tick."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from afield.errors import InferenceError
from afield.serving.inference import Outputs, Rows
from afield.serving.product import FleetGuard, Product
from afield.serving.situation import Situation

Known = tuple[datetime, tuple[str, ...], Outputs]
"""Tick, keys and outputs of all of them."""
Asked = Callable[[Situation, str, Rows], Outputs]
"""What a release says of rows; raises InferenceError."""


class Fleet:
    """Remembers what the fleet was told at the last tick that was believed.

    Attributes:
        exceeded: the guards that do not believe a release about the newest rows; by the release.
    """

    def __init__(self, product: Product) -> None:
        """Look the fleet of `product` over."""
        self._guards = product.fleet
        self._keep = product.stale_after + product.step
        self._believed: Known | None = None
        self.exceeded: dict[str, tuple[FleetGuard, ...]] = {}

    def look(self, seen: Situation, asked: Asked) -> None:
        """Judge what the champion and the challenger say of every row, as they are `asked`.

        A level that lasts longer than earlier answers are kept is believed, so that a world that has changed for good
        is not held back for ever.
        """
        facts, champion = seen.rows, seen.control.champion
        if facts is None:
            return
        said: dict[str, Outputs] = {}
        for digest in dict.fromkeys((champion, seen.control.challenger)):
            with suppress(InferenceError):  # a release that fails is told by its answers
                said[digest] = asked(seen, digest, seen.columns)
        believed = self._believed
        old = believed is None or not timedelta(0) <= facts.tick - believed[0] <= self._keep
        self.exceeded = {} if old else {name: self._judged(facts.keys, outputs) for name, outputs in said.items()}
        if champion in said and not self.exceeded.get(champion):
            self._believed = (facts.tick, facts.keys, said[champion])

    def _judged(self, keys: tuple[str, ...], outputs: Outputs) -> tuple[FleetGuard, ...]:
        if self._believed is None:
            return ()
        _, known, before = self._believed
        places = {key: place for place, key in enumerate(known)}
        order = [places.get(key, -1) for key in keys]
        return tuple(
            guard
            for guard in self._guards
            if guard.output in outputs
            and guard.output in before
            and guard.exceeded(outputs[guard.output], _picked(before[guard.output], order))
        )


def _picked(values: NDArray[np.float64], order: list[int]) -> NDArray[np.float64]:
    """The values at these places; NaN at −1."""
    return np.append(values, np.nan)[order]
