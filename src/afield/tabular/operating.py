"""How a tabular application operates: a row comes in, the model says its forecast, the application decides."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Annotated

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Monitoring, Operate
from afield.errors import RequestError
from afield.mitigation.guards import clamp
from afield.monitoring.performance import Performance
from afield.records.traffic import Decision, Fact, Mode, Query
from afield.retraining.triggers import after, any_of, every
from afield.serving.asking import Asked
from afield.serving.inference import Parts, Rows
from afield.serving.product import Conclusion, FromInput, Observation
from afield.serving.releases import Release
from afield.statistics.losses import Loss
from afield.tabular.columns import RULE, Cell, Columns, Times
from afield.telemetry.policy import Policy

FORECAST = "forecast"
ROW, OUTCOME = "row", "outcome"
EVERYBODY = "everybody"
DAY = timedelta(days=1)
LARGEST = 1e12

Decide = Callable[[float], Decision]
Local = Annotated[datetime, msgspec.Meta(tz=False)]
Name = Annotated[str, msgspec.Meta(min_length=1, max_length=80)]
Text = Annotated[str, msgspec.Meta(max_length=200)]
Number = Annotated[float, msgspec.Meta(ge=-LARGEST, le=LARGEST)]


class OutcomeFact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Fields of an `outcome` fact: what came true of the row whose answer had the id `row`."""

    row: Name
    value: Number


def operate(columns: Columns, times: Times, decide: Decide, *, route: str, neutral: Mapping[str, float]) -> Operate:
    """A tabular application in operation.

    Args:
        columns: what a request brings.
        times: how it turns in time.
        decide: the forecast → the decision.
        route: clients ask at `POST /v1/ROUTE`.
        neutral: the numbers of the decision when no model may speak.
    """
    return Operate(
        asked=Asked(route, request_type(columns, route), resolve, partial(sample, columns=columns)),
        facts={ROW: row_fact(columns), OUTCOME: OutcomeFact},
        private=("unit",),
        infer=infer,
        decision=FromInput(
            observe=partial(observe, columns=columns),
            conclude=partial(conclude, decide=decide, neutral=dict(neutral)),
        ),
        neutral={FORECAST: 0.0, **neutral},
        baseline=RULE,
        output=FORECAST,
        loss=LOSS_OF[columns.kind],
        step=times.step,
        stale_after=DAY,
        guards=() if columns.kind == "number" else (clamp(FORECAST, 0.0, HIGHEST[columns.kind]),),
        telemetry=Policy(name="everything", share=1.0),
        monitoring=Monitoring(
            monitors=(Performance(loss=LOSS_OF[columns.kind], truth="truth", forecast=FORECAST, tick="tick"),),
            delay=times.delay,
            chunk=max(DAY, times.step),
        ),
        retraining=any_of(after(alerts=1, cooldown=7 * DAY, wait=3 * DAY), every(28 * DAY)),
    )


LOSS_OF: Mapping[str, Loss] = {
    "yes_or_no": "squared_error",
    "count": "poisson_deviance",
    "number": "squared_error",
}
HIGHEST = {"yes_or_no": 1.0, "count": 1e9}


def request_type(columns: Columns, route: str) -> type[msgspec.Struct]:
    """The type of a request's body: every column may be missing, none may be unknown."""
    return _struct(
        f"{route.title().replace('-', '')}Request", columns, [("unit", Name, EVERYBODY), ("at", Local | None, None)]
    )


def row_fact(columns: Columns) -> type[msgspec.Struct]:
    """The type of the fields of a `row` fact: what was asked with."""
    return _struct("RowFact", columns, [])


def resolve(asked: msgspec.Struct) -> Query:
    """The query that a request asks: about the row that it brings."""
    fields = msgspec.structs.asdict(asked)
    at = fields["at"] or datetime.now(UTC).replace(tzinfo=None)
    return Query(key="", unit=fields["unit"], at=at, request=asked)


def cells(asked: object, columns: Columns) -> dict[str, Cell]:
    """The columns of a request, by name.

    Raises:
        RequestError: nothing is known of the row.
    """
    fields = msgspec.structs.asdict(asked) if isinstance(asked, msgspec.Struct) else {}
    row = {name: fields.get(name) for name in columns.asked}
    if all(cell is None for cell in row.values()):
        raise RequestError(f"nothing is known of the row; give some of {', '.join(columns.asked)}", columns.asked[0])
    return row


def observe(asked: object, _release: Release, *, columns: Columns) -> Observation:
    """The features of the row that a request brings."""
    row = cells(asked, columns)
    at = getattr(asked, "at", None) or datetime.now(UTC).replace(tzinfo=None)
    values = columns.values(row, at)
    return Observation(
        Rows.of({name: np.array([value]) for name, value in zip(columns.features, values, strict=True)}), (row,)
    )


def infer(rows: Mapping[str, NDArray[np.float64]], parts: Parts) -> dict[str, NDArray[np.float64]]:
    """What the model says, shape `(rows,)`."""
    return {FORECAST: parts[FORECAST].predict(rows)}


def conclude(
    identity: str,
    query: Query,
    observed: Observation,
    outputs: Mapping[str, NDArray[np.float64]],
    mode: Mode,
    /,
    *,
    decide: Decide,
    neutral: dict[str, float],
) -> Conclusion:
    """The application's decision about the row, which is kept as a fact until its outcome is known."""
    (row,) = (each for each in observed.found if isinstance(each, dict))
    forecast = float(outputs[FORECAST][0])
    decision = Decision(dict(neutral), "the model is switched off") if mode == "off" else decide(forecast)
    fact = Fact(id=identity, kind=ROW, at=query.at, fields=dict(row))
    return Conclusion((), {FORECAST: forecast, **decision.output}, decision.reason, (fact,))


def sample(at: datetime, _key: str, *, columns: Columns) -> str:
    """A request that works: the example row at a moment."""
    return msgspec.json.encode({**columns.example, "at": at.replace(microsecond=0)}).decode()


def _struct(name: str, columns: Columns, more: list[tuple[str, object, object]]) -> type[msgspec.Struct]:
    """A strict type with one field for each column, and further ones."""
    own = [(each, Number | None if each in columns.numbers else Text | None, None) for each in columns.asked]
    fields: list[tuple[str, object, object]] = [*own, *more]
    return msgspec.defstruct(name, fields, frozen=True, forbid_unknown_fields=True)
