"""A device of a fleet: what it holds, how it answers or asks, and what that takes."""

import math
from functools import cache

from afield.placement.chance import DAY, Connection, round_trip, stream
from afield.placement.cloud import Cloud
from afield.placement.measured import Measured
from afield.placement.options import Option, place_of
from afield.placement.seen import Seen
from afield.records.considerations import Considerations
from afield.records.places import Link, Place

MEGA, GIGA = 1e6, 1e9
ASKED_FOR = 2
"""What a look asks for: feature rows and control state. Records of answers, where there are some, go with it."""


class Device:
    """One device that is followed, of one option."""

    def __init__(
        self,
        considered: Considerations,
        measured: Measured,
        option: Option,
        cloud: Cloud | None,
        seen: Seen,
        seed: int,
        number: int,
        times: tuple[float, float, float, float],
    ) -> None:
        """A device that is followed from the first of `times`; counted from the second; the cloud fails at the third.

        Raises:
            ValueError: the device has no way to the cloud.
        """
        start, _, self._calm, end = times
        self._told, self._measured, self._option, self._cloud, self._seen = considered, measured, option, cloud, seen
        self.place: Place = place_of(considered, option) if option.local else considered.asking
        if self.place.cloud is None:
            raise ValueError(f"{self.place.name} has no way to the cloud")
        self.link: Link = self.place.cloud
        self.arrivals, self._chance = stream(seed, number, "arrivals"), stream(seed, number, "answers")
        self._ways = stream(seed, number, "ways")
        self.connection = Connection(self.link, start, end, stream(seed, number, "connection"))
        phases = stream(seed, number, "phases")
        self._phase = phases.random() * considered.model.sync_s
        self._shift = _shift(seed)
        self._products = [phases.expovariate(1.0) for _ in range(64)] if option.design == "static" else []
        self._free = -math.inf
        looked = start - phases.random() * considered.model.sync_s
        self._facts = _last(looked, considered.facts.every_s, self._shift)
        self._model = _last(looked, considered.model.every_s, self._shift)
        self._coming = (self._facts, self._model)
        if option.synchronised:
            self._regular()

    def _regular(self) -> None:
        """Count at its mean what comes too often or too rarely to be followed: looks without news, and releases."""
        told, days = self._told, self._seen.days
        online = 1.0 - self.link.offline_share
        looks = online * days * DAY / told.model.sync_s
        answers = told.telemetry.share * told.requests.rate / told.devices * told.model.sync_s
        exchanges = looks * (ASKED_FOR + 1.0 - math.exp(-answers))
        releases = days * DAY / told.model.every_s if online else 0.0
        size = releases * bundle_bytes(told, self._measured)
        self._carried(
            exchanges * told.requests.head_bytes_up, exchanges * told.requests.head_bytes_down + size, wakes=looks
        )

    def next_look(self, now: float) -> float:
        """When the device next finds something new: at its rhythm, once there is news and a connection."""
        news = min(
            _last(now, self._told.facts.every_s, self._shift) + self._told.facts.every_s,
            _last(now, self._told.model.every_s, self._shift) + self._told.model.every_s,
        )
        rhythm = self._told.model.sync_s
        look = self._phase + math.ceil((max(news, now) - self._phase) / rhythm) * rhythm
        return self.connection.back(look if look > now else look + rhythm)

    def fetch(self, now: float) -> float:
        """Begin to fetch what is new; when it is there. Nothing is to be had while the cloud has failed."""
        told = self._told
        if now >= self._calm:
            return math.inf
        facts, model = _last(now, told.facts.every_s, self._shift), _last(now, told.model.every_s, self._shift)
        size = facts_bytes(told, self._measured) if facts > self._facts else 0.0
        if now >= self._begun:
            self._carried(0.0, size, wakes=0)
        size += bundle_bytes(told, self._measured) if model > self._model else 0.0
        self._coming = (facts, model)
        seconds = round_trip(self.link, self._ways) + size / self.link.down
        return self.connection.through(now, seconds)

    def have(self, _now: float) -> None:
        """Use what was fetched."""
        self._facts, self._model = self._coming

    def ask(self, now: float) -> None:
        """Answer, or ask the cloud, or leave the answer out."""
        if self._option.local:
            self._answer(now)
        else:
            self._remote(now)

    @property
    def _begun(self) -> float:
        return self._calm - self._seen.days * DAY

    def _remote(self, now: float) -> None:
        told, seen = self._told, self._seen
        online = self.connection.back(now) == now
        facts = now - _last(now, told.facts.every_s, self._shift)
        took = self._cloud.answer(self.link, now, facts, self._ways) if self._cloud else 0.0
        if now >= self._calm:
            seen.out_asked += 1
            return
        seen.asked += 1
        seen.wanted += told.telemetry.share
        if not online:
            seen.offline_asked += 1
            seen.absent += 1
            return
        self._carried(told.requests.up_bytes, told.requests.down_bytes, wakes=1)
        seen.told += told.telemetry.share
        model = now - _last(now, told.model.every_s, self._shift)
        self._answered(took, facts, model, _wrong(told, told.answers.wrong_cloud, facts))

    def _answer(self, now: float) -> None:
        told, seen, static = self._told, self._seen, self._option.design == "static"
        took = self._computed(now, static)
        online = self.connection.back(now) == now and now < self._calm
        lot = self._chance.random()
        far = self._cloud.answer(self.link, now, 0.0, self._ways) if self._cloud else 0.0
        facts, model = (self._product(now),) * 2 if static else (now - self._facts, now - self._model)
        stale = static or facts > told.facts.stale_s
        wrong = told.answers.wrong_static if stale else _wrong(told, told.answers.wrong_device, facts)
        if self._cloud is not None and online and (lot < told.answers.unsure or stale or facts > told.facts.oldest_s):
            took += far
            self._carried(told.requests.up_bytes, told.requests.down_bytes, wakes=1)
            fresh = now - _last(now, told.facts.every_s, self._shift)
            gain = (
                (told.answers.wrong_device - told.answers.wrong_cloud) / told.answers.unsure
                if lot < told.answers.unsure
                else 0.0
            )
            wrong = max(0.0, _wrong(told, told.answers.wrong_device, fresh) - gain)
            facts, stale = fresh, False
        if now >= self._calm:
            seen.out_asked += 1
            seen.out_answered += not stale
            seen.out_stood_in += stale
            return
        seen.asked += 1
        seen.wanted += told.telemetry.share
        if not online:
            seen.offline_asked += 1
            seen.offline_answered += 1
        if not static:
            self._record(now)
        self._answered(took, facts, model, wrong)

    def _computed(self, now: float, static: bool) -> float:
        """Seconds until the answer of this place is with who asked; one is computed at a time."""
        told, reach = self._told, self.place.reach
        drawn = self._measured.single[int(self._chance.random() * len(self._measured.single))]
        work = drawn / self.place.speed * (told.product.work if static else 1.0)
        there = back = 0.0
        if reach is not None:
            half = round_trip(reach, self._ways) / 2
            there, back = half + told.requests.input_bytes / reach.up, half + told.requests.output_bytes / reach.down
        begun = max(now + there, self._free)
        self._free = begun + work
        if now < self._calm:
            self._seen.spend(self.place.name, work * self.place.watts)
            if reach is not None:
                moved = (told.requests.input_bytes + told.requests.output_bytes) / MEGA * reach.joules_mb
                self._seen.spend(told.asked_at, moved + reach.joules_wake)
        return self._free + back - now

    def _record(self, now: float) -> None:
        """Queue the record of an answer; it goes with the next look at which there is a connection."""
        told, rhythm = self._told, self._told.model.sync_s
        look = self._phase + math.ceil((now - self._phase) / rhythm) * rhythm
        if self.connection.back(look) - now <= DAY:
            self._seen.told += told.telemetry.share
            self._carried(told.telemetry.share * told.telemetry.event_bytes, 0.0, wakes=0)

    def _answered(self, took: float, facts: float, model: float, wrong: float) -> None:
        seen = self._seen
        seen.latencies.append(took)
        seen.late += took > self._told.requests.latency_s
        seen.wrong += wrong
        seen.facts_ages.append(facts)
        seen.model_ages.append(model)

    def _carried(self, up: float, down: float, *, wakes: float) -> None:
        seen, link = self._seen, self.link
        seen.up += up
        seen.down += down
        seen.traffic_price += (up + down) / GIGA * link.price_gb
        seen.spend(self.place.name, (up + down) / MEGA * link.joules_mb + wakes * link.joules_wake)

    def _product(self, now: float) -> float:
        """Age of the version of the product that the device has taken."""
        told = self._told
        newest = _last(now, told.product.every_s, self._shift)
        for number, drawn in enumerate(self._products):
            version = newest - number * told.product.every_s
            if version + drawn * told.product.adoption_s <= now:
                return now - version
        return now - newest + len(self._products) * told.product.every_s


def facts_bytes(considered: Considerations, measured: Measured) -> float:
    """Bytes of a feature snapshot: as stated, else as measured."""
    return considered.facts.bytes or measured.snapshot_bytes


def bundle_bytes(considered: Considerations, measured: Measured) -> float:
    """Bytes of a release: as stated, else as measured."""
    return considered.model.bytes or measured.bundle_bytes


@cache
def _shift(seed: int) -> float:
    """Where in its period a rhythm began; ticks and releases are the same for the whole fleet."""
    return stream(seed, -1, "phases").random()


def _last(now: float, every: float, shift: float) -> float:
    """The last moment of a rhythm that is not after `now`; `shift` says where in its period it began."""
    return math.floor(now / every - shift) * every + shift * every


def _wrong(told: Considerations, fresh: float, age: float) -> float:
    """Chance of a wrong answer: it rises from that with fresh facts to that of the table."""
    worst = max(fresh, told.answers.wrong_static)
    return fresh + (worst - fresh) * (1.0 - math.exp(-age / told.facts.useful_s))
