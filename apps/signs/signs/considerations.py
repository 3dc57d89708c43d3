"""What decides where the model of signs lives; places, numbers and where they come from."""

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
    Telemetry,
)
from afield.records.places import Link, Place

DAILY = (0.05,) * 7 + (0.6, 1.2, 1.6, 1.9, 2.0, 2.1, 1.9, 1.8, 1.8, 1.8, 1.9, 2.0, 1.7, 1.2, 0.8, 0.4, 0.1)
"""How travellers look at signs through their day: not in the morning's dark, most about noon."""

AWAY = {"offline_share": 0.4, "offline_s": 1_800.0}
"""Abroad, much of the day is without a network: no plan, no coverage, flight mode."""

GLASSES = Place(
    name="glasses",
    speed=0.08,
    watts=1.2,
    memory=64e6,
    energy_day=400.0,
    cloud=Link(
        round_trip_s=0.100, round_trip_p95_s=0.350, up=1.5e5, down=2.5e5, price_gb=3.0, joules_mb=0.8, joules_wake=0.1,
        **AWAY,
    ),
)  # fmt: skip
"""Glasses with a battery of half a watt-hour, of which a fifth is for reading; their network is that of the phone, over
Bluetooth."""

PHONE = Place(
    name="phone",
    speed=0.4,
    watts=3.5,
    memory=400e6,
    energy_day=3_000.0,
    cloud=Link(
        round_trip_s=0.070, round_trip_p95_s=0.250, up=6e5, down=2e6, price_gb=3.0, joules_mb=4.0, joules_wake=6.0,
        **AWAY,
    ),
    reach=Link(round_trip_s=0.020, round_trip_p95_s=0.060, up=1.2e6, down=1.2e6, joules_mb=0.4, joules_wake=0.05),
)  # fmt: skip
"""The phone in the pocket: one hop from the glasses, and roaming from there."""

CONSIDERATIONS = Considerations(
    why="a picture is large, a traveller is often offline and a release is small: read on the phone, ask the server "
    "when unsure",
    places=(GLASSES, PHONE, Place(name="cloud", watts=30.0)),
    asked_at="glasses",
    devices=5_000,
    requests=Requests(rate=0.6, daily=DAILY, input_bytes=120_000.0, output_bytes=900.0, latency_s=2.0),
    facts=Facts(every_s=DAY, useful_s=365 * DAY),
    model=Model(sync_s=HOUR),
    product=Product(every_s=60 * DAY, adoption_s=10 * DAY, work=0.3, bytes=8.4e6),
    cache=Cache(share=0.05, ahead=0.0),
    answers=Answers(unsure=0.15, wrong_static=0.30, wrong_device=0.06, wrong_cloud=0.05),
    costs=Costs(wrong=0.02, late=0.005, absent=0.05),
    telemetry=Telemetry(least=0.5, event_bytes=900.0),
)
