"""Recorded orders as traffic: facts once they are known, quotes as people ask."""

from datetime import datetime, timedelta

import msgspec
import polars as pl
import pytest

from afield.records.facts import Window
from afield.records.traffic import Fact
from afield.serving.ingestion import Ingestion
from surge.generated import GeneratedCity
from surge.operating import Order, operate, resolve
from surge.traffic import Recorded, event_fact, order_fact, quote

START = datetime(2024, 1, 3)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(START, START + DAY)


@pytest.fixture(scope="module")
def tables() -> dict[str, pl.LazyFrame]:
    return dict(GeneratedCity(density=1.0, start=datetime(2024, 1, 1), days=4, change=0).read().tables)


@pytest.fixture(scope="module")
def traffic(tables: dict[str, pl.LazyFrame]) -> Recorded:
    return Recorded(tables, WINDOW, HOUR, quotes=5)


def hours(window: Window) -> list[datetime]:
    return [window.start + n * HOUR for n in range(int((window.end - window.start) / HOUR) + 1)]


def test_every_order_becomes_a_fact_once_in_the_slot_after_it(
    traffic: Recorded, tables: dict[str, pl.LazyFrame]
) -> None:
    told = [(tick, fact) for tick in hours(WINDOW) for fact in traffic.facts(tick) if fact.kind == "order"]
    assert all(tick - HOUR <= (fact.known_at or fact.at) < tick for tick, fact in told)
    known = pl.col("known_at").is_between(START - HOUR, WINDOW.end, closed="left")
    ids = tables["orders"].filter(known).collect()["order_id"].to_list()
    assert sorted(fact.id for _, fact in told) == sorted(ids)


def test_weather_is_told_when_it_is_known(traffic: Recorded) -> None:
    reports = [fact for tick in hours(WINDOW) for fact in traffic.facts(tick) if fact.kind == "weather"]
    assert len(reports) >= 24
    assert len({fact.id for fact in reports}) == len(reports)


def test_the_service_takes_every_fact(traffic: Recorded) -> None:
    ingestion = Ingestion(operate({"slot": "60m"}).facts, lambda *_: None, print)
    facts = [fact for tick in hours(WINDOW)[:6] for fact in traffic.facts(tick)]
    assert ingestion.facts(msgspec.json.encode({"facts": facts}))["facts"] == len(facts) > 0


def test_no_more_riders_ask_than_were_meant_to_and_each_at_their_own_moment(traffic: Recorded) -> None:
    for tick in hours(WINDOW)[:-1]:
        asked = [resolve(msgspec.json.decode(body, type=Order)) for body in traffic.requests(tick)]
        assert len(asked) <= 5
        assert all(tick <= query.at < tick + HOUR for query in asked)


def test_arrivals_come_in_order_of_time_with_fact_and_quote_of_the_same_order(traffic: Recorded) -> None:
    arrivals = traffic.arrivals(START + 8 * HOUR)
    assert [moment for moment, _, _ in arrivals] == sorted(moment for moment, _, _ in arrivals)
    for moment, fact, body in arrivals:
        order = msgspec.json.decode(body, type=Order)
        assert order.pickup_location == fact.fields["pickup_location"]
        assert order.order_time == moment == fact.at


def test_outside_of_the_window_nothing_happens(traffic: Recorded) -> None:
    assert traffic.requests(WINDOW.end + DAY) == []
    assert traffic.facts(WINDOW.end + 2 * DAY) == []
    assert traffic.outcomes(START) == []


ROW = {
    "order_id": "a1",
    "pickup_location": 74,
    "target_location": None,
    "user_id": None,
    "order_time": None,
    "pickup_time": START,
    "at": START,
    "known_at": START,
    "target_known_at": None,
}


def test_what_is_not_known_of_an_order_is_left_out_and_never_invented() -> None:
    fact = order_fact(ROW)
    assert fact == Fact("a1", "order", START, START, {"pickup_location": 74, "pickup_time": START.isoformat()})
    assert msgspec.json.decode(quote(ROW), type=Order) == Order(74, START)


def test_an_event_is_a_fact_about_when_it_starts() -> None:
    row = {"event_id": "e1", "starts_at": START + DAY, "location": 186, "league": None, "known_at": START}
    fact = event_fact(row)
    assert (fact.id, fact.at, fact.known_at) == ("e1", START + DAY, START)
    assert fact.fields == {"starts_at": (START + DAY).isoformat(), "location": 186}
