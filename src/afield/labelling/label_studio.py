"""Label Studio's JSON: tasks with predictions out, annotations in, and the page on which people label.

The format: https://labelstud.io/guide/tasks and https://labelstud.io/guide/export
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from xml.sax.saxutils import quoteattr
from zoneinfo import ZoneInfo

import msgspec
import polars as pl

from afield.errors import LabellingError
from afield.labelling.labels import Label, label_id

SOURCE = "label_studio"
CONTROL, OBJECT = "label", "item"

Value = str | int | float | bool | None


class Prediction(msgspec.Struct, frozen=True):
    """What a model thinks of an item, as Label Studio shows it to the person who labels.

    Attributes:
        label: the number of the class, or the number itself.
        model: which one.
        score: how sure the model is, in [0, 1]; None where it says a number.
    """

    label: float
    model: str
    score: float | None = None


class _Result(msgspec.Struct):
    type: str
    value: dict[str, object]
    from_name: str = ""


class _Person(msgspec.Struct):
    id: int
    email: str = ""


class _Annotation(msgspec.Struct):
    result: list[_Result]
    id: int | None = None
    completed_by: int | _Person | None = None
    created_username: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    was_cancelled: bool = False


class _Task(msgspec.Struct):
    data: dict[str, object]
    id: int | None = None
    annotations: list[_Annotation] = []


def page(question: str, classes: Mapping[str, float]) -> str:
    """The labelling configuration (XML) that fits the tasks: choices of the classes, or a number without them."""
    choices = "".join(f"<Choice value={quoteattr(name)}/>" for name in classes)
    control = (
        f'<Choices name="{CONTROL}" toName="{OBJECT}" choice="single" required="true">{choices}</Choices>'
        if classes
        else f'<Number name="{CONTROL}" toName="{OBJECT}" required="true"/>'
    )
    return f'<View><Header value={quoteattr(question)}/><Text name="{OBJECT}" value="$text"/>{control}</View>'


def tasks(
    items: pl.DataFrame, predictions: Mapping[str, Prediction], classes: Mapping[str, float]
) -> list[dict[str, object]]:
    """A task an item, with what a model thinks of it where that is known; ready for `json.dumps` and for import.

    Args:
        items: column `item`, and whatever a person should see of it.
        predictions: by item.
        classes: name → label; empty where labels are numbers.

    Raises:
        LabellingError: a prediction is none of the classes.
    """
    names = {label: name for name, label in classes.items()}
    made = []
    for row in items.iter_rows(named=True):
        item = str(row["item"])
        shown = {name: _plain(value) for name, value in row.items()}
        text = "\n".join(f"{name}: {value}" for name, value in shown.items())
        task: dict[str, object] = {"data": {**shown, "item": item, "text": text}}
        if item in predictions:
            each = predictions[item]
            result = {"from_name": CONTROL, "to_name": OBJECT, **_value(item, each.label, names)}
            task["predictions"] = [{"model_version": each.model, "score": each.score, "result": [result]}]
        made.append(task)
    return made


def read_annotations(content: bytes, classes: Mapping[str, float], zone: ZoneInfo) -> tuple[Label, ...]:
    """The labels of an export of annotated tasks; skipped annotations are left out.

    Args:
        content: the JSON, a list of tasks.
        classes: name → label; empty where labels are numbers.
        zone: of the clock on which times are kept.

    Raises:
        LabellingError: it is no such JSON, or a task or annotation lacks what it needs; says which.
    """
    try:
        found = msgspec.json.decode(content, type=list[_Task])
    except msgspec.DecodeError as error:
        raise LabellingError(
            f"this is no JSON export of Label Studio: {error}; export as JSON, not JSON-MIN"
        ) from error
    return tuple(_labels(found, classes, zone))


def _labels(found: Iterable[_Task], classes: Mapping[str, float], zone: ZoneInfo) -> Iterable[Label]:
    for place, task in enumerate(found):
        where = f"task {task.id if task.id is not None else place}"
        item = task.data.get("item")
        if not isinstance(item, str) or not item:
            raise LabellingError(f"{where} names no item; label tasks that `afield label export` wrote")
        for annotation in task.annotations:
            results = [each for each in annotation.result if each.from_name in ("", CONTROL)]
            if annotation.was_cancelled or not results:
                continue
            if len(results) > 1:
                raise LabellingError(f"{where}: an annotation gives {len(results)} labels of one item; give one")
            who, known_at = _who(annotation, where), _moment(annotation, where, zone)
            label = _number(results[0], classes, where)
            yield Label(label_id(item, label, who, known_at, SOURCE), item, label, who, known_at, SOURCE)


def _value(item: str, label: float, names: Mapping[float, str]) -> dict[str, object]:
    if not names:
        return {"type": "number", "value": {"number": label}}
    if label not in names:
        raise LabellingError(
            f"the prediction {label} of item {item!r} is none of the classes {', '.join(names.values())}"
        )
    return {"type": "choices", "value": {"choices": [names[label]]}}


def _number(result: _Result, classes: Mapping[str, float], where: str) -> float:
    """What a result says, as a label."""
    choices, number = result.value.get("choices"), result.value.get("number")
    if classes and isinstance(choices, list) and len(choices) == 1:
        if choices[0] not in classes:
            raise LabellingError(f"{where}: {choices[0]!r} is none of the classes {', '.join(classes)}")
        return classes[choices[0]]
    if not classes and isinstance(number, int | float):
        return float(number)
    wanted = f"one choice of {', '.join(classes)}" if classes else "a number"
    raise LabellingError(f"{where}: {wanted} was expected, found {result.value}; use the page that the export wrote")


def _who(annotation: _Annotation, where: str) -> str:
    person = annotation.completed_by
    if isinstance(person, _Person):
        return person.email or f"annotator-{person.id}"
    if annotation.created_username:
        return annotation.created_username.partition(",")[0].strip()
    if person is None:
        raise LabellingError(f"{where}: an annotation does not say who made it (completed_by)")
    return f"annotator-{person}"


def _moment(annotation: _Annotation, where: str, zone: ZoneInfo) -> datetime:
    """When it was last changed, on the clock of the place."""
    moment = annotation.updated_at or annotation.created_at
    if moment is None:
        raise LabellingError(f"{where}: an annotation does not say when it was made (created_at)")
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(zone).replace(tzinfo=None)


def _plain(value: object) -> Value:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
