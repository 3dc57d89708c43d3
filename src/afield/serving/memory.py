"""The last answers by key: what a step limit starts from, and what answers when the model is gone."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from afield.serving.inference import Outputs

Remembered = tuple[datetime, str, Mapping[str, list[float]], int]
"""Tick, release, columns of outputs that several keys share, and the key's place in them."""


class Memory:
    """What this process last answered for each key, at the newest tick and at the one answered before."""

    def __init__(self, keep: timedelta) -> None:
        """Forget answers that are older than `keep` at the tick that is asked about."""
        self._keep = keep
        self._newest: dict[str, Remembered] = {}
        self._before: dict[str, Remembered] = {}

    def remember(self, keys: Sequence[str], tick: datetime, release: str, outputs: Outputs, needed: str) -> None:
        """Keep what `release` answered at `tick`, one value a key, where the output `needed` is known."""
        columns = {name: values.tolist() for name, values in outputs.items()}
        known = columns[needed]
        for place, key in enumerate(keys):
            if math.isfinite(known[place]):
                newest = self._newest.get(key)
                if newest is not None and newest[0] < tick:
                    self._before[key] = newest
                self._newest[key] = (tick, release, columns, place)

    def giver(self, key: str) -> str:
        """The release that gave the newest answer for `key`, "" where there is none."""
        newest = self._newest.get(key)
        return newest[1] if newest is not None else ""

    def last(self, keys: Sequence[str], tick: datetime, name: str) -> NDArray[np.float64]:
        """The output `name` at the newest tick before `tick`, one value a key; NaN where there is none."""
        return np.array([self._value(self._earlier(key, tick), tick, name) for key in keys], np.float64)

    def cached(self, keys: Sequence[str], tick: datetime) -> Outputs:
        """The newest answers, every output that was remembered; NaN where there is none that is young enough."""
        found = [self._newest.get(key) for key in keys]
        names = dict.fromkeys(name for one in found if one is not None for name in one[2])
        return {name: np.array([self._value(one, tick, name) for one in found], np.float64) for name in names}

    def _earlier(self, key: str, tick: datetime) -> Remembered | None:
        newest = self._newest.get(key)
        return newest if newest is not None and newest[0] < tick else self._before.get(key)

    def _value(self, found: Remembered | None, tick: datetime, name: str) -> float:
        if found is None or not timedelta(0) <= tick - found[0] <= self._keep:
            return np.nan
        column = found[2].get(name)
        return np.nan if column is None else column[found[3]]
