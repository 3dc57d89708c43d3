"""How surge meets requests and facts: what is refused, and what a quote is made of."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import numpy as np
import polars as pl
import pytest

from afield.errors import RequestError
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.release import Part as Declared
from afield.records.traffic import Ingest
from afield.serving.ingestion import Ingestion
from afield.serving.model import Model
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.store.snapshots import feature_rows
from surge.capacity import as_model
from surge.operating import Order, infer, local, operate, resolve
from surge.pricing import CAP

NOON = datetime(2024, 3, 1, 12)
OPERATE = operate({"slot": "60m"})
CAPACITY = Declared("capacity", ("zone_id", "hour_of_week"), ("capacity",), "by hand", {})


def order(body: str) -> Order:
    return msgspec.json.decode(body, type=Order)


def test_an_order_asks_about_its_zone_at_its_moment() -> None:
    query = resolve(Order(74, NOON))
    assert (query.key, query.unit, query.at) == ("74", "74", NOON)


def test_a_moment_with_a_zone_is_read_on_the_clock_of_the_place() -> None:
    assert resolve(Order(74, datetime(2024, 7, 1, 16, tzinfo=UTC))).at == datetime(2024, 7, 1, 12)
    assert local(datetime(2024, 1, 1, 5, tzinfo=UTC), "order_time") == datetime(2024, 1, 1)


@pytest.mark.parametrize(
    ("refused", "field"),
    [
        (Order(-1, NOON), "pickup_location"),
        (Order(74, NOON, target_location=-1), "target_location"),
        (Order(74, NOON, pickup_time=NOON - timedelta(minutes=1)), "pickup_time"),
        (Order(74, datetime(1, 1, 1, tzinfo=UTC)), "order_time"),
        (Order(74, NOON, pickup_time=datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=14)))), "pickup_time"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(refused: Order, field: str) -> None:
    with pytest.raises(RequestError) as found:
        resolve(refused)
    assert found.value.field == field


def situation(rows: FeatureRows | None) -> Situation:
    """One release, trained on zones 7 and 74."""
    table = pl.DataFrame({"zone": [7, 74], "hour_of_week": [12, 3], "capacity": [5.0, 9.0]})
    capacity = Model(CAPACITY, as_model(table))
    kit = OPERATE.prepare({"capacity": capacity}, lambda _: b"")
    return Situation(rows, ControlState(1, "r"), {"r": Release("r", {"capacity": capacity}, kit=kit)})


def test_before_the_first_tick_a_zone_is_refused_that_the_release_was_not_trained_on() -> None:
    seen = situation(None)
    assert [seen.place(resolve(Order(zone, NOON)), NOON, OPERATE.step) for zone in (7, 74)] == [None, None]
    for zone in (8, 75, 2**40):
        with pytest.raises(RequestError, match=f"nothing is known of '{zone}'"):
            seen.place(resolve(Order(zone, NOON)), NOON, OPERATE.step)


def test_a_target_far_outside_the_zones_is_refused_by_its_field() -> None:
    seen = situation(feature_rows("set", NOON, NOON, ("7", "74"), {}))
    for near in (None, 7, 8, 264):
        assert seen.place(resolve(Order(74, NOON, target_location=near)), NOON, OPERATE.step) == 1
    with pytest.raises(RequestError, match="99999 lies far outside the known keys") as found:
        seen.place(resolve(Order(74, NOON, target_location=99_999)), NOON, OPERATE.step)
    assert found.value.field == "target_location"


@pytest.mark.parametrize(
    "body",
    [
        '{"pickup_location": "74", "order_time": "2024-03-01T12:00:00"}',
        '{"pickup_location": 74.5, "order_time": "2024-03-01T12:00:00"}',
        '{"pickup_location": NaN, "order_time": "2024-03-01T12:00:00"}',
        '{"pickup_location": 74, "order_time": "noon"}',
        '{"pickup_location": 74, "order_time": 1709294400}',
        '{"pickup_location": 74, "order_time": "2024-03-01T12:00:00", "tip": 3}',
        '{"pickup_location": 74}',
        '{"pickup_location": 74, "order_time": null}',
        "[]",
    ],
)
def test_a_body_of_the_wrong_shape_is_refused(body: str) -> None:
    with pytest.raises(msgspec.DecodeError):
        order(body)


def test_the_sample_request_is_one_that_the_service_takes() -> None:
    assert resolve(order(OPERATE.asked.sample(NOON, "74"))).at == NOON


class Kept:
    """Ingestion that keeps what it accepts."""

    def __init__(self) -> None:
        self.batches: list[Ingest] = []
        self.ingestion = Ingestion(OPERATE.facts, lambda batch, _: self.batches.append(batch), print)

    def send(self, kind: str, fields: Mapping[str, object]) -> None:
        fact = {"id": "1", "kind": kind, "at": NOON, "fields": fields}
        self.ingestion.facts(msgspec.json.encode({"facts": [fact]}))


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("order", {"pickup_location": 74, "target_location": 75, "order_time": "2024-03-01T12:00:00"}),
        ("weather", {"temperature": -3, "precipitation": 0.2}),
        ("event", {"starts_at": "2024-03-02T19:00:00", "location": 186, "league": "NBA"}),
    ],
)
def test_facts_of_each_kind_are_taken(kind: str, fields: dict[str, object]) -> None:
    kept = Kept()
    kept.send(kind, fields)
    assert len(kept.batches) == 1


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("order", {"pickup_location": 2**40}),
        ("order", {"pickup_location": -1}),
        ("order", {"target_location": 3}),
        ("order", {"pickup_location": 74, "order_time": "2024-03-01T12:00:00Z"}),
        ("order", {"pickup_location": 74, "colour": "red"}),
        ("weather", {"temperature": "cold"}),
        ("event", {"starts_at": "2024-03-02T19:00:00+01:00", "location": 186}),
        ("earthquake", {}),
    ],
)
def test_a_fact_that_its_table_could_not_hold_is_refused_at_the_door(kind: str, fields: dict[str, object]) -> None:
    kept = Kept()
    with pytest.raises(RequestError) as found:
        kept.send(kind, fields)
    assert found.value.field.startswith("facts[0].")
    assert kept.batches == []


class Part:
    """A model that forecasts a constant."""

    constants: Mapping[str, float] = {"dispersion": 0.3}

    def __init__(self, value: float) -> None:
        self._value = value

    def predict(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.full(len(rows["zone_id"]), self._value)


def test_an_answer_holds_forecast_range_and_capacity() -> None:
    outputs = infer({"zone_id": np.zeros(3)}, {"forecast": Part(8.0), "capacity": Part(5.0)})
    assert {name: values.shape for name, values in outputs.items()} == dict.fromkeys(
        ("forecast", "low", "high", "capacity"), (3,)
    )
    assert (outputs["low"] <= outputs["forecast"]).all()
    assert (outputs["high"] >= outputs["forecast"]).all()


def test_guards_bound_the_forecast_and_the_price() -> None:
    bounded: Mapping[str, np.ndarray] = {guard.output: np.array([1e9]) for guard in OPERATE.guards}
    for guard in OPERATE.guards:
        bounded = guard(bounded, lambda _: np.full(1, np.nan))
    assert (bounded["multiplier"][0], bounded["forecast"][0]) == (CAP, 10_000.0)


@pytest.mark.parametrize(("slot", "minutes"), [("15m", 15), ("60m", 60)])
def test_a_tick_is_a_slot_and_facts_are_stale_after_two(slot: str, minutes: int) -> None:
    found = operate({"slot": slot})
    assert found.step == timedelta(minutes=minutes)
    assert found.stale_after == 2 * found.step
    assert found.monitoring.chunk % found.step == timedelta(0)
