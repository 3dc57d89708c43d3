"""Places and the ways between them: where a model may live, and over what network news and questions pass.

Times are seconds, sizes bytes, energy joules; the type of a number says within which range it can be weighed.
"""

from dataclasses import dataclass

from afield.records.ranges import Duration, Energy, Power, Price, Rhythm, Share, Size, Speed, Throughput


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A way between two places, as those at its near end meet it.

    Attributes:
        round_trip_s, round_trip_p95_s: there and back without a payload: median, and what 95 of 100 stay below
            (a log-normal distribution has both).
        up, down: bytes a second away from and towards the near end.
        offline_share: share of the time without the way.
        offline_s: mean length of a stretch without it (exponential).
        price_gb: of 10^9 bytes in either direction.
        joules_mb: of 10^6 bytes, at the near end.
        joules_wake: of an exchange, whatever its size: the radio wakes and stays awake for a while.
    """

    round_trip_s: Duration
    round_trip_p95_s: Duration
    up: Throughput
    down: Throughput
    offline_share: Share = 0.0
    offline_s: Rhythm = 300.0
    price_gb: Price = 0.0
    joules_mb: Energy = 0.0
    joules_wake: Energy = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Somewhere a model may live.

    Attributes:
        name: e.g. `phone`; the last place of the considerations is the cloud.
        speed: of computing, where this machine is 1.
        watts: drawn by computing.
        memory: bytes that the model may take; 0 where nothing is scarce.
        energy_day: joules that the feature may take a day; 0 where nothing is scarce (mains, a car).
        cloud: the way from here to the cloud; None in the cloud.
        reach: the way here from where people ask; None where they ask here.
    """

    name: str
    speed: Speed = 1.0
    watts: Power = 0.0
    memory: Size = 0.0
    energy_day: Energy = 0.0
    cloud: Link | None = None
    reach: Link | None = None
