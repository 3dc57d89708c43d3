"""What people say was wrong, until a person has looked at it."""

from datetime import datetime, timedelta

import polars as pl

from afield.labelling.contests import confirmed, contest_rows, found
from afield.labelling.labels import NATURAL, SCHEMA, Label, in_force, label_rows
from afield.labelling.queue import REPORTED, SUSPECT, requests, waiting
from afield.records.traffic import Contest

NOON = datetime(2024, 5, 1, 12)
HOUR = timedelta(hours=1)
ITEMS = pl.LazyFrame({"item": ["p/1", "p/2", "q/1"], "frame": ["p", "p", "q"]})
ANSWERS = pl.LazyFrame({"id": ["a1"], "item": ["q/1"]})


def contests(*about: str, at: datetime = NOON) -> pl.LazyFrame:
    return contest_rows([Contest(each, at=at) for each in about]).lazy()


def items(said: pl.LazyFrame) -> list[str]:
    return found(said, ITEMS, ANSWERS, ("frame",)).known["item"].to_list()


def said(item: str, who: str, at: datetime, source: str = "review") -> Label:
    return Label(f"{item}/{who}", item, 1.0, who, at, source)


def test_a_contest_finds_its_item_by_name_by_answer_and_by_the_whole_answer() -> None:
    assert items(contests("p/2")) == ["p/2"]
    assert items(contests("a1")) == ["q/1"]
    assert sorted(items(contests("p"))) == ["p/1", "p/2"]


def test_what_is_contested_twice_counts_once() -> None:
    assert items(pl.concat([contests("p/1"), contests("p/1", at=NOON + HOUR), contests("p/1")])) == ["p/1"]


def test_what_names_nothing_is_set_aside_and_told() -> None:
    unknown = found(contests("zebra", "p/1"), ITEMS, ANSWERS).unknown
    assert unknown["about"].to_list() == ["zebra"]


def test_only_a_person_who_looked_later_confirms() -> None:
    known = found(contests("p/1", "p/2", "q/1"), ITEMS, ANSWERS).known
    labels = [
        said("p/1", "ann", NOON + HOUR),
        said("p/2", "ann", NOON - HOUR),
        said("q/1", "outcome", NOON + HOUR, NATURAL),
    ]
    assert confirmed(known, label_rows(labels)).select("item", "who").rows() == [("p/1", "ann")]


def test_what_was_reported_waits_before_everything_else() -> None:
    asked = requests(["p/1"], [1.0], SUSPECT, NOON, "afield").lazy()
    nothing = pl.LazyFrame(schema={"item": pl.String, "share": pl.Float64})
    labels = in_force(pl.LazyFrame(schema=SCHEMA))
    reported = pl.LazyFrame({"item": ["q/1", "gone"]})
    queue = waiting(ITEMS, labels, nothing, asked, reported).collect()
    assert queue.select("item", "reason").rows()[:2] == [("q/1", REPORTED), ("p/1", SUSPECT)]
    assert queue["priority"].is_between(0.0, 1.0).all()
    assert "gone" not in queue["item"].to_list()
