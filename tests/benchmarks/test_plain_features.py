"""The plain script that the features are measured against makes the same matrix."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from afield.features.compute import compute
from afield.records.facts import Window
from benchmarks.plain_features import matrix
from surge.examples import spine
from surge.features import GROUPS, NAMES, feature_set

START = datetime(2024, 3, 4)
DAY = timedelta(days=1)


def town() -> dict[str, pl.LazyFrame]:
    """Six weeks and a half of orders in a ring of five zones, with weather, one event and one holiday."""
    random = np.random.default_rng(2)
    size = 12_000
    zones = np.array([3, 5, 8, 13, 21])
    orders = pl.DataFrame(
        {
            "pickup_location": random.choice(zones, size, p=[0.5, 0.2, 0.15, 0.1, 0.05]),
            "target_location": random.choice(zones, size),
            "at": [START - 37 * DAY + timedelta(minutes=int(minute)) for minute in random.integers(0, 41 * 1440, size)],
        },
        schema_overrides={"pickup_location": pl.Int32, "target_location": pl.Int32, "at": pl.Datetime("us")},
    )
    hours = pl.datetime_range(START - 2 * DAY, START + 4 * DAY, "1h", time_unit="us", eager=True)
    weather = pl.DataFrame({"at": hours, "known_at": hours + timedelta(minutes=20)}).with_columns(
        temperature=pl.int_range(pl.len()) * 0.1, precipitation=pl.int_range(pl.len()) % 3 * 0.1, snowfall=0.0
    )
    events = pl.DataFrame(
        {"event_id": ["a"], "starts_at": [START + 1.8 * DAY], "location": [8], "known_at": [START], "league": ["x"]},
        schema_overrides={"starts_at": pl.Datetime("us"), "known_at": pl.Datetime("us"), "location": pl.Int32},
    )
    ring = [(int(one), int(other)) for one, other in zip(zones, np.roll(zones, 1), strict=True)]
    adjacency = pl.DataFrame([*ring, *(pair[::-1] for pair in ring)], ["zone_a", "zone_b"], orient="row")
    tables = {
        "orders": orders.with_columns(known_at="at", target_known_at=pl.col("at") + timedelta(minutes=25)),
        "weather": weather,
        "events": events,
        "adjacency": adjacency.cast(pl.Int32),
        "zones": pl.DataFrame({"location_id": zones, "lon": zones * 0.1, "lat": zones * 0.2}),
        "holidays": pl.DataFrame({"date": [date(2024, 3, 6)], "name": ["Fair"]}),
    }
    return {name: table.lazy() for name, table in tables.items()}


@pytest.mark.parametrize("minutes", [15, 60])
def test_the_plain_script_makes_the_same_matrix(minutes: int) -> None:
    slot, window, tables = timedelta(minutes=minutes), Window(START, START + 3 * DAY), town()
    ours = compute(feature_set(slot), spine(tables["zones"], window, slot), tables).sort("zone", "slot")
    plain = matrix(tables, window, slot)
    assert ours["has_history"].all()
    for name in (each for each in NAMES if each not in GROUPS["past surges"]):
        np.testing.assert_allclose(plain[name].cast(pl.Float64), ours[name], rtol=1e-9, atol=1e-9, err_msg=name)
