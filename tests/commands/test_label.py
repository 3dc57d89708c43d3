"""`afield label`: from the queue to people and back."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import Town
from tests.commands.town import APP

ITEM = "132@2024-02-24T10:00"


def test_natural_labels_are_listed_with_where_they_come_from(town: Town) -> None:
    spoken = town("label", "list", APP, "--rows", 2, "--json")
    assert spoken.code == 0, spoken.err
    (natural,) = spoken.value["by_source"]  # type: ignore[misc]
    assert (natural["source"], natural["people"]) == ("natural", 0)  # type: ignore[has-type]
    assert "nothing waits for a person" in town("label", "queue", APP).out
    assert len(spoken.value["newest"]) == 2  # type: ignore[arg-type]
    provenance = spoken.value["provenance"]
    assert provenance["command"].startswith("afield label list")  # type: ignore[index]
    assert provenance["data"]  # type: ignore[index]


def test_a_label_is_added_listed_and_compared(town: Town) -> None:
    for who, value in (("ann", 3), ("bob", 4)):
        assert town("label", "add", APP, ITEM, value, "--who", who).code == 0
        assert town("label", "add", APP, ITEM.replace("10:", "11:"), value + 3, "--who", who).code == 0
    spoken = town("label", "list", APP, "--item", ITEM, "--json")
    assert [each["who"] for each in spoken.value["newest"]] == ["bob", "ann", "outcome"]  # type: ignore[union-attr]
    found = town("label", "agreement", APP, "--json").value
    assert (found["scale"], found["items"]) == ("interval", 2)
    assert found["alpha"]["value"] == pytest.approx(0.85, abs=0.15)  # type: ignore[index]
    assert town("label", "queue", APP, "--policy", "majority").out.count("conflict") >= 2


def test_the_queue_goes_out_with_predictions_and_what_people_said_comes_in(town: Town, tmp_path: Path) -> None:
    town("label", "add", APP, ITEM, 3, "--who", "ann")
    file = tmp_path / "tasks.json"
    spoken = town("label", "export", APP, file, "--policy", "majority", "--json")
    assert spoken.code == 0, spoken.err
    (task,) = json.loads(file.read_text())
    assert task["data"]["item"] == ITEM
    assert task["predictions"][0]["result"][0]["value"]["number"] >= 0
    assert spoken.value["provenance"]["release"] == town.release  # type: ignore[index]
    assert "<Number" in file.with_suffix(".xml").read_text()
    result = {"type": "number", "from_name": "label", "to_name": "item", "value": {"number": 3}}
    done = {"completed_by": 1, "created_at": "2026-01-01T00:00:00Z", "result": [result]}
    file.write_text(json.dumps([task | {"annotations": [done]}]))
    assert town("label", "import", APP, file, "--json").value["stored"] == 1
    assert town("label", "import", APP, file, "--json").value["stored"] == 0
    assert town("label", "queue", APP, "--policy", "majority", "--json").value["items"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["add", APP, "zebra", 3, "--who", "ann"], 1, "item that does not exist"),
        (["add", APP, ITEM, "many", "--who", "ann"], 2, "'many' is no label here; give a number"),
        (["add", APP, ITEM, "nan", "--who", "ann"], 1, "is no number"),
        (["list", APP, "--item", "zebra"], 2, "there is no item 'zebra'"),
        (["list", APP, "--rows", 0], 2, "give at least 1"),
        (["agreement", APP], 1, "label some items twice"),
        (["queue", APP, "--policy", "adjudication"], 1, "needs ranks"),
        (["queue", APP, "--ranks", "ann"], 2, "--policy"),
        (["queue", APP, "--leave-out", "zoe"], 1, "zoe labelled nothing here"),
        (["export", APP, "/nowhere/tasks.json"], 2, "nothing waits"),
        (["import", APP, "/nowhere/done.json"], 2, "cannot be read"),
        (["suspects", APP], 1, "tells two classes"),
        (["suspects", APP, "--folds", 1], 2, "at least 2"),
    ],
)
def test_what_cannot_be_done_is_said_in_words(town: Town, arguments: list[object], code: int, message: str) -> None:
    spoken = town("label", *arguments)
    assert (spoken.code, message in spoken.err) == (code, True), spoken.err
