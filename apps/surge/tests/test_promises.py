"""What surge promises, on facts that are known."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from surge.explaining import CAUSES
from surge.features import GROUPS, NAMES
from surge.promises import BEHAVIOURS, FAIR, STRESSES, boroughs, none_at_all, shuffled, twice_as_many

TICK = datetime(2024, 3, 9, 18)
SPINE = pl.DataFrame({"zone": [1, 2], "slot": [TICK, TICK]})


def history():
    at = [TICK - timedelta(minutes=back) for back in (10, 50, 90, 500)] + [TICK + timedelta(minutes=5)]
    orders = pl.DataFrame({"order_id": list("abcde"), "pickup_location": [1] * 5, "at": at, "known_at": at})
    zones = pl.DataFrame({"location_id": [1, 2, 3], "borough": ["Queens", "Bronx", ""]})
    return {"orders": orders.lazy(), "zones": zones.lazy()}


def orders(change):
    spine, changed = change(SPINE, history())
    return spine, changed["orders"].collect()


def test_twice_as_many_doubles_the_known_orders_of_the_last_hour_alone():
    _, changed = orders(twice_as_many)
    assert sorted(changed["order_id"]) == ["a", "a/again", "b", "b/again", "c", "d", "e"]


def test_none_at_all_takes_the_last_three_hours_away():
    assert orders(none_at_all)[1]["order_id"].to_list() == ["d"]


def test_shuffled_keeps_what_there_is_in_another_order():
    spine, changed = orders(shuffled)
    assert spine["zone"].to_list() == [2, 1]
    assert changed["order_id"].to_list() == list("edcba")


def test_a_zone_without_a_borough_has_no_group():
    assert boroughs(history()).sort("key").rows() == [(1, "Queens"), (2, "Bronx")]


def test_promises_and_stresses_have_names_of_their_own():
    for declared in (BEHAVIOURS, STRESSES):
        assert len({each.name for each in declared}) == len(declared)
    assert {each.attribute for each in FAIR} == {"borough"}


@pytest.mark.parametrize("unknown", [False, True])
def test_every_kind_of_information_has_its_words_also_where_nothing_is_known(unknown):
    row = dict.fromkeys(NAMES, float("nan")) if unknown else dict.fromkeys(NAMES, 1.0)
    counted = {name: 1.0 for name in NAMES if name not in ("event", "temperature", "precipitation", "snowfall")}
    assert set(CAUSES) == set(GROUPS)
    assert all(CAUSES[name](row | (counted if unknown else {}), dict.fromkeys(NAMES, 2.0)) for name in GROUPS)


def test_the_words_of_a_rainy_holiday():
    row = dict.fromkeys(NAMES, 0.0) | {"mean_1h": 14, "mean_24h": 10, "holiday": 1, "precipitation": 2.5, "event": 0.5}
    usual = dict.fromkeys(NAMES, 0.0) | {"mean_1h": 6, "mean_24h": 8}
    assert CAUSES["recent counts"](row, usual).startswith("14 orders here in the last hour, usually 6")
    assert CAUSES["holidays"](row, usual) == "today is a holiday"
    assert CAUSES["weather as known"](row, usual) == "rain, 2.5 mm an hour, 0 °C"
    assert CAUSES["events"](row, usual) == "an event here or next door has begun"
