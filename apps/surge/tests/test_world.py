from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.data.validate import check
from afield.errors import UsageError
from surge.city.regimes import transit_strike
from surge.contracts import CONTRACTS
from surge.generated import GeneratedCity
from surge.world import City

START = datetime(2024, 1, 1)
QUARTER, HOUR = timedelta(minutes=15), timedelta(hours=1)
EVENING = START + timedelta(days=2, hours=18)


def city(slot: timedelta = QUARTER, seed: int = 7) -> City:
    return City(seed, 3.0, START, slot)


def asked(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.drop("pickup_time")


@pytest.mark.parametrize("slot", [QUARTER, HOUR])
def test_slots_and_batch_give_the_same_orders(slot: timedelta) -> None:
    batch = city().extract(START + timedelta(days=2)).tables["orders"].collect()
    stepped = city(slot)
    slots = [stepped.open_slot(START + n * slot) for n in range(int(timedelta(days=2) / slot))]
    assert asked(pl.concat(slots)).equals(asked(batch))


def test_prices_do_not_change_who_asks() -> None:
    stepped = city()
    before = stepped.open_slot(EVENING + QUARTER)
    stepped.settle(EVENING, dict.fromkeys(range(1, 261), 2.5))
    assert stepped.open_slot(EVENING + QUARTER).equals(before)


def test_a_settled_slot_accounts_for_every_order() -> None:
    stepped = city()
    settled = stepped.settle(EVENING, dict.fromkeys(range(1, 200), 1.8))
    assert asked(settled.orders.select(stepped.open_slot(EVENING).columns)).equals(asked(stepped.open_slot(EVENING)))
    served = settled.orders.filter(pl.col("pickup_time").is_not_null()).height
    assert served + settled.declined + settled.gave_up == settled.orders.height
    assert settled.declined > 0
    assert settled.minutes_waited > served


def test_drivers_follow_the_price_that_was_served() -> None:
    supply = []
    for price in (1.0, 2.5):
        stepped = city()
        stepped.settle(EVENING, {100: price})
        supply.append(stepped.settle(EVENING + QUARTER, {}).supply)
    assert supply[1][100] > supply[0][100]
    assert sum(supply[1].values()) - supply[1][100] < sum(supply[0].values()) - supply[0][100]


def test_a_longer_history_only_adds_to_a_shorter_one() -> None:
    short = city().extract(EVENING).tables["orders"].collect()
    long = city().extract(EVENING + timedelta(days=1)).tables["orders"].collect()
    assert asked(long.filter(pl.col("at") < EVENING)).equals(asked(short))


def test_history_does_not_know_what_comes_after_it() -> None:
    tables = city().extract(EVENING).tables
    orders = tables["orders"].collect()
    assert orders.filter((pl.col("at") >= EVENING) | (pl.col("pickup_time") >= EVENING)).is_empty()
    for name in ("weather", "events"):
        assert tables[name].filter(pl.col("known_at") > EVENING).collect().is_empty()


def test_waits_are_those_of_app_rides() -> None:
    """A sample of real app rides has a median of 4.3 minutes (p5 1.8, p95 10.6)."""
    orders = city().extract(START + timedelta(days=7)).tables["orders"].collect()
    minutes = (orders["pickup_time"] - orders["order_time"]).dt.total_seconds() / 60
    assert 3.0 < (minutes.median() or 0) < 6.0
    assert 1.0 < (minutes.quantile(0.05) or 0) < 3.0
    assert 6.0 < (minutes.quantile(0.95) or 0) < 14.0


def test_the_tables_keep_their_contracts() -> None:
    extract = city().extract(EVENING)
    assert [
        finding.message
        for contract in CONTRACTS
        if contract.table in extract.tables
        for finding in check(contract, extract.tables)
    ] == []


def test_the_extract_says_that_it_is_generated_and_how_dense() -> None:
    extract = city().extract(EVENING)
    assert (extract.generated, extract.density) == (True, 3.0)
    assert extract.messages[0].startswith("generated city")


def test_capacity_is_declared_for_every_zone_and_hour_of_the_week() -> None:
    capacity = city().capacity()
    assert capacity.select(pl.struct("zone", "hour_of_week").n_unique()).item() == 260 * 168
    assert (capacity["capacity"].min() or 0) >= 2


def test_an_hour_has_more_capacity_than_a_quarter() -> None:
    assert city(HOUR).capacity()["capacity"].sum() > city().capacity()["capacity"].sum()


def test_a_change_of_regime_strands_more_riders_at_the_usual_price() -> None:
    days = timedelta(days=14)
    served = [
        City(7, 4.0, START, QUARTER, changes).extract(START + days).tables["orders"].collect()["pickup_time"].count()
        for changes in ((), (transit_strike((START + timedelta(days=1)).date()),))
    ]
    assert served[1] < served[0]


@pytest.mark.parametrize("slot", [timedelta(minutes=7), timedelta(minutes=105), timedelta(minutes=20)])
def test_a_slot_that_does_not_divide_the_day_is_refused(slot: timedelta) -> None:
    with pytest.raises(UsageError, match="does not divide a day"):
        City(slot=slot)


def test_a_slot_is_settled_once() -> None:
    stepped = city()
    stepped.settle(EVENING, {})
    with pytest.raises(UsageError, match="is past"):
        stepped.settle(EVENING, {})


def test_a_moment_inside_a_slot_opens_nothing() -> None:
    with pytest.raises(UsageError, match="does not begin a slot"):
        city().open_slot(EVENING + timedelta(minutes=1))


def test_the_fingerprint_follows_the_parameters() -> None:
    assert GeneratedCity().fingerprint() == GeneratedCity().fingerprint() != GeneratedCity(density=5.0).fingerprint()
