"""The hybrid design of signs: when the cloud is asked, and what two readings of a frame come to."""

from typing import cast

import msgspec

from afield.records.traffic import Answer
from signs.asking import doubts, lines_of, merged

SURE = {
    "id": "h/0",
    "box": [[0, 0], [10, 0], [10, 5], [0, 5]],
    "english": "Exit",
    "confidence": 0.99,
    "mode": "automate",
}
UNSURE = {**SURE, "id": "h/1", "box": [[0, 20], [10, 20], [10, 25], [0, 25]], "confidence": 0.5, "mode": "prompt"}


def answer(*lines: dict[str, object]) -> Answer:
    base = Answer("id", "", "r", "automate", (), {"lines": 0.0, "shown": 0.0}, None, 0.9, None, "")
    return msgspec.structs.replace(base, content=lines)


def ids(given: Answer) -> list[str]:
    return [cast("str", line["id"]) for line in lines_of(given)]


def test_a_line_with_a_question_mark_lets_the_cloud_be_asked() -> None:
    assert doubts(answer(SURE, UNSURE))
    assert not doubts(answer(SURE))
    assert not doubts(answer())


def test_each_line_is_taken_from_whoever_is_surer_of_it() -> None:
    better = {**UNSURE, "id": "t/0", "confidence": 0.95, "mode": "automate"}
    worse = {**SURE, "id": "t/1", "confidence": 0.2, "mode": "off", "english": None}
    given = merged(answer(SURE, UNSURE), answer(better, worse))
    assert ids(given) == ["h/0", "t/0"]
    assert given.output == {"lines": 2.0, "shown": 1.0}


def test_a_line_that_the_device_did_not_see_is_added() -> None:
    other = {**SURE, "id": "t/0", "box": [[40, 40], [50, 40], [50, 45], [40, 45]]}
    assert ids(merged(answer(SURE), answer(other))) == ["h/0", "t/0"]


def test_a_cloud_that_saw_nothing_takes_nothing_away() -> None:
    assert ids(merged(answer(SURE, UNSURE), answer())) == ["h/0", "h/1"]
