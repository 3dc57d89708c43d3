"""Considerations: what decides where a model lives, as an application states it and the planner weighs it.

Times are seconds, sizes bytes, rates a second, energy joules, money in one currency; shares lie in [0, 1]. The type of
a number says within which range it can be weighed.
"""

from dataclasses import dataclass, field
from typing import Annotated, Literal

from afield.records.places import Place
from afield.records.ranges import Count, Duration, Factor, Latency, Price, Range, Rate, Rhythm, Share, Size

Design = Literal["static", "client", "server", "cached", "hybrid"]

DESIGNS: tuple[Design, ...] = ("static", "client", "server", "cached", "hybrid")
HOUR, DAY = 3_600.0, 86_400.0
NEVER = 1e9
"""An age that nothing reaches."""
EVEN: tuple[float, ...] = (1.0,) * 24
"""A day on which every hour is asked alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requests:
    """What is asked, and how soon the answer is wanted.

    Attributes:
        rate: of the whole fleet a second, mean over the day.
        daily: weights of the 24 hours.
        input_bytes, output_bytes: bodies of a request and of its answer.
        head_bytes_up, head_bytes_down: what stands around a body.
        round_trips: that a remote answer takes: 1 on a kept connection, 2 on a new one, 3 with TLS 1.3.
        latency_s: from which an answer is late.
    """

    rate: Rate
    daily: tuple[float, ...] = EVEN
    input_bytes: Size
    output_bytes: Size
    head_bytes_up: Size = 180.0
    head_bytes_down: Size = 160.0
    round_trips: Factor = 2.0
    latency_s: Latency

    @property
    def up_bytes(self) -> float:
        """Of a request, with what stands around it."""
        return self.input_bytes + self.head_bytes_up

    @property
    def down_bytes(self) -> float:
        """Of an answer, with what stands around it."""
        return self.output_bytes + self.head_bytes_down


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What answers rest on, and how it ages.

    From which age on it is too old, the application's own operation says: `afield place` takes `stale_s` and `oldest_s`
    from there, and an application does not state them.

    Attributes:
        every_s: rhythm in which facts change; feature snapshots are made in it.
        bytes: of a feature snapshot; 0: as measured.
        stale_s: age from which a static answer stands in.
        oldest_s: age from which the hybrid asks the cloud.
        useful_s: time in which the advantage of fresh facts falls to 1/e.
    """

    every_s: Rhythm
    bytes: Size = 0.0
    stale_s: Rhythm = NEVER
    oldest_s: Rhythm = NEVER
    useful_s: Rhythm


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Releases, and how devices come by them.

    Attributes:
        every_s: rhythm of releases.
        bytes: of a bundle; 0: as measured.
        sync_s: rhythm in which a device looks for news; that of `afield.client.Client` too, where it is given no other.
    """

    every_s: Rhythm = 28 * DAY
    bytes: Size = 0.0
    sync_s: Rhythm


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """The product that carries what is static.

    Attributes:
        every_s: rhythm of its new versions.
        adoption_s: mean time until a device takes a new version (exponential).
        work: of a static answer over that of the release.
        bytes: of what is compiled into it; 0: as large as the release.
    """

    every_s: Rhythm
    adoption_s: Rhythm
    work: Factor
    bytes: Size = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """Answers computed ahead.

    Attributes:
        share: of requests whose answer can be computed ahead.
        ahead: answers computed ahead each time facts change.
        lookup_s: time of a look-up.
        fresh_s: age until which an answer computed ahead may be given; `afield place` takes it from the application's
            operation.
    """

    share: Share
    ahead: Annotated[float, Range("answers", 0.0, 1e9, 1_000.0)]
    lookup_s: Duration = 0.0002
    fresh_s: Rhythm = NEVER


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """How sure and how right answers are.

    Attributes:
        unsure: share of a device's own answers that the hybrid asks the cloud about.
        wrong_static, wrong_device, wrong_cloud: share of wrong answers, from a table, on a device with fresh facts,
            and in the cloud.
    """

    unsure: Share
    wrong_static: Share
    wrong_device: Share
    wrong_cloud: Share


@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """What is paid, for answers that are not as they should be and for running.

    Attributes:
        wrong, late, absent: of one such answer.
        server_hour: price of an hour of one worker in the cloud.
    """

    wrong: Price
    late: Price
    absent: Price
    server_hour: Price = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The workers in the cloud.

    Attributes:
        least_workers: that stand there at night too.
        busy: share of a worker's time that is planned to be used; the rest is headroom.
        pickup_s: time in which a running service takes news over.
        outage_s: length of the failure of the cloud that is played through.
    """

    least_workers: Annotated[float, Range("workers", 1.0, 1e6, 2.0)] = 1.0
    busy: Annotated[float, Range("", 0.01, 1.0, 0.6)] = 0.6
    pickup_s: Duration = 0.5
    outage_s: Annotated[float, Range("seconds", 1.0, 30 * DAY, 3_600.0)] = 3_600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """What must come back about answers.

    Attributes:
        share: of answers about which it is wanted.
        least: share of that which must arrive.
        event_bytes: of one recorded answer as it is sent.
    """

    share: Share = 1.0
    least: Share = 0.0
    event_bytes: Size = 350.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Considerations:
    """What decides where the model of one feature lives.

    Attributes:
        why: the application's own reading of what follows, in a sentence.
        places: from near people to far; the last is the cloud.
        asked_at: the place at which people ask.
        devices: in the fleet.
        requests, facts, model, product, cache, answers, costs, service, telemetry: the rest, by what it is about.
    """

    why: str
    places: tuple[Place, ...]
    asked_at: str
    devices: Count
    requests: Requests
    facts: Facts
    model: Model
    product: Product
    cache: Cache
    answers: Answers
    costs: Costs
    service: Service = field(default_factory=Service)
    telemetry: Telemetry = field(default_factory=Telemetry)

    @property
    def cloud(self) -> Place:
        """The place that everybody shares."""
        return self.places[-1]

    @property
    def asking(self) -> Place:
        """The place at which people ask."""
        return next(place for place in self.places if place.name == self.asked_at)
