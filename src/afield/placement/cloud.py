"""The cloud as requests meet it: its workers, its queue, its cache, and the way there."""

import math
from random import Random

from afield.placement.chance import Daily, round_trip
from afield.placement.measured import Measured
from afield.placement.options import Option
from afield.placement.queue import Load, Queue, workers
from afield.placement.seen import mean
from afield.records.considerations import Considerations
from afield.records.places import Link

HOUR = 3_600.0


class Cloud:
    """One design's cloud, for a whole fleet."""

    def __init__(self, considered: Considerations, measured: Measured, option: Option, seed: int) -> None:
        """Plan the workers of every hour and simulate their queue."""
        self._considered = considered
        self._single = measured.single
        self._speed = considered.cloud.speed
        self._cached = option.design == "cached"
        self._hits = hits(considered) if self._cached else 0.0
        self.loads = loads(considered, measured, option)
        average = service_mean(considered, measured, option)
        self._queue = Queue(self.loads, self._service, average, seed)

    def answer(self, link: Link, at: float, age: float, chance: Random) -> float:
        """Seconds from a request at `at` until its answer is back over `link`; `age` of what was computed ahead."""
        told = self._considered
        asked = told.requests
        way = asked.round_trips * round_trip(link, chance) + asked.up_bytes / link.up + asked.down_bytes / link.down
        waited = self._queue.wait(int(at % (24 * HOUR) // HOUR), chance)
        hit = chance.random() < told.cache.share and self._cached and age <= told.cache.fresh_s
        drawn = self._model(chance)
        return way + waited + (told.cache.lookup_s if hit else drawn)

    def _service(self, chance: Random) -> float:
        hit, drawn = chance.random() < self._hits, self._model(chance)
        return self._considered.cache.lookup_s if hit else drawn

    def _model(self, chance: Random) -> float:
        return self._single[int(chance.random() * len(self._single))] / self._speed


def hits(considered: Considerations) -> float:
    """Share of requests that find their answer computed ahead, and fresh enough."""
    return considered.cache.share * min(1.0, considered.cache.fresh_s / considered.facts.every_s)


def service_mean(considered: Considerations, measured: Measured, option: Option) -> float:
    """Seconds of a worker that a request takes on average."""
    model = mean(measured.single) / considered.cloud.speed
    if option.design != "cached":
        return model
    share = hits(considered)
    return share * considered.cache.lookup_s + (1 - share) * model


def asked_on(considered: Considerations) -> float:
    """Share of the hybrid's answers that devices with a connection ask the cloud about: unsure, or of facts too old.

    At a look the newest facts are as old as a part of their rhythm, at an answer the look as old as a part of its own.
    """
    told = considered.facts
    oldest, rhythms = min(told.oldest_s, told.stale_s), (told.every_s, considered.model.sync_s)
    if oldest >= sum(rhythms):
        return considered.answers.unsure
    over = [max(0.0, oldest - each) ** 2 for each in rhythms]
    young = (oldest**2 - sum(over)) / (2 * math.prod(rhythms))
    return 1.0 - (1.0 - considered.answers.unsure) * young


def loads(considered: Considerations, measured: Measured, option: Option) -> tuple[Load, ...]:
    """What reaches the cloud in each hour, and the workers that stand there."""
    device = considered.asking if not option.local else considered.places[0]
    asked = considered.requests.rate * (asked_on(considered) if option.local else 1.0)
    online = 1.0 - (device.cloud.offline_share if device.cloud else 0.0)
    average = service_mean(considered, measured, option)
    found = []
    for level in Daily(considered.requests.daily).levels:
        rate = asked * online * level
        found.append(Load(rate, workers(rate, average, considered.service.busy, considered.service.least_workers)))
    return tuple(found)
