"""What waits for a person, and in what order."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.errors import LabellingError
from afield.labelling.conflicts import Policy, conflicts, resolve
from afield.labelling.labels import Label, in_force, label_rows
from afield.labelling.queue import SCHEMA, SUSPECT, requests, waiting

NOON = datetime(2024, 5, 1, 12)
HOUR = timedelta(hours=1)
ITEMS = pl.LazyFrame({"item": ["a", "b", "c", "d"], "priority": [0.9, 0.1, 0.5, 0.2]})
ASKED = pl.LazyFrame(schema=SCHEMA)


def queue(*labels: Label, asked: pl.LazyFrame = ASKED, policy: Policy | None = None) -> list[tuple[str, str]]:
    standing = in_force(label_rows(labels).lazy())
    found = waiting(ITEMS, standing, conflicts(resolve(standing, policy or Policy("majority"))), asked)
    return found.select("item", "reason").collect().rows()


def said(item: str, label: float = 1.0, who: str = "ann", at: datetime = NOON) -> Label:
    return Label(f"{item}/{who}/{at}", item, label, who, at, "review")


def test_what_nobody_labelled_waits_by_its_own_priority() -> None:
    assert queue(said("b")) == [("a", "unlabelled"), ("c", "unlabelled"), ("d", "unlabelled")]


def test_a_suspect_goes_first_and_leaves_when_somebody_labels_it_later() -> None:
    asked = requests(["b"], [0.8], SUSPECT, NOON + HOUR, "afield").lazy()
    assert queue(said("b"), asked=asked)[0] == ("b", "suspect")
    again = said("b", at=NOON + 2 * HOUR)
    assert "b" not in dict(queue(again, asked=asked))


def test_a_conflict_waits_until_it_is_resolved() -> None:
    assert queue(said("b"), said("b", 0.0, "bob"))[0] == ("b", "conflict")
    assert "b" not in dict(queue(said("b"), said("b", 0.0, "bob"), said("b", 0.0, "cyd")))


def test_an_item_waits_once() -> None:
    asked = requests(["b", "b"], [0.1, 0.9], SUSPECT, NOON, "afield").lazy()
    assert [item for item, _ in queue(asked=asked)].count("b") == 1


def test_what_was_asked_of_an_item_that_is_gone_is_forgotten() -> None:
    assert "zebra" not in dict(queue(asked=requests(["zebra"], [1.0], SUSPECT, NOON, "afield").lazy()))


def test_a_priority_outside_its_range_is_refused() -> None:
    with pytest.raises(LabellingError, match="outside"):
        requests(["a"], [1.5], SUSPECT, NOON, "afield")
    with pytest.raises(LabellingError, match="one an item"):
        requests(["a"], [], SUSPECT, NOON, "afield")
