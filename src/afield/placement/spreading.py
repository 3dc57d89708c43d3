"""Spreading: how long it takes until an update, or a rollback, has reached 95 of 100 devices."""

import math

from afield.placement.chance import DAY, Connection, stream
from afield.placement.device import bundle_bytes
from afield.placement.measured import Measured
from afield.placement.options import Option, place_of
from afield.placement.seen import quantile
from afield.records.considerations import Considerations

REACHED = 0.95
HORIZON = 60 * DAY


def spread(
    considered: Considerations, measured: Measured, option: Option, *, seed: int, devices: int
) -> tuple[float, float]:
    """Seconds from the publication of an update, and of a rollback, until 95 of 100 devices answer by it.

    A service takes news over by itself; a device at its next look with a connection, and it fetches the bytes as long
    as the connection holds, resuming after cuts; what is static comes with the next version of the product, from the
    moment that it can be had. The release that a rollback goes back to is on the device still.
    """
    loading = measured.load_s / place_of(considered, option).speed
    ahead = considered.cache.ahead * measured.row_s / considered.cloud.speed if option.design == "cached" else 0.0
    if not option.local:
        return considered.service.pickup_s + loading + ahead, considered.service.pickup_s + ahead
    times = [_device(considered, measured, option, loading, seed, number) for number in range(devices)]
    return quantile([update for update, _ in times], REACHED), quantile([back for _, back in times], REACHED)


def _device(
    considered: Considerations, measured: Measured, option: Option, loading: float, seed: int, number: int
) -> tuple[float, float]:
    chance = stream(seed, number, "spreading")
    if option.design == "static":
        taken = chance.expovariate(1.0) * considered.product.adoption_s
        return taken + loading, taken + loading
    link = place_of(considered, option).cloud
    if link is None:
        return math.inf, math.inf
    published = chance.random() * DAY
    connection = Connection(link, 0.0, HORIZON, stream(seed, number, "connection"))
    look = connection.back(published + chance.random() * considered.model.sync_s)
    fetched = bundle_bytes(considered, measured) / link.down + link.round_trip_s
    update = connection.through(look, fetched) + loading
    return update - published, connection.through(look, link.round_trip_s) - published
