"""A small complete application: loaves to bake per shop and hour. Not surge, so that nothing fits by chance."""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

import msgspec

from afield.application import Application, Goal, Operate, Requirements
from afield.errors import RequestError
from afield.mitigation.guards import clamp, plausible, step_limit
from afield.records.traffic import Decision, Query
from afield.serving.asking import Asked
from afield.serving.inference import Columns, Outputs, Parts
from afield.telemetry.policy import Policy

SHOPS = ("east", "north", "south", "west")
FEATURES = ("last_hour", "usual")
HOUR = timedelta(hours=1)


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Body of `POST /v1/loaves`."""

    shop: Annotated[str, msgspec.Meta(extra_json_schema={"minLength": 1})]
    at: datetime
    extra: float = 0.0


class Sale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of a `sale` fact."""

    shop: str
    loaves: int


def resolve(question: Question) -> Query:
    """The query that a question asks.

    Raises:
        RequestError: the shop has no name, or the time a zone.
    """
    if not question.shop:
        raise RequestError("a shop has a name", "shop")
    if question.at.tzinfo is not None:
        raise RequestError("times are local and carry no zone", "at")
    return Query(key=question.shop, unit=question.shop, at=question.at, fields={"extra": question.extra})


def infer(rows: Columns, parts: Parts) -> Outputs:
    """Loaves expected, and the range around them that the fitted spread gives."""
    model = parts["loaves"]
    forecast = model.predict(rows)
    spread = model.constants["spread"]
    return {"forecast": forecast, "low": forecast - spread, "high": forecast + spread}


def decide(output: Mapping[str, float], row: Mapping[str, float]) -> Decision:
    """Whole loaves to bake, more where the request asks for extra."""
    loaves = math.ceil(output["forecast"] + row.get("extra", 0.0))
    return Decision({"bake": float(loaves)}, f"{output['forecast']:.1f} loaves expected: bake {loaves}")


def sample(at: datetime, shop: str) -> str:
    """A request that works."""
    return f'{{"shop": "{shop}", "at": "{at.isoformat()}"}}'


def operate(options: Mapping[str, str]) -> Operate:
    """The bakery in operation; the option `steps` bounds how far a forecast may move."""
    return Operate(
        asked=Asked("loaves", Question, resolve, sample),
        facts={"sale": Sale},
        infer=infer,
        decision=decide,
        neutral={"bake": 10.0},
        baseline="usual",
        step=HOUR,
        stale_after=2 * HOUR,
        guards=(
            plausible("forecast", -1.0),
            clamp("forecast", 0.0, 500.0),
            step_limit("forecast", share=float(options.get("steps", "5")), floor=10.0),
            clamp("bake", 0.0, 300.0),
        ),
        telemetry=Policy(name="all"),
        interval=("low", "high"),
    )


def toy(steps: str = "5") -> Application:
    """The application."""
    goal = Goal("No shop runs out, nothing is thrown away", children=(Goal("Bake what is sold", measure="mae"),))
    return Application(
        name="toy",
        requirements=Requirements(question="A model: the weather changes what is sold", goal=goal, hazards=()),
        build="afield.testing.toy:operate",
        operate="afield.testing.toy:operate",
        options={"steps": steps},
    )
