import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from surge.city.demand import Demand
from surge.city.regimes import transit_strike, usual
from surge.taxi import TaxiFiles

START = date(2023, 1, 1)
DAYS = 273


@dataclass
class Shape:
    """Summary of orders per zone and hour."""

    mean: float
    zeros: float
    p99: float
    week: NDArray[np.float64]


REAL = Shape(0.346, 0.900, 8.0, np.empty(0))
"""Of the nine real months (2023-01..09, cleaned, 260 zones, hours from 2023-01-01): mean, share of zeros and
99th percentile of the zone-hours, zeros included; computed as in `summary`."""


def summary(counts: NDArray[np.float64]) -> Shape:
    """Of an array of shape (hours, 260) that begins on a Sunday at midnight."""
    hour = (np.arange(len(counts)) + 6 * 24) % 168
    week = np.bincount(hour, counts.sum(axis=1)) / np.bincount(hour)
    return Shape(counts.mean(), (counts == 0).mean(), float(np.quantile(counts, 0.99)), week / week.mean())


@pytest.fixture(scope="module")
def generated() -> Shape:
    demand = Demand(7, 1.0, START, (usual(START),))
    counts = np.zeros((DAYS * 24, 260))
    for day in range(DAYS):
        orders = demand.orders(START + timedelta(days=day))
        np.add.at(counts, (day * 24 + orders.seconds // 3600, orders.origin), 1)
    return summary(counts)


@pytest.fixture(scope="module")
def real(taxi_folder: Path) -> Shape:
    tables = TaxiFiles(taxi_folder).read().tables
    zones = tables["zones"].collect()["location_id"].to_list()
    hours = (pl.col("at") - pl.datetime(2023, 1, 1)).dt.total_hours()
    place = pl.col("pickup_location").replace_strict(zones, list(range(260)))
    cells = tables["orders"].select(hours.alias("hour"), place.alias("place")).collect()
    counts = np.zeros((DAYS * 24, 260))
    np.add.at(counts, (cells["hour"].to_numpy(), cells["place"].to_numpy()), 1)
    return summary(counts)


def assert_alike(generated: Shape, real: Shape) -> None:
    """Within 5 % of the mean, 1 % of zone-hours in zeros, and one order at the 99th percentile."""
    assert generated.mean == pytest.approx(real.mean, rel=0.05)
    assert generated.zeros == pytest.approx(real.zeros, abs=0.01)
    assert generated.p99 == pytest.approx(real.p99, abs=1.0)


def test_rates_at_density_one_match_the_measured_numbers(generated: Shape) -> None:
    assert_alike(generated, REAL)


def test_rates_at_density_one_match_the_real_files(generated: Shape, real: Shape) -> None:
    assert_alike(generated, real)


def test_the_hour_of_week_shape_matches_the_real_files(generated: Shape, real: Shape) -> None:
    assert np.corrcoef(generated.week, real.week)[0, 1] > 0.98
    assert np.abs(generated.week - real.week).max() < 0.3


def test_the_measured_numbers_are_those_of_the_real_files(real: Shape) -> None:
    assert_alike(REAL, real)


def test_density_scales_the_number_of_orders() -> None:
    few, many = (Demand(7, density, START, (usual(START),)).orders(START).seconds.size for density in (1.0, 8.0))
    assert many / few == pytest.approx(8.0, rel=0.15)


def test_a_day_is_the_same_whenever_it_is_drawn() -> None:
    demand = Demand(7, 1.0, START, (usual(START),))
    later = demand.orders(START + timedelta(days=9))
    demand.orders(START)
    again = demand.orders(START + timedelta(days=9))
    assert np.array_equal(later.seconds, again.seconds)
    assert np.array_equal(later.target, again.target)


def test_a_seed_gives_the_city_that_is_on_record() -> None:
    """Fails when the same seed gives another city: then `generated.VERSION` must grow with this digest."""
    orders = Demand(7, 1.0, START, (usual(START),)).orders(START)
    columns = np.stack([orders.seconds, orders.origin, orders.target, orders.rider]).astype("<i8")
    assert hashlib.sha256(columns.tobytes()).hexdigest()[:16] == "1a56b430f27d5bc0"


def test_nothing_before_a_change_of_regime_knows_of_it() -> None:
    change = transit_strike(START + timedelta(days=5))
    before, after = START + timedelta(days=4), START + timedelta(days=5)
    usual_city, changed = (Demand(7, 2.0, START, (usual(START), *more)) for more in ((), (change,)))
    assert np.array_equal(usual_city.rates(before), changed.rates(before))
    assert not np.array_equal(usual_city.rates(after), changed.rates(after))


def test_orders_are_in_order_of_time_within_their_day() -> None:
    seconds = Demand(7, 2.0, START, (usual(START),)).orders(START).seconds
    assert np.all(np.diff(seconds) >= 0)
    assert seconds[0] >= 0
    assert seconds[-1] < 86400
