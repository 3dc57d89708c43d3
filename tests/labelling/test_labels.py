"""The table of labels: what counts, what is superseded, and what is refused."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.errors import LabellingError
from afield.labelling.labels import SCHEMA, Label, check_labels, in_force, label_id, label_rows

NOON = datetime(2024, 5, 1, 12)
ITEMS = pl.Series(["a", "b"])
NONE = pl.DataFrame(schema=SCHEMA)


def said(
    number: int, label: float = 1.0, item: str = "a", who: str = "ann", supersedes: str | None = None, sure: float = 1.0
) -> Label:
    return Label(f"l{number}", item, label, who, NOON + timedelta(hours=number), "review", sure, supersedes)


def standing(*labels: Label, as_of: datetime | None = None) -> list[str]:
    return in_force(label_rows(labels).lazy(), as_of).collect()["id"].to_list()


def test_the_last_word_of_a_person_stands() -> None:
    assert standing(said(2, 0.0), said(1, 1.0)) == ["l2"]


def test_two_people_stand_beside_each_other() -> None:
    assert standing(said(1), said(2, who="bob")) == ["l1", "l2"]


def test_a_label_that_another_supersedes_is_left_out_whoever_said_it() -> None:
    assert standing(said(1), said(2, 0.0, who="judge", supersedes="l1")) == ["l2"]


def test_what_was_not_known_yet_does_not_count() -> None:
    later = said(5, 0.0, who="judge", supersedes="l1")
    assert standing(said(1), later, as_of=NOON + timedelta(hours=2)) == ["l1"]


def test_a_label_that_is_sent_again_counts_once() -> None:
    assert standing(said(1), said(1)) == ["l1"]


def test_the_same_words_have_the_same_id() -> None:
    assert label_id("a", 1.0, "ann", NOON, "review") == label_id("a", 1.0, "ann", NOON, "review")
    assert label_id("a", 1.0, "ann", NOON, "review") != label_id("a", 0.0, "ann", NOON, "review")


@pytest.mark.parametrize(
    ("label", "message"),
    [
        (said(1, item="zebra"), "'zebra'.*item that does not exist"),
        (said(1, 7.0), "none of the classes; give one of 0, 1"),
        (said(1, float("nan")), "is no number"),
        (said(1, float("inf")), "is no number"),
        (said(1, who=" "), "nobody's name"),
        (said(1, sure=1.5), "confidence outside"),
        (said(1, supersedes="l9"), "supersedes a label that does not exist"),
        (said(1, supersedes="l1"), "supersedes itself"),
    ],
)
def test_a_label_that_means_nothing_is_refused_in_words(label: Label, message: str) -> None:
    with pytest.raises(LabellingError, match=message):
        check_labels(label_rows([label]), ITEMS, (0.0, 1.0), NONE)


def test_a_label_that_supersedes_one_of_another_item_is_refused() -> None:
    with pytest.raises(LabellingError, match="another item"):
        check_labels(label_rows([said(2, item="b", supersedes="l1")]), ITEMS, (), label_rows([said(1)]))


def test_good_labels_pass() -> None:
    check_labels(label_rows([said(1), said(2, 0.0, supersedes="l1")]), ITEMS, (0.0, 1.0), NONE)
