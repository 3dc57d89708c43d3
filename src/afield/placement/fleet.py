"""A fleet through days, by discrete events: devices ask, go offline, look for news, and the cloud fails once."""

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count

from afield.placement.chance import DAY, HOUR, Daily
from afield.placement.cloud import Cloud
from afield.placement.device import Device
from afield.placement.measured import Measured
from afield.placement.options import Option
from afield.placement.seen import Seen
from afield.records.considerations import Considerations

WARM = 6 * HOUR
"""Time that is followed before anything is counted; what a device holds at its beginning is drawn."""
EVENTS, FEWEST, ASKS = 6_000, 4, 5
"""About so many events are followed at most, in at least so many devices: where each has much to do, fewer are; and so
many requests for each device that is wanted, where there is room: where each asks seldom, more devices are."""


class Events:
    """What happens, in the order of its time."""

    def __init__(self) -> None:
        """Nothing happens yet."""
        self._waiting: list[tuple[float, int, Callable[[float], None]]] = []
        self._number = count()

    def at(self, time: float, happen: Callable[[float], None]) -> None:
        """Let `happen(time)` be called when its time comes; never where that is infinite."""
        if time < math.inf:
            heappush(self._waiting, (time, next(self._number), happen))

    def run(self, until: float) -> None:
        """Let everything happen that happens before `until`."""
        waiting = self._waiting
        while waiting and waiting[0][0] < until:
            time, _, happen = heappop(waiting)
            happen(time)


def simulate(
    considered: Considerations, measured: Measured, option: Option, *, seed: int, devices: int, days: float
) -> Seen:
    """What is seen of one option in so many devices of the fleet, through so many days.

    The days begin with the busiest hour; after them the cloud fails for `outage_s`, and the requests of that time
    are counted apart. The same seed gives the same arrivals, cuts and delays whatever the considerations say, but for
    their stretch.
    """
    daily = Daily(considered.requests.daily)
    begin = HOUR * max(range(24), key=daily.levels.__getitem__)
    calm = begin + days * DAY
    end = calm + considered.service.outage_s
    start = begin - WARM
    devices = followed(considered, option, devices, days)
    seen, events = Seen(devices, days), Events()
    cloud = Cloud(considered, measured, option, seed) if option.remote else None
    rate = considered.requests.rate / considered.devices
    for number in range(devices):
        device = Device(considered, measured, option, cloud, seen, seed, number, (start, begin, calm, end))
        _asking(events, device, daily.moments(rate, begin, end, device.arrivals))
        if option.synchronised:
            _following(events, device, start)
    events.run(end)
    return seen


def followed(considered: Considerations, option: Option, devices: int, days: float) -> int:
    """How many devices are followed where so many are wanted."""
    asks = considered.requests.rate / considered.devices * DAY
    looks = DAY / max(considered.model.sync_s, min(considered.facts.every_s, considered.model.every_s))
    each = days * (asks + looks * option.synchronised)
    wanted = max(devices, min(ASKS * devices / (days * asks), EVENTS / each))
    return int(min(wanted, max(FEWEST, EVENTS / each), max(1, considered.devices)))


def _asking(events: Events, device: Device, following: Callable[[], float]) -> None:
    """Let the device ask at moments that follow each other."""

    def ask(now: float) -> None:
        device.ask(now)
        events.at(following(), ask)

    events.at(following(), ask)


def _following(events: Events, device: Device, start: float) -> None:
    """Let the device look for news whenever there are some, and have them once they are fetched."""

    def look(now: float) -> None:
        done = device.fetch(now)
        events.at(done, device.have)
        events.at(device.next_look(max(now, done if done < math.inf else now)), look)

    events.at(device.next_look(start), look)
