"""What stands between a price and a rider: the cap, the step, emergencies, and what was quoted."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from afield.answering import predictor
from afield.errors import RequestError
from afield.mitigation.overrides import contradicted
from afield.records.decision import ControlState, Override
from afield.records.traffic import Answer, Event
from afield.serving.inference import Outputs
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.store.snapshots import feature_rows
from surge.operating import QUOTED, Order, operate, resolve
from surge.pricing import CAP, RISE

NOON = datetime(2024, 3, 1, 12)
SLOT = timedelta(hours=1)
OPERATE = operate({"slot": "60m"})
ZONES = ("4", "74", "132")
FEATURES = ("orders", "drivers", "same_slot_four_weeks")


class Part:
    """A model that says what one feature says."""

    def __init__(self, feature: str, dispersion: float = 0.3) -> None:
        self.features = (feature,)
        self.constants: Mapping[str, float] = {"dispersion": dispersion}
        self._feature = feature

    def predict(self, rows: Mapping[str, np.ndarray]) -> np.ndarray:
        return np.asarray(rows[self._feature])

    def run(self, matrix: np.ndarray) -> Outputs:
        return {"forecast": matrix[:, 0]}

    def tensor(self, inputs: np.ndarray) -> np.ndarray:
        return inputs


RELEASE = Release("r", {"forecast": Part("orders"), "capacity": Part("drivers")})


class City:
    """Three zones with drivers for ten orders each, and a service that quotes."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.service = predictor(OPERATE, clock=lambda: NOON, record=self.events.append, key=b"k" * 32)

    def expect(self, orders: float, at: datetime = NOON, release: Release = RELEASE, **control: object) -> None:
        columns = dict(zip(FEATURES, ([orders] * 3, [10.0] * 3, [5.0] * 3), strict=True))
        rows = feature_rows("set", at, at, ZONES, {name: np.array(values) for name, values in columns.items()})
        self.service.see(Situation(rows, ControlState(1, "r", now=at, **control), {"r": release}))

    def quote(self, zone: int = 74, at: datetime = NOON, quote: object = None, user: str | None = "ada") -> Answer:
        held = quote if isinstance(quote, str) else None
        return self.service.answer(resolve(Order(zone, at, user_id=user, quote=held)))


def override(name: str, scope: str, value: float) -> Override:
    return Override(name, scope, "multiplier", value, "an emergency", NOON + SLOT)


@pytest.fixture
def city() -> City:
    return City()


def test_the_price_rises_by_a_half_from_slot_to_slot_and_falls_at_once(city: City) -> None:
    prices = []
    for slot, orders in enumerate((10.0, 90.0, 90.0, 90.0, 5.0)):
        city.expect(orders, NOON + slot * SLOT)
        prices.append(city.quote(at=NOON + slot * SLOT).output["multiplier"])
    assert prices == [1.0, 1.0 + RISE, 1.0 + 2 * RISE, CAP, 1.0]
    assert city.events[1].applied == ("step_limit:multiplier",)


def test_a_forecast_whose_range_is_too_wide_is_no_ground_for_a_price_and_the_answer_says_so(city: City) -> None:
    unsure = Release("r", {"forecast": Part("orders", dispersion=3.0), "capacity": Part("drivers")})
    city.expect(90.0, release=unsure)
    answer = city.quote()
    assert answer.applied == ("abstaining:forecast", "fallback:baseline")
    assert (answer.output["forecast"], answer.output["multiplier"]) == (5.0, 1.0)
    assert "abstaining:forecast" in answer.reason
    assert city.events[-1].applied == answer.applied


def test_one_whose_range_is_as_usual_is_priced_by_and_so_are_a_few_orders(city: City) -> None:
    city.expect(90.0)
    assert (city.quote().applied, city.quote().output["multiplier"]) == ((), CAP)
    city.expect(1.0)
    assert city.quote().applied == ()


def test_in_an_emergency_nobody_in_the_area_is_surged_and_others_are_as_ever(city: City) -> None:
    city.expect(30.0, overrides=(override("flood", "slice:manhattan", 1.0),))
    prices = {zone: city.quote(zone).output["multiplier"] for zone in (4, 74, 132)}
    assert prices == {4: 1.0, 74: 1.0, 132: CAP}
    assert city.quote(4).applied == ("override:flood",)


def test_an_emergency_goes_before_what_was_quoted(city: City) -> None:
    city.expect(30.0)
    quoted = city.quote()
    city.expect(30.0, overrides=(override("flood", "slice:manhattan", 1.0),))
    assert city.quote(quote=quoted.receipt).output["multiplier"] == 1.0


def test_no_hand_can_set_a_price_above_the_cap() -> None:
    assert contradicted(OPERATE.guards, "multiplier", CAP + 0.1) == ("clamp:multiplier",)
    assert contradicted(OPERATE.guards, "multiplier", 1.0) == ()


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 15)), min_size=2, max_size=8))
def test_a_rider_never_pays_more_than_quoted_within_ten_minutes(course: list[tuple[float, int]]) -> None:
    city, at = City(), NOON
    quoted: list[tuple[datetime, Answer]] = []
    for orders, minutes in course:
        at += timedelta(minutes=minutes)
        city.expect(orders, at)
        quoted.append((at, city.quote(at=at)))
        for told_at, told in quoted:
            price = city.quote(at=at, quote=told.receipt).output["multiplier"]
            assert at - told_at > QUOTED or price <= told.output["multiplier"]


@pytest.mark.parametrize(("zone", "user"), [(132, "ada"), (74, "bob"), (74, None)])
def test_a_quote_for_another_zone_or_rider_is_refused_by_its_field(city: City, zone: int, user: str | None) -> None:
    city.expect(10.0)
    receipt = city.quote().receipt
    with pytest.raises(RequestError, match="ask for a new one") as refused:
        city.quote(zone, quote=receipt, user=user)
    assert refused.value.field == "quote"
