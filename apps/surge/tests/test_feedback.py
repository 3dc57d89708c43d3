"""The loop of the generated city: prices move the pickups that a model of served demand would learn from."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl

from afield.monitoring.feedback import Feedback, FittedFeedback
from afield.records.evidence import Measurement
from afield.records.facts import Window
from afield.rollout.assignment import assign
from surge.world import City

START, HOUR, DAY = datetime(2024, 1, 1), timedelta(hours=1), timedelta(days=1)
SHARE, BLOCK = 0.2, 7200
DAYS = 10
RAISED = 2.0


def monitor(outcome: str) -> Feedback:
    return Feedback(
        outcome=outcome, expected="forecast", touched="touched", assignment="assignment", tick="tick",
        eligible="short",
    )  # fmt: skip


def lived(days: int) -> pl.DataFrame:
    """Hours of the city: where the orders reach the capacity the price is raised, but for the untouched share."""
    city = City(seed=7, density=4.0, start=START, slot=HOUR)
    capacity = {(zone, hour): most for zone, hour, most in city.capacity().iter_rows()}
    rows = []
    for number in range(24 * days):
        slot = START + number * HOUR
        asked = dict(city.open_slot(slot)["pickup_location"].value_counts().iter_rows())
        hour = slot.weekday() * 24 + slot.hour
        short = {zone: asked[zone] >= capacity[zone, hour] for zone in asked}
        lots = {zone: assign(str(zone), slot, share=SHARE, block=BLOCK, salt="untouched") for zone in asked}
        prices = {zone: RAISED for zone in asked if short[zone] and not lots[zone][0]}
        orders = city.settle(slot, prices).orders
        served = dict(orders.filter(pl.col("fate") == "served")["pickup_location"].value_counts().iter_rows())
        rows += [
            {
                "tick": slot,
                "orders": float(count),
                "pickups": float(served.get(zone, 0)),
                "forecast": float(capacity[zone, hour]),
                "touched": float(not lots[zone][0]),
                "assignment": lots[zone][1],
                "short": float(short[zone]),
            }
            for zone, count in asked.items()
        ]
    return pl.DataFrame(rows)


def measured(outcome: str, rows: pl.DataFrame) -> Measurement:
    """The last daily measurement."""
    fitted: FittedFeedback = monitor(outcome).fit(rows)
    for day in range(DAYS):
        window = Window(START + day * DAY, START + (day + 1) * DAY)
        found = fitted.measure(rows.filter(pl.col("tick").is_between(window.start, window.end, closed="left")), window)
    return found


def test_the_untouched_share_reveals_that_prices_move_pickups_and_not_orders() -> None:
    rows = lived(DAYS)
    pickups = measured("pickups", rows)
    assert pickups.alarm
    assert pickups.estimate.interval.high < -0.05
    # A model that learned from pickups as they are would take a city that asks as ever to ask for less.
    assert pickups.detail["would_conclude"] < -0.05
    orders = measured("orders", rows)
    assert not orders.alarm
    assert 0.0 in orders.estimate.interval
    assert np.isclose(orders.detail["would_conclude"], 0.0, atol=0.05)
