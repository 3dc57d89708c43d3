"""Considerations of a small fleet, and what a release costs, for tests of placement."""

from dataclasses import replace

from afield.placement.measured import Measured
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
)
from afield.records.places import Link, Place

LINK = Link(
    round_trip_s=0.08, round_trip_p95_s=0.2, up=1e6, down=4e6, offline_share=0.1, offline_s=600.0, price_gb=0.5,
    joules_mb=2.0, joules_wake=3.0,
)  # fmt: skip
PHONE = Place(name="phone", speed=0.5, watts=2.0, cloud=LINK)
GLASSES = Place(
    name="glasses", speed=0.1, watts=1.0, cloud=replace(LINK, round_trip_s=0.1, round_trip_p95_s=0.3)
)  # fmt: skip

COSTS = Measured(
    release="ab" * 32,
    single=(0.001, 0.002, 0.003),
    row_s=1e-5,
    load_s=0.3,
    memory=40e6,
    bundle_bytes=3e6,
    snapshot_bytes=100e3,
    request_bytes=100.0,
    answer_bytes=400.0,
    event_bytes=300.0,
)

FLEET = Considerations(
    why="a test",
    places=(GLASSES, PHONE, Place(name="cloud")),
    asked_at="phone",
    devices=1000,
    requests=Requests(rate=0.2, input_bytes=2_000.0, output_bytes=400.0, round_trips=1.0, latency_s=0.5),
    facts=Facts(every_s=HOUR, stale_s=4 * HOUR, useful_s=8 * HOUR),
    model=Model(every_s=7 * DAY, sync_s=900.0),
    product=Product(every_s=30 * DAY, adoption_s=5 * DAY, work=0.1),
    cache=Cache(share=0.8, ahead=500.0, fresh_s=HOUR),
    answers=Answers(unsure=0.2, wrong_static=0.3, wrong_device=0.1, wrong_cloud=0.08),
    costs=Costs(wrong=0.001, late=0.001, absent=0.01),
)
