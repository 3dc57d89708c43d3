"""How surge operates: requests and facts, inference, the decision, and what is watched."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Designs, Monitoring, Operate
from afield.errors import ContradictionError, InferenceError, RequestError
from afield.mitigation.guards import clamp, step_limit
from afield.mitigation.promises import Promise
from afield.mitigation.relations import abstaining, fleet_limit
from afield.monitoring.alarms import Budget
from afield.monitoring.drift import Drift
from afield.monitoring.estimation import Estimated
from afield.monitoring.freshness import Freshness
from afield.monitoring.performance import Performance
from afield.monitoring.quality import Quality
from afield.monitoring.skew import Skew
from afield.records.traffic import Query
from afield.retraining.triggers import after, any_of, every
from afield.rollout.ladder import Ladder
from afield.serving.asking import Asked
from afield.serving.designs import Ahead, Ask
from afield.serving.inference import Parts, Runs
from afield.serving.static import Edition
from afield.statistics.counts import quantile
from afield.telemetry.expected import Expectation
from afield.telemetry.policy import Policy
from afield.telemetry.privacy import MinimumGroup
from surge.application import SLOTS
from surge.areas import AREAS
from surge.emergencies import EMERGENCY, KIND, EmergencyFact
from surge.pricing import CAP, HOURS, RISE, UNKNOWN, multiplier

PLACE = ZoneInfo("America/New_York")
LEVEL = 0.9
HORIZON = 10_000.0
CHUNK = timedelta(hours=12)
WIDEST, FEW = 4.0, 10.0
"""How wide the range of a forecast may be: so many times the forecast, or so many orders. Beyond that the model does
not know enough to price by, and the answer before it or the baseline does."""
QUOTED = timedelta(minutes=10)
"""How long a rider may take to decide: within it a quote is honoured."""
DRY = {"precipitation": 0.0, "precipitation_3h": 0.0, "snowfall": 0.0, "holiday": 0.0}
REGIMES = {
    "dry": DRY,
    "wet": {**DRY, "precipitation": 2.5, "precipitation_3h": 7.5},
    "holiday": {**DRY, "holiday": 1.0},
}
"""What a vehicle can tell without a network: its wipers run, or its calendar says holiday. Rain in millimetres."""

# What a fact may hold is what its table can: zones of 32 bits, moments on the clock of the place.
Zone = Annotated[int, msgspec.Meta(ge=0, lt=2**31)]
Local = Annotated[datetime, msgspec.Meta(tz=False)]
Named = Annotated[int, msgspec.Meta(extra_json_schema={"minimum": 0})]


class Order(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The order record: body of `POST /v1/quote`. Zones are taxi zone ids; times ISO 8601, local to the place.

    `quote` is the receipt of an earlier answer: within its ten minutes the same rider pays no more for the same zone.
    """

    pickup_location: Named
    order_time: datetime
    user_id: str | None = None
    target_location: Named | None = None
    pickup_time: datetime | None = None
    quote: Annotated[str, msgspec.Meta(max_length=200)] | None = None


class OrderFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of an `order` fact: somebody asked for a ride, whatever price was shown."""

    pickup_location: Zone
    target_location: Zone | None = None
    user_id: str | None = None
    order_time: Local | None = None
    pickup_time: Local | None = None
    target_known_at: Local | None = None


class WeatherFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `weather` fact: degrees Celsius, millimetres and centimetres an hour."""

    temperature: float | None = None
    precipitation: float | None = None
    snowfall: float | None = None


class EventFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of an `event` fact: a scheduled crowd and where."""

    starts_at: Local
    location: Zone
    league: str | None = None


def resolve(order: Order) -> Query:
    """The query that an order asks: its zone, now.

    Raises:
        RequestError: a zone is negative, a time is none, or the ride ends before it starts.
    """
    if order.pickup_location < 0:
        raise RequestError(f"{order.pickup_location}: a zone id is positive", "pickup_location")
    at = local(order.order_time, "order_time")
    if order.pickup_time is not None and local(order.pickup_time, "pickup_time") < at:
        raise ContradictionError(f"{order.pickup_time} lies before order_time {order.order_time}", "pickup_time")
    zone, target = str(order.pickup_location), order.target_location
    if target is not None and target < 0:
        raise RequestError(f"{target}: a zone id is positive", "target_location")
    others = {} if target is None else {"target_location": target}
    return Query(zone, zone, at, others=others, receipt=order.quote or "", person=order.user_id or "")


def local(moment: datetime, field: str) -> datetime:
    """The moment on the clock of the place, naive; a naive one is taken to be local already.

    Raises:
        RequestError: it lies before the first year or after the last.
    """
    if moment.tzinfo is None:
        return moment
    try:
        return moment.astimezone(PLACE).replace(tzinfo=None)
    except OverflowError:
        raise RequestError(f"{moment} is no moment in {PLACE.key}", field) from None


def infer(rows: Mapping[str, NDArray[np.float64]], parts: Parts) -> dict[str, NDArray[np.float64]]:
    """Orders expected in the slot, their central 90 % range, and the zone's capacity; each of shape (rows,)."""
    model = parts["forecast"]
    forecast = model.predict(rows)
    spread = model.constants["dispersion"]
    return {
        "forecast": forecast,
        "low": quantile(forecast, spread, (1 - LEVEL) / 2),
        "high": quantile(forecast, spread, (1 + LEVEL) / 2),
        "capacity": parts["capacity"].predict(rows),
    }


@dataclass(frozen=True, slots=True)
class Trained:
    """The zones that a release was trained on: those with a capacity at some hour."""

    capacity: Runs

    def __contains__(self, zone: object) -> bool:
        """Whether the zone of this id, as text, is one of them."""
        hours = np.arange(HOURS, dtype=np.float64)
        try:
            found = self.capacity.predict({"zone_id": np.full(HOURS, float(str(zone))), "hour_of_week": hours})
        except InferenceError:  # beyond the last zone of the table
            return False
        return bool((found < UNKNOWN).any())


def sample(at: datetime, zone: str) -> str:
    """A request that works: a ride from a zone, ordered at a moment."""
    return f'{{"pickup_location": {zone}, "order_time": "{at.isoformat()}"}}'


def operate(options: Mapping[str, str]) -> Operate:
    """Surge in operation, for one length of slot."""
    slot = SLOTS[options["slot"]]
    day = timedelta(days=1)
    return Operate(
        asked=Asked(route="quote", request=Order, resolve=resolve, sample=sample),
        facts={"order": OrderFact, "weather": WeatherFact, "event": EventFact, KIND: EmergencyFact},
        private=("user_id",),
        infer=infer,
        decision=multiplier,
        prepare=lambda parts, _: Trained(parts["capacity"]),
        neutral={"multiplier": 1.0},
        baseline="same_slot_four_weeks",
        step=slot,
        stale_after=2 * slot,
        guards=(
            abstaining("forecast", "low", "high", share=WIDEST, floor=FEW),
            clamp("forecast", 0.0, HORIZON),
            clamp("multiplier", 1.0, CAP),
            step_limit("multiplier", share=0.0, floor=RISE, rising=True),
        ),
        fleet=(fleet_limit("forecast", share=4.0, floor=1.0),),
        promise=Promise("multiplier", QUOTED),
        emergency=EMERGENCY,
        slices=AREAS,
        felt="multiplier",
        telemetry=Policy(name="everything", share=1.0, minimum_group=MinimumGroup(by=("unit", "tick"), size=10)),
        outcomes=Expectation(window=timedelta(days=1), low=0.0),
        monitoring=Monitoring(
            monitors=(
                Performance(loss="poisson_deviance", truth="truth", forecast="forecast", tick="tick"),
                Drift(columns=("mean_24h",), statistic="psi", loss="poisson_deviance"),
                Quality(columns=("mean_24h", "forecast"), ranges={"forecast": (0.0, HORIZON)}),
                Skew(columns=("mean_24h",), tolerance=1e-6),
                Freshness(budgets={"as_of": 2 * slot}),
                Estimated(columns=("forecast", "mean_24h"), loss="poisson_deviance"),
            ),
            chunk=CHUNK,
            # What speaks of loss and of the world spends most of the budget; an estimate raises nothing.
            budget=Budget(weights={"quality": 0.1, "skew": 0.1, "freshness": 0.1, "estimated": 0.01}),
        ),
        retraining=any_of(
            after(alerts=1, monitors=("performance", "drift"), cooldown=7 * day, wait=2.5 * day), every(28 * day)
        ),
        rollout=Ladder(drilled=True),
        interval=("low", "high"),
        level=LEVEL,
        designs=Designs(
            ahead=Ahead(slots=4),
            ask=Ask(oldest=slot.total_seconds(), deadline=0.5),
            static=Edition(regimes=REGIMES),
        ),
    )
