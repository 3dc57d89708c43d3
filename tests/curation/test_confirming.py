"""What a confirmed contest becomes."""

from datetime import timedelta

import pytest

from afield.curation.confirming import confirm
from afield.curation.labels import LabelBook
from afield.labelling.contests import CASES, CONTESTED, cases
from afield.labelling.labels import Label
from afield.records.traffic import EventBatch, Outcome
from afield.telemetry.delivery import EVENTS, event_rows
from afield.telemetry.outcomes import OUTCOMES, latest, store_outcomes
from surge.building import build
from tests.curation.test_labels import HOUR, NOON, START, book

__all__ = ["book"]
ITEM = "2@2024-01-01T01:00"
TICK = START + HOUR


def said(value: float, hours: int = 0) -> Label:
    return Label(f"l{hours}", ITEM, value, "ann", NOON + timedelta(hours=hours), CONTESTED)


def forecast(book: LabelBook, value: float) -> None:
    batch = EventBatch("t", ("2",), "champion", "r", TICK, 1.0, 1.0, "all", "", {"forecast": (value,)}, TICK)
    book.tables.append(EVENTS, event_rows([batch]))


def test_it_is_an_outcome_in_place_of_the_one_before(book: LabelBook) -> None:
    store_outcomes(book.tables, [Outcome("o", "2", TICK, TICK + HOUR, "counted", 1.0)])
    confirm(book, build({"slot": "60m"}), "forecast", said(4.0))
    (row,) = latest(book.tables.scan(OUTCOMES).collect()).to_dicts()
    assert (row["value"], row["source"]) == (4.0, CONTESTED)


def test_a_later_release_must_lie_no_farther_from_the_label_than_what_was_contested(book: LabelBook) -> None:
    forecast(book, 9.0)
    assert confirm(book, build({"slot": "60m"}), "forecast", said(4.0))
    (case,) = cases(book.tables.scan(CASES)).to_dicts()
    assert (case["key"], case["tick"], case["low"], case["high"], case["who"]) == ("2", TICK, -1.0, 9.0, "ann")


def test_who_says_it_again_moves_the_case(book: LabelBook) -> None:
    forecast(book, 9.0)
    for hours, value in enumerate((4.0, 8.0)):
        confirm(book, build({"slot": "60m"}), "forecast", said(value, hours))
    (case,) = cases(book.tables.scan(CASES)).to_dicts()
    assert case["low"] == pytest.approx(7.0)


def test_without_a_recorded_answer_there_is_no_case(book: LabelBook) -> None:
    assert not confirm(book, build({"slot": "60m"}), "forecast", said(4.0))
    assert not book.tables.exists(CASES)
