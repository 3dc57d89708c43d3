"""Time as an argument: the real clock, and one that a replay or a test moves."""

from datetime import UTC, datetime, tzinfo
from typing import Protocol


class Clock(Protocol):
    """Tells the time of the place and the time of the audit."""

    def now(self) -> datetime:
        """Domain time, naive, in the clock of the place."""
        ...

    def recorded(self) -> datetime:
        """Wall time, aware, UTC: for audit rows only."""
        ...


class WallClock:
    """The machine's clock, read in the zone of the place."""

    def __init__(self, zone: tzinfo) -> None:
        """Tell domain time in `zone`."""
        self._zone = zone

    def now(self) -> datetime:
        """The wall clock of the place, naive."""
        return datetime.now(self._zone).replace(tzinfo=None)

    def recorded(self) -> datetime:
        """The wall clock, UTC."""
        return datetime.now(UTC)


class SimulatedClock:
    """A clock that stands still until it is moved forward."""

    def __init__(self, start: datetime) -> None:
        """Start at `start` (naive domain time)."""
        self._now = start

    def now(self) -> datetime:
        """The moment it was last moved to."""
        return self._now

    def recorded(self) -> datetime:
        """The wall clock, UTC: audit time is never simulated."""
        return datetime.now(UTC)

    def advance(self, to: datetime) -> None:
        """Move forward to `to`; a clock never goes back.

        Raises:
            ValueError: `to` lies before the present moment.
        """
        if to < self._now:
            raise ValueError(f"the clock stands at {self._now} and cannot go back to {to}")
        self._now = to
