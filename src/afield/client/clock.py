"""Domain time on a device whose own clock may be wrong: put right by what the server says of the time."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

# What the server says of the time has whole seconds, and was some seconds on its way: less is no error of the clock.
TOLERANCE = 30.0


def since_start() -> float:
    """Seconds on a clock that nobody sets; it goes on while the device sleeps, where the system has such a one."""
    sleeps_too = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if sleeps_too is None else time.clock_gettime(sleeps_too)


class DeviceClock:
    """The time of the place, by the server's clock once it was heard, else by the device's own."""

    def __init__(
        self,
        zone: tzinfo,
        offset: float = 0.0,
        *,
        wall: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = since_start,
    ) -> None:
        """Tell domain time in `zone`.

        Args:
            zone: of the place.
            offset: seconds by which the device's clock was behind when the server was last heard.
            wall: the device's clock, seconds since 1970.
            elapsed: a clock that nobody sets, seconds.
        """
        self._zone, self._wall, self._elapsed = zone, wall, elapsed
        self._offset = offset
        self._heard: tuple[float, float] | None = None

    @property
    def offset(self) -> float:
        """Seconds by which the device's clock is behind the server's, negative where it is ahead; 0.0 where it fits.

        A clock that is set while the program runs changes it at once, for the time that passed is known.
        """
        if self._heard is not None:
            said, then = self._heard
            self._offset = said + self._elapsed() - then - self._wall()
        return self._offset if abs(self._offset) > TOLERANCE else 0.0

    def heard(self, server: datetime) -> None:
        """The server said that it is this time (aware)."""
        self._heard = (server.timestamp(), self._elapsed())

    def now(self) -> datetime:
        """Domain time, naive, in the clock of the place."""
        return self._at(self._wall() + self.offset)

    def corrected(self, moment: datetime) -> datetime:
        """A domain time that somebody asked about, as it is where the device's clock is right.

        One that was read off a wrong clock lies nearer to what that clock says than to the time that it is, and is
        put right by as much; any other was known from elsewhere and stays.
        """
        offset = self.offset
        if not offset:
            return moment
        wrong, right = self._at(self._wall()), self.now()
        return moment + timedelta(seconds=offset) if abs(moment - wrong) < abs(moment - right) else moment

    def _at(self, seconds: float) -> datetime:
        return datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None)
