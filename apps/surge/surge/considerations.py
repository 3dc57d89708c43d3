"""What decides where surge's model lives; places, numbers and where they come from."""

from datetime import timedelta

from afield.records.considerations import (
    DAY,
    HOUR,
    Answers,
    Cache,
    Considerations,
    Costs,
    Facts,
    Model,
    Product,
    Requests,
    Service,
    Telemetry,
)
from afield.records.places import Link, Place

KEYS = 260
"""Zones of the city."""
AHEAD = 4
"""Slots that are computed ahead."""

DAILY = (
    0.7, 0.45, 0.3, 0.25, 0.25, 0.35, 0.6, 0.9, 1.1, 1.0, 0.95, 1.0, 1.05, 1.05, 1.15, 1.2, 1.3, 1.5, 1.65, 1.6, 1.45,
    1.4, 1.3, 1.05,
)  # fmt: skip
"""How a city asks through its day: a small peak in the morning, a large one in the evening."""

PHONE = Place(
    name="phone",
    speed=0.4,
    watts=2.5,
    memory=150e6,
    energy_day=1_500.0,
    cloud=Link(
        round_trip_s=0.055, round_trip_p95_s=0.160, up=1e6, down=4e6, offline_share=0.02, offline_s=90.0,
        price_gb=0.09, joules_mb=2.0, joules_wake=6.0,
    ),
)  # fmt: skip
"""A rider's phone on a mobile network; the traffic is paid where it leaves the cloud. An exchange keeps the radio awake
for seconds: that, and not the bytes, is what it draws."""

VEHICLE = Place(
    name="vehicle",
    speed=0.5,
    watts=6.0,
    memory=400e6,
    cloud=Link(
        round_trip_s=0.070, round_trip_p95_s=0.240, up=5e5, down=2e6, offline_share=0.05, offline_s=180.0, price_gb=1.0
    ),
)  # fmt: skip
"""The car's own computer: no battery to spare, garages and tunnels, and a data plan paid by volume."""


def considerations(slot: timedelta) -> Considerations:
    """Surge's, for one length of slot: facts change with each."""
    every = slot.total_seconds()
    return Considerations(
        why="facts change every slot for the whole city, and without a network no ride can be ordered either: "
        "the model lives where the facts are",
        places=(VEHICLE, PHONE, Place(name="cloud", watts=20.0)),
        asked_at="phone",
        devices=200_000,
        requests=Requests(rate=5.0, daily=DAILY, input_bytes=160.0, output_bytes=420.0, latency_s=0.5),
        facts=Facts(every_s=every, useful_s=6 * HOUR),
        model=Model(sync_s=HOUR / 4),
        product=Product(every_s=28 * DAY, adoption_s=6 * DAY, work=0.02, bytes=2e6),
        cache=Cache(share=0.98, ahead=KEYS * AHEAD),
        answers=Answers(unsure=0.05, wrong_static=0.12, wrong_device=0.06, wrong_cloud=0.06),
        costs=Costs(wrong=0.001, late=0.001, absent=0.002),
        service=Service(least_workers=2.0),
        telemetry=Telemetry(least=0.9),
    )
