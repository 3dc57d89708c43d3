"""How surge is built: spine, what is known when, capacity and golden rows."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.records.facts import Window
from surge.building import build, companions, known, merged, named_zones, period, slots_of, small_world, zones
from surge.generated import GeneratedCity
from surge.tables import SCHEMAS, empty, typed

START = datetime(2024, 1, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
END = START + 10 * DAY
History = dict[str, pl.LazyFrame]


@pytest.fixture(scope="module")
def history() -> History:
    tables = GeneratedCity(density=1.0, start=START, days=10, change=0).read().tables
    return {name: tables.get(name, empty(name)) for name in SCHEMAS}


def with_coverage(history: History, *stretches: tuple[datetime, datetime]) -> History:
    frame = pl.DataFrame([{"start": start, "end": end} for start, end in stretches])
    return history | {"coverage": typed("coverage", frame).lazy()}


def test_stretches_that_touch_or_overlap_become_one() -> None:
    at = [START + n * DAY for n in range(6)]
    assert merged([(at[0], at[2]), (at[1], at[3]), (at[3], at[4]), (at[5], at[5])]) == [(at[0], at[4]), (at[5], at[5])]
    assert merged([]) == []


def test_the_spine_holds_each_zone_in_each_slot_that_is_covered(history: History) -> None:
    gap = with_coverage(history, (START, START + 5 * HOUR), (START + 8 * HOUR, END))
    rows = slots_of(gap, Window(START + 3 * HOUR, START + 10 * HOUR), HOUR)
    assert rows["slot"].unique().sort().dt.hour().to_list() == [3, 4, 8, 9]
    assert rows.height == 4 * len(zones(history))
    assert rows.equals(rows.sort("slot", "zone"))
    assert slots_of(gap, Window(END, END + DAY), HOUR).is_empty()


def test_overlapping_stretches_make_no_row_twice(history: History) -> None:
    twice = with_coverage(history, (START, START + 6 * HOUR), (START, START + 4 * HOUR))
    rows = slots_of(twice, Window(START, START + DAY), HOUR)
    assert rows.height == rows.unique().height == 6 * len(zones(history))


def test_the_period_is_what_the_orders_cover(history: History) -> None:
    assert period(history) == (START, END)


def test_what_was_known_before_a_moment_holds_nothing_later(history: History) -> None:
    moment = START + 4 * DAY + HOUR
    early = known(history, moment)
    for name in ("orders", "weather", "events"):
        assert early[name].filter(pl.col("known_at") >= moment).collect().is_empty()
    assert period(early) == (START, moment)
    assert early["zones"].collect().height == history["zones"].collect().height


def examples(truth: float) -> pl.LazyFrame:
    slots = [START + 12 * HOUR + n * 7 * DAY for n in range(20)]
    return pl.LazyFrame({"zone": [7] * 20, "slot": slots, "truth": [truth] * 20})


def test_a_declared_capacity_goes_before_the_proxy(history: History) -> None:
    assert companions(examples(9.0), history)["capacity"].recipe == "declared capacity"
    undeclared = history | {"capacity": empty("capacity")}
    assert companions(examples(9.0), undeclared)["capacity"].recipe.startswith("proxy")


def test_busy_zones_hold_95_percent_of_the_orders_and_the_top_ten_are_ten() -> None:
    rows = [(zone, START, float(truth)) for zone, truth in enumerate([600, 300, 60, 30, 5, 3, 1, 1, 0, 0, 0, 0])]
    found = named_zones(pl.LazyFrame(rows, schema=["zone", "slot", "truth"], orient="row"))
    assert set(found["busy"]) == {0, 1, 2}
    assert len(found["top10"]) == 10
    assert set(found["top10"]) >= {0, 1, 2, 3, 4, 5, 6, 7}


def test_golden_rows_are_small_hold_no_riders_and_nothing_that_was_not_known(history: History) -> None:
    tick = START + 8 * DAY
    keys, world = small_world(history, tick)
    assert 1 <= len(keys) <= 3
    orders = world["orders"].collect()
    assert 0 < orders.height < 1000
    assert orders["user_id"].null_count() == orders.height
    assert set(orders["pickup_location"].cast(pl.String)) <= set(keys)
    for name in ("orders", "weather", "events"):
        assert world[name].filter(pl.col("known_at") >= tick).collect().is_empty()
    assert small_world(history, tick)[0] == keys


def test_what_covers_a_chunk_is_a_row_of_coverage() -> None:
    plan = build({"slot": "60m"})
    (name,) = plan.covering(Window(START, END))
    frame = plan.covering(Window(START, END))[name]
    assert (name, frame.rows()) == ("coverage", [(START, END)])
    assert frame.schema == SCHEMAS["coverage"]
