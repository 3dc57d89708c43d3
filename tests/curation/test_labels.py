"""The one table of labels of an application: natural ones from its history, people's from the store."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.curation.labels import TRUE_LATER, LabelBook, open_labels
from afield.errors import LabellingError
from afield.labelling.conflicts import Policy
from afield.labelling.contests import CONTESTS, contest_rows
from afield.labelling.labels import NATURAL, Label
from afield.labelling.queue import QUEUE, SUSPECT, requests
from afield.records.traffic import Contest, Event
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, event_rows
from surge.building import build
from surge.tables import SCHEMAS, empty, typed

START = datetime(2024, 1, 1)
HOUR = timedelta(hours=1)
NOON = datetime(2024, 3, 1, 12)


@pytest.fixture
def book(tmp_path: Path) -> LabelBook:
    """Two zones for three hours, and one order."""
    zones = pl.DataFrame({"location_id": [1, 2], "borough": "b", "zone": "z", "lon": 0.0, "lat": 0.0})
    order = {"order_id": "o", "pickup_location": 2, "at": START + HOUR, "known_at": START + HOUR}
    history = {name: empty(name) for name in SCHEMAS} | {
        "zones": typed("zones", zones).lazy(),
        "orders": pl.LazyFrame([order], schema=SCHEMAS["orders"]),
        "coverage": pl.LazyFrame([{"start": START, "end": START + 3 * HOUR}], schema=SCHEMAS["coverage"]),
    }
    return open_labels(build({"slot": "60m"}), history, Tables(tmp_path))


def label(item: str, value: float, who: str = "ann", at: datetime = NOON) -> Label:
    return Label(f"{item}/{who}/{value}", item, value, who, at, "review")


def test_what_came_true_is_a_natural_label_known_a_slot_later(book: LabelBook) -> None:
    rows = book.labels().collect()
    assert rows.height == 6
    (busy,) = rows.filter(pl.col("label") > 0).to_dicts()
    assert busy["item"] == "2@2024-01-01T01:00"
    assert (busy["who"], busy["source"], busy["known_at"]) == (TRUE_LATER, NATURAL, START + 2 * HOUR)


def test_people_and_outcomes_stand_in_one_table(book: LabelBook) -> None:
    assert book.add([label("2@2024-01-01T01:00", 3.0)]) == 1
    assert book.labels().collect()["source"].value_counts(sort=True).rows() == [(NATURAL, 6), ("review", 1)]
    resolved = dict(book.resolved(Policy()).select("item", "label").collect().iter_rows())
    assert resolved["2@2024-01-01T01:00"] == 3.0


def test_the_same_label_is_stored_once(book: LabelBook) -> None:
    said = label("2@2024-01-01T01:00", 3.0)
    assert book.add([said, said]) == 1
    assert book.add([said]) == 0


def test_one_label_that_means_nothing_keeps_all_out(book: LabelBook) -> None:
    with pytest.raises(LabellingError, match="'zebra'"):
        book.add([label("2@2024-01-01T01:00", 3.0), label("zebra", 1.0)])
    assert book.labels().collect().height == 6


def test_suspects_wait_and_leave_when_somebody_says_more(book: LabelBook) -> None:
    item = "1@2024-01-01T00:00"
    assert book.ask(requests([item], [0.9], SUSPECT, NOON, "afield")) == 1
    assert book.ask(requests([item], [0.9], SUSPECT, NOON + HOUR, "afield")) == 0
    assert book.queue(Policy()).select("item", "reason", "zone").rows() == [(item, SUSPECT, 1)]
    book.add([label(item, 2.0, at=NOON + 2 * HOUR)])
    assert book.queue(Policy()).is_empty()
    assert book.ask(requests([item], [0.9], SUSPECT, NOON + 3 * HOUR, "afield")) == 1


def test_disagreement_waits_under_a_policy_that_leaves_it_open(book: LabelBook) -> None:
    item = "1@2024-01-01T00:00"
    book.add([label(item, 2.0)])
    assert book.queue(Policy("majority")).select("item", "reason").rows() == [(item, "conflict")]


def test_a_policy_that_names_strangers_is_refused(book: LabelBook) -> None:
    with pytest.raises(LabellingError, match="bob labelled nothing here; who did: outcome"):
        book.resolved(Policy(left_out=("bob",)))


def contested(book: LabelBook, about: str, at: datetime = NOON) -> None:
    book.tables.append(CONTESTS, contest_rows([Contest(about, at=at)]))


def test_a_contest_of_an_answer_waits_first_until_a_person_has_said_what_is_right(book: LabelBook) -> None:
    item = "2@2024-01-01T01:00"
    event = Event("a1", "2", "champion", "r", START + HOUR, 1.0, 1.0, "all", "", {}, START + HOUR)
    book.tables.append(EVENTS, event_rows([event]))
    book.ask(requests(["1@2024-01-01T00:00"], [1.0], SUSPECT, NOON, "afield"))
    contested(book, "a1")
    contested(book, "zebra")
    assert book.queue(Policy()).select("item", "reason").rows()[0] == (item, "reported")
    assert book.contests().unknown["about"].to_list() == ["zebra"]
    book.add([label(item, 3.0, at=NOON + HOUR)])
    assert book.reported().is_empty()
    assert book.confirmed().select("item", "label", "who").rows() == [(item, 3.0, "ann")]


def test_a_queue_of_before_probabilities_were_kept_is_read(book: LabelBook) -> None:
    rows = requests(["1@2024-01-01T00:00"], [0.9], SUSPECT, NOON, "afield")
    book.tables.append(QUEUE, rows.drop("inclusion"))
    assert book.queue(Policy())["reason"].to_list() == [SUSPECT]
