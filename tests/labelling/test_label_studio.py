"""Label Studio's JSON, held against its own SDK."""

import json
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from afield.errors import LabellingError
from afield.labelling.label_studio import Prediction, page, read_annotations, tasks

CLASSES = {"wrong": 0.0, "right": 1.0}
UTC = ZoneInfo("UTC")
ITEMS = pl.DataFrame({"item": ["a", "b & c"], "script": ["han", None], "at": [datetime(2024, 5, 1)] * 2})
SAID = {"a": Prediction(1.0, "champion", 0.9)}

sdk = pytest.importorskip("label_studio_sdk.label_interface")


def annotated(**changes: object) -> bytes:
    annotation = {
        "id": 7,
        "completed_by": 3,
        "created_at": "2024-05-01T10:00:00.000000Z",
        "result": [{"type": "choices", "from_name": "label", "to_name": "item", "value": {"choices": ["wrong"]}}],
    }
    return json.dumps([{"id": 1, "data": {"item": "a", "text": "x"}, "annotations": [annotation | changes]}]).encode()


@pytest.mark.parametrize(("classes", "label"), [(CLASSES, 1.0), ({}, 12.5)])
def test_the_sdk_accepts_the_page_and_every_task_and_prediction(classes: dict[str, float], label: float) -> None:
    interface = sdk.LabelInterface(page('Was "it" read right?', classes))
    interface.validate()
    made = tasks(ITEMS, {"a": Prediction(label, "champion", 0.9)}, classes)
    assert [interface.validate_task(task, validate_regions_only=False) for task in made if "predictions" not in task]
    (prediction,) = made[0]["predictions"]  # type: ignore[misc]
    assert interface.validate_prediction(prediction, return_errors=True) == []
    json.dumps(made)


def test_the_sdks_converter_reads_what_was_annotated(tmp_path: Path) -> None:
    from label_studio_sdk.converter import Converter

    (tmp_path / "tasks.json").write_bytes(annotated())
    converter = Converter(page("right?", CLASSES), str(tmp_path), download_resources=False)
    converter.convert_to_json_min(str(tmp_path / "tasks.json"), str(tmp_path / "out"), is_dir=False)
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())
    assert (row["item"], row["label"]) == ("a", "wrong")


@pytest.mark.filterwarnings("ignore:The `dict` method is deprecated")
def test_an_annotation_of_the_sdk_comes_in_as_a_label() -> None:
    interface = sdk.LabelInterface(page("right?", CLASSES))
    (task,) = tasks(ITEMS.head(1), {}, CLASSES)
    task["annotations"] = [interface.generate_sample_annotation() | {"created_at": "2024-05-01T10:00:00Z"}]
    (label,) = read_annotations(json.dumps([task]).encode(), CLASSES, UTC)
    assert label.item == "a"
    assert label.label in CLASSES.values()


def test_times_come_in_on_the_clock_of_the_place() -> None:
    (label,) = read_annotations(annotated(), CLASSES, ZoneInfo("America/New_York"))
    assert (label.label, label.who, label.known_at) == (0.0, "annotator-3", datetime(2024, 5, 1, 6))


def test_what_is_read_twice_has_the_same_id() -> None:
    assert read_annotations(annotated(), CLASSES, UTC) == read_annotations(annotated(), CLASSES, UTC)


def test_a_person_is_named_by_address_where_it_is_there() -> None:
    (label,) = read_annotations(annotated(completed_by={"id": 3, "email": "ann@example.org"}), CLASSES, UTC)
    assert label.who == "ann@example.org"
    (label,) = read_annotations(annotated(created_username="bob@example.org, 3"), CLASSES, UTC)
    assert label.who == "bob@example.org"


def test_a_skipped_task_gives_no_label() -> None:
    assert read_annotations(annotated(was_cancelled=True), CLASSES, UTC) == ()
    assert read_annotations(annotated(result=[]), CLASSES, UTC) == ()


def test_numbers_come_in_where_there_are_no_classes() -> None:
    result = [{"type": "number", "from_name": "label", "to_name": "item", "value": {"number": 12}}]
    (label,) = read_annotations(annotated(result=result), {}, UTC)
    assert label.label == 12.0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "no JSON export"),
        (b'[{"data": {}}]', "task 0 names no item"),
        (annotated(completed_by=None), "who made it"),
        (annotated(created_at=None), "when it was made"),
        (annotated(result=[{"type": "choices", "value": {"choices": ["maybe"]}}]), "'maybe' is none of the classes"),
        (annotated(result=[{"type": "choices", "value": {"choices": ["right", "wrong"]}}]), "one choice"),
        (annotated(result=[{"type": "choices", "value": {"choices": ["right"]}}] * 2), "2 labels of one item"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(content: bytes, message: str) -> None:
    with pytest.raises(LabellingError, match=message):
        read_annotations(content, CLASSES, UTC)


def test_a_prediction_outside_the_classes_is_refused() -> None:
    with pytest.raises(LabellingError, match="none of the classes"):
        tasks(ITEMS, {"a": Prediction(5.0, "champion", 0.9)}, CLASSES)
