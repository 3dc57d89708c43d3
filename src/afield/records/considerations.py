"""Considerations: what decides where a model lives, as an application states it and the planner weighs it.

Times are seconds, sizes bytes, rates a second, energy joules, money in one currency; shares lie in [0, 1].
"""

from dataclasses import dataclass
from typing import Literal

Design = Literal["static", "client", "server", "cached", "hybrid"]

DESIGNS: tuple[Design, ...] = ("static", "client", "server", "cached", "hybrid")
EVEN: tuple[float, ...] = (1.0,) * 24
"""A day on which every hour is asked alike."""


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

    round_trip_s: float
    round_trip_p95_s: float
    up: float
    down: float
    offline_share: float = 0.0
    offline_s: float = 300.0
    price_gb: float = 0.0
    joules_mb: float = 0.0
    joules_wake: float = 0.0


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
    speed: float = 1.0
    watts: float = 0.0
    memory: float = 0.0
    energy_day: float = 0.0
    cloud: Link | None = None
    reach: Link | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Considerations:
    """What decides where the model of one feature lives.

    Attributes:
        why: the application's own reading of what follows, in a sentence.
        places: from near people to far; the last is the cloud.
        asked_at: the place at which people ask.
        devices: in the fleet.
        requests: of the whole fleet a second, mean over the day.
        daily: weights of the 24 hours.
        input_bytes, output_bytes: bodies of a request and of its answer.
        head_bytes_up, head_bytes_down: what stands around a body.
        round_trips: that a remote answer takes: 1 on a kept connection, 2 on a new one, 3 with TLS 1.3.
        latency_s: from which an answer is late.
        facts_every_s: rhythm in which facts change; feature snapshots are made in it.
        facts_bytes: of a feature snapshot; 0: as measured.
        facts_stale_s: age of the facts from which a static answer stands in.
        facts_useful_s: time in which the advantage of fresh facts falls to 1/e.
        model_every_s: rhythm of releases.
        model_bytes: of a bundle; 0: as measured.
        sync_s: rhythm in which a device looks for news.
        pickup_s: time in which a running service takes news over.
        product_every_s: rhythm of new versions of the product, which carry what is static.
        adoption_s: mean time until a device takes a new version of the product (exponential).
        static_work: work of a static answer over that of the release.
        static_bytes: of what is compiled into the product; 0: as large as the release.
        cacheable: share of requests whose answer can be computed ahead.
        ahead: answers computed ahead each time facts change.
        cache_s: time of a look-up in the cache.
        cache_fresh_s: age until which an answer computed ahead may be given.
        unsure: share of a device's own answers that the hybrid asks the cloud about.
        wrong_static, wrong_device, wrong_cloud: share of wrong answers, from a table, on a device with fresh facts,
            and in the cloud.
        wrong_cost, late_cost, absent_cost: of one such answer.
        server_hour: price of an hour of one worker in the cloud.
        least_workers: that stand there at night too.
        busy: share of a worker's time that is planned to be used; the rest is headroom.
        telemetry: share of answers about which telemetry is wanted.
        telemetry_least: share of that which must arrive.
        event_bytes: of one recorded answer as it is sent.
        outage_s: length of the failure of the cloud that is played through.
    """

    why: str
    places: tuple[Place, ...]
    asked_at: str
    devices: float
    requests: float
    daily: tuple[float, ...] = EVEN
    input_bytes: float
    output_bytes: float
    head_bytes_up: float = 180.0
    head_bytes_down: float = 160.0
    round_trips: float = 1.0
    latency_s: float
    facts_every_s: float
    facts_bytes: float = 0.0
    facts_stale_s: float
    facts_useful_s: float
    model_every_s: float
    model_bytes: float = 0.0
    sync_s: float
    pickup_s: float = 0.5
    product_every_s: float
    adoption_s: float
    static_work: float
    static_bytes: float = 0.0
    cacheable: float
    ahead: float
    cache_s: float = 0.0002
    cache_fresh_s: float
    unsure: float
    wrong_static: float
    wrong_device: float
    wrong_cloud: float
    wrong_cost: float
    late_cost: float
    absent_cost: float
    server_hour: float
    least_workers: float = 1.0
    busy: float = 0.6
    telemetry: float = 1.0
    telemetry_least: float = 0.0
    event_bytes: float = 350.0
    outage_s: float = 3600.0

    @property
    def cloud(self) -> Place:
        """The place that everybody shares."""
        return self.places[-1]

    @property
    def asking(self) -> Place:
        """The place at which people ask."""
        return next(place for place in self.places if place.name == self.asked_at)
