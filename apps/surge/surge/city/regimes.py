"""How the city behaves, and a declared day from which it behaves otherwise."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Regime:
    """How riders behave from a day on.

    Attributes:
        name: what happened, in words.
        since: first day.
        later: hours by which the day of the moved zones (half of the city) runs later.
        moved: factor on the orders of the moved zones; the others change the opposite way.
        rain: relative change of orders per mm/h of rain (levels off at 3 mm/h).
        shock: standard deviation of the district's common shock (log scale).
        memory: hours after which half of a shock is left.
    """

    name: str
    since: date
    later: float = 0.0
    moved: float = 1.0
    rain: float = 0.12
    shock: float = 0.16
    memory: float = 1.0


def usual(start: date) -> Regime:
    """The behaviour that is calibrated on the real files."""
    return Regime("usual", start)


def transit_strike(since: date) -> Regime:
    """A transit strike with working hours moved: demand comes in waves, later, and rain keeps people in.

    A model trained before it is wrong in ways that fresh lags do not mend: the momentum within the day, the
    hour-of-week shape of half of the zones and the response to rain are all other relations than it learned.
    """
    return Regime("transit strike", since, later=5.0, moved=1.15, rain=-0.18, shock=0.28, memory=3.0)


def regime_on(regimes: Sequence[Regime], day: date) -> Regime:
    """The regime in force on `day`: the latest that has begun, or the first."""
    return max((regime for regime in regimes if regime.since <= day), key=lambda r: r.since, default=regimes[0])
