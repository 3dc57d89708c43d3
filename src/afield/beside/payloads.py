"""What CloudEvents tell, as predictions and outcomes: Afield's own types, and those of KServe's logger.

A prediction is kept under the name `ID@SOURCE`, several rows of one under `ID:0@SOURCE`, `ID:1@SOURCE`, …; an outcome
names it by its ID. KServe sends a request and its response under the same id and source: the type tells them apart.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta, tzinfo

import msgspec

from afield.beside.events import CloudEvent
from afield.errors import RequestError
from afield.records.traffic import Event, Outcome

PREDICTION, OUTCOME = "dev.afield.prediction.v1", "dev.afield.outcome.v1"
KSERVE_REQUEST, KSERVE_RESPONSE = "org.kubeflow.serving.inference.request", "org.kubeflow.serving.inference.response"
ANSWERED, ASKED = "champion", "request"
"""Arms under which predictions and the inputs of requests are kept."""
MOST_ROWS = 10_000
LONGEST = 200

Record = Event | Outcome


class Prediction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data of a `dev.afield.prediction.v1`: what was answered, and the features that it rests on."""

    output: dict[str, float]
    unit: str = ""
    release: str = ""
    tick: datetime | None = None
    features: dict[str, float] = {}
    inclusion: float = 1.0


class CameTrue(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Data of a `dev.afield.outcome.v1`: what came true for a prediction, found by its id, or by its unit and time.

    `of` is the source of the prediction where another one than the outcome's sent it.
    """

    value: float
    event_time: datetime
    prediction: str = ""
    unit: str = ""
    of: str = ""
    supersedes: str = ""


class Tensor(msgspec.Struct, frozen=True):
    """One input or output of the Open Inference Protocol v2."""

    name: str
    shape: tuple[int, ...]
    data: tuple[float | bool | None, ...]


class Body(msgspec.Struct, frozen=True):
    """A request or response as KServe logs it: version 2, or version 1 with rows of numbers."""

    inputs: tuple[Tensor, ...] = ()
    outputs: tuple[Tensor, ...] = ()
    instances: tuple[tuple[float, ...] | dict[str, float] | float, ...] = ()
    predictions: tuple[tuple[float, ...] | dict[str, float] | float, ...] = ()


class Payloads:
    """Reads payloads for one application."""

    def __init__(self, output: str, step: timedelta, zone: tzinfo, now: Callable[[], datetime]) -> None:
        """Read for an application whose answers are called `output` where nothing else names them.

        Args:
            output: name of an answer that has none.
            step: length of a tick.
            zone: of the place.
            now: domain time.
        """
        self._output, self._step, self._zone, self._now = output, step, zone, now

    def read(self, event: CloudEvent) -> tuple[Record, ...]:
        """The predictions, inputs or outcomes that an event tells.

        Raises:
            RequestError: its type is not known, or its data is not what the type says.
        """
        try:
            match event.type:
                case "dev.afield.prediction.v1":
                    return self._prediction(event, msgspec.json.decode(event.data, type=Prediction))
                case "dev.afield.outcome.v1":
                    return (self._outcome(event, msgspec.json.decode(event.data, type=CameTrue)),)
                case "org.kubeflow.serving.inference.request":
                    body = msgspec.json.decode(event.data, type=Body, strict=False)
                    return self._rows(event, ASKED, _columns(body.inputs, body.instances, ""))
                case "org.kubeflow.serving.inference.response":
                    body = msgspec.json.decode(event.data, type=Body, strict=False)
                    return self._rows(event, ANSWERED, _columns(body.outputs, body.predictions, self._output))
        except msgspec.DecodeError as error:
            raise RequestError(f"the data of {event.type} is not what it must be: {error}", "data") from error
        known = ", ".join((PREDICTION, OUTCOME, KSERVE_REQUEST, KSERVE_RESPONSE))
        raise RequestError(f"{event.type} is not known; there is: {known}", "type")

    def _prediction(self, event: CloudEvent, given: Prediction) -> tuple[Record, ...]:
        if not 0 < given.inclusion <= 1:
            raise RequestError("a probability in (0, 1] is expected", "data.inclusion")
        if not given.output:
            raise RequestError("at least one number is expected", "data.output")
        made = self._event(event, "", ANSWERED, given.output, given.unit, given.tick, given.release, given.inclusion)
        if not given.features:
            return (made,)
        asked = self._event(event, "", ASKED, given.features, given.unit, given.tick, given.release, given.inclusion)
        return made, asked

    def _outcome(self, event: CloudEvent, given: CameTrue) -> Outcome:
        if bool(given.prediction) == bool(given.unit):
            raise RequestError("name the prediction by its id, or its unit: one of them", "data.prediction")
        if not math.isfinite(given.value):
            raise RequestError("a finite number is expected", "data.value")
        at, of = _local(given.event_time, self._zone), given.of or event.source
        return Outcome(
            id=named(event.id, event.source),
            key=named(given.prediction, of) if given.prediction else given.unit,
            event_time=self._floor(at),
            known_at=self._moment(event),
            source=event.source[:LONGEST],
            value=given.value,
            supersedes=named(given.supersedes, event.source) if given.supersedes else None,
        )

    def _rows(self, event: CloudEvent, arm: str, rows: Sequence[dict[str, float]]) -> tuple[Record, ...]:
        """One event per row; one that stands alone has the id itself."""
        if not rows:
            raise RequestError("there are no rows of numbers in it", "data")
        model = event.extensions.get("inferenceservicename", "")
        return tuple(
            self._event(event, f":{place}" if len(rows) > 1 else "", arm, row, "", None, model, 1.0)
            for place, row in enumerate(rows)
        )

    def _event(
        self, event: CloudEvent, row: str, arm: str, numbers: dict[str, float], unit: str, tick: datetime | None,
        release: str, inclusion: float,
    ) -> Event:  # fmt: skip
        wrong = next((name for name, value in numbers.items() if not math.isfinite(value) or len(name) > LONGEST), None)
        if wrong is not None:
            raise RequestError(f"{wrong[:LONGEST]}: a finite number under a short name is expected", "data")
        at, name = self._moment(event), named(event.id + row, event.source)
        return Event(
            id=name,
            unit=unit[:LONGEST] or name,
            arm=arm,
            release=release[:LONGEST] or "external",
            tick=self._floor(_local(tick, self._zone) if tick is not None else at),
            inclusion=inclusion,
            assignment=1.0,
            policy="",
            rows="",
            output=numbers,
            at=at,
        )

    def _moment(self, event: CloudEvent) -> datetime:
        """When it happened, in the clock of the place."""
        return self._now() if event.time is None else _local(event.time, self._zone)

    def _floor(self, moment: datetime) -> datetime:
        return moment - (moment - datetime.min) % self._step


def named(identity: str, source: str) -> str:
    """The name under which an event of a source is kept: the same id of another source is another."""
    return f"{identity}@{source}"


def _local(moment: datetime, zone: tzinfo) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(zone).replace(tzinfo=None)


def _columns(
    tensors: Sequence[Tensor], rows: Sequence[tuple[float, ...] | dict[str, float] | float], name: str
) -> list[dict[str, float]]:
    """Rows of named numbers; a tensor of several numbers a row gives `NAME_0`, `NAME_1`, ….

    Raises:
        RequestError: tensors have different numbers of rows, or data that does not fill them.
    """
    if not tensors:
        if len(rows) > MOST_ROWS:
            raise RequestError(f"at most {MOST_ROWS} rows are taken, these are {len(rows)}", "data")
        return [_named(row, name or "x") for row in rows]
    lengths = {tensor.shape[0] if tensor.shape else 0 for tensor in tensors}
    length = lengths.pop()
    if lengths or not 0 < length <= MOST_ROWS or any(len(tensor.data) % length for tensor in tensors):
        raise RequestError(f"tensors of the same 1 to {MOST_ROWS} rows are expected", "data")
    found: list[dict[str, float]] = [{} for _ in range(length)]
    for tensor in tensors:
        width = len(tensor.data) // length
        for place, row in enumerate(found):
            values = [float("nan") if value is None else float(value) for value in tensor.data[place * width :][:width]]
            row.update(_named(tuple(values), tensor.name))
    return [{key: value for key, value in row.items() if math.isfinite(value)} for row in found]


def _named(row: tuple[float, ...] | dict[str, float] | float, name: str) -> dict[str, float]:
    if isinstance(row, dict):
        return row
    values = row if isinstance(row, tuple) else (row,)
    return {name: values[0]} if len(values) == 1 else {f"{name}_{place}": each for place, each in enumerate(values)}
