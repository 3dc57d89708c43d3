"""The generated city as a source: the embedded default, so that everything works without any data."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from afield.data.sources import Extract
from surge.city.regimes import Regime, transit_strike
from surge.world import City

VERSION = 1
"""Grows when the same seed gives another city."""


@dataclass(frozen=True, slots=True)
class GeneratedCity:
    """A stretch of the generated city's history; a `Source`.

    Attributes:
        seed: of everything random.
        density: scale of demand; 1 matches the real files.
        start: first moment, a midnight.
        days: length of the history.
        change: days from the start until a transit strike changes the relations; 0: it never comes.
        slot: length of a slot.
    """

    seed: int = 7
    density: float = 4.0
    start: datetime = datetime(2024, 1, 1)
    days: int = 91
    change: int = 70
    slot: timedelta = timedelta(minutes=15)

    @property
    def until(self) -> datetime:
        """End of the history."""
        return self.start + timedelta(days=self.days)

    @property
    def changes(self) -> tuple[Regime, ...]:
        """The declared changes of regime."""
        return (transit_strike((self.start + timedelta(days=self.change)).date()),) if self.change else ()

    def city(self) -> City:
        """The same city, to be stepped slot by slot with prices that act on it."""
        return City(self.seed, self.density, self.start, self.slot, self.changes)

    def read(self) -> Extract:
        """The history, at the usual price everywhere."""
        return self.city().extract(self.until)

    def fingerprint(self) -> str:
        """Digest of the parameters and of what turns them into a city."""
        made_with = f"generated {VERSION} numpy {np.__version__} {self!r}"
        return hashlib.sha256(made_with.encode()).hexdigest()
