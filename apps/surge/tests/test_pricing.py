"""The price multiplier: what riders pay for a shortfall."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surge.pricing import CAP, UNKNOWN, multiplier

orders = st.floats(0, 1e6)
capacities = st.floats(0.1, 1e6)


def price(forecast: float, capacity: float) -> float:
    return multiplier({"forecast": forecast, "capacity": capacity}, {}).output["multiplier"]


@given(orders, capacities)
def test_the_price_is_between_one_and_the_cap_in_steps_of_a_tenth(forecast: float, capacity: float) -> None:
    found = price(forecast, capacity)
    assert 1.0 <= found <= CAP
    assert round(found * 10) == pytest.approx(found * 10)


@given(orders, capacities)
def test_nobody_is_surged_where_drivers_are_enough(forecast: float, capacity: float) -> None:
    assert forecast > capacity or price(forecast, capacity) == 1.0


@given(orders, orders, capacities)
def test_more_orders_never_lower_the_price(one: float, other: float, capacity: float) -> None:
    low, high = sorted((one, other))
    assert price(low, capacity) <= price(high, capacity)


def test_the_price_grows_by_three_quarters_for_each_capacity_s_worth_of_orders() -> None:
    assert [price(forecast, 10.0) for forecast in (10, 20, 25, 100)] == [1.0, 1.8, 2.1, CAP]


def test_without_a_capacity_the_feature_row_s_counts_and_without_either_nobody_is_surged() -> None:
    assert multiplier({"forecast": 20.0}, {"capacity": 10.0}).output == {"multiplier": 1.8}
    assert multiplier({"forecast": 20.0}, {}).output == {"multiplier": 1.0}
    assert multiplier({}, {}).output == {"multiplier": 1.0}


def test_the_reason_is_one_line_that_a_person_can_read() -> None:
    reason = multiplier({"forecast": 20.0, "capacity": 10.0}, {}).reason
    assert reason == "20.0 orders expected, drivers for 10: 1.8 times"
    assert "\n" not in reason


def test_where_no_capacity_is_known_the_reason_says_so_in_words() -> None:
    unknown = multiplier({}, {}).reason
    assert unknown == "0.0 orders expected, how many drivers there are is not known: no surge"
    assert multiplier({"forecast": 0.0, "capacity": UNKNOWN}, {}).reason == unknown
