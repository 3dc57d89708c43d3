"""What people say of lines, as labels: the same words give the same truth as ever, and reviewers have the last one."""

import json
import random
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.curation.labels import open_labels
from afield.curation.suspects import find_suspects
from afield.errors import LabellingError
from afield.labelling.conflicts import resolve
from afield.labelling.labels import SCHEMA, Label, in_force, label_rows
from afield.records.facts import Window
from afield.store.tables import Tables
from signs.building import TABLES, build, label, told_of
from signs.confidence import FEATURES
from signs.labels import ASKED, POLICY, UNASKED, items, said, standing
from signs.tables import SCHEMAS

START = datetime(2026, 5, 1)
HOUR = timedelta(hours=1)
NOW = datetime(2026, 6, 1)
FLIPPED = [f"f{n // 4:03}/{n % 4}" for n in range(12)]
WHOLE = Window(START - HOUR, START + 100 * HOUR)
History = dict[str, pl.LazyFrame]


def history(seed: int, verdicts: int = 60) -> History:
    """Twenty lines of five frames by three devices (one unknown), and what was said of them, asked and unasked."""
    draw = random.Random(seed)
    lines = [
        {
            "line": f"f{n // 4}/{n % 4}",
            "at": START + n * HOUR,
            "known_at": START + n * HOUR,
            "device": [None, "d1", "d2"][n // 4 % 3],
            "features": "[0.9, 1.0]",
        }
        for n in range(20)
    ]
    told = [
        {
            "verdict": f"v{draw.randrange(verdicts)}",
            "at": START + draw.randrange(40) * HOUR,
            "known_at": START + draw.randrange(40) * HOUR,
            "line": f"f{draw.randrange(6)}/{draw.randrange(4)}",
            "right": draw.randrange(2),
            "asked": draw.random() < 0.6,
        }
        for _ in range(verdicts)
    ]
    return {
        "lines": pl.LazyFrame(lines, schema=SCHEMAS["lines"]),
        "verdicts": pl.LazyFrame(told, schema=SCHEMAS["verdicts"]),
    }


def review(line: str, right: float, at: datetime = START) -> Label:
    return Label(f"review of {line}", line, right, "ann", at, "review")


@pytest.mark.parametrize("seed", range(20))
def test_without_reviewers_the_truth_is_the_last_word_of_the_travellers_who_were_asked(seed: int) -> None:
    past = history(seed)
    rows = told_of(past, WHOLE)
    answers = TABLES["verdicts"].once(past["verdicts"]).filter("asked")
    last = answers.sort("known_at", maintain_order=True).group_by("line").agg(pl.col("right").last().cast(pl.Float64))
    expected = rows.lazy().join(last, on="line", how="left", maintain_order="left").collect()["right"]
    assert label(rows, past)["truth"].to_list() == expected.to_list()


def test_a_reviewer_has_the_last_word_whenever_it_was_said() -> None:
    past = history(3)
    line = standing(past).collect()["item"][0]
    for right in (0.0, 1.0):
        reviewed = past | {"labels": label_rows([review(line, right)]).lazy()}
        assert standing(reviewed).filter(pl.col("item") == line).collect()["label"].item() == right


def test_reviews_do_not_choose_what_is_learned_from() -> None:
    past = history(3)
    reviewed = past | {"labels": label_rows([review("f4/3", 1.0)]).lazy()}
    assert told_of(past, WHOLE).equals(told_of(reviewed, WHOLE))


def test_complaints_are_told_and_do_not_teach() -> None:
    past = history(1)
    counts = dict(said(past).collect()["source"].value_counts().iter_rows())
    assert counts[ASKED] > 0
    assert counts[UNASKED] > 0
    asked = past["verdicts"].filter("asked").select("line").unique().collect()["line"].to_list()
    assert set(standing(past).collect()["item"]) <= set(asked)


def test_the_table_of_labels_holds_what_was_stored_once() -> None:
    past = history(2)
    stored = past | {"labels": label_rows([review("f0/0", 1.0)] * 2).lazy()}
    assert in_force(said(stored)).filter(pl.col("source") == "review").collect().height == 1
    assert resolve(in_force(said(stored)), POLICY).filter(pl.col("item") == "f0/0").collect()["label"].item() == 1.0


def test_items_tell_their_row_and_their_frame() -> None:
    row = items(history(0)).collect().row(0, named=True)
    assert (row["item"], row["frame"]) == ("f0/0", "f0")
    assert 0 <= row["priority"] <= 1
    assert {"line", "tick"} <= set(row)


def readings(flipped: int) -> History:
    """Four hundred lines of a hundred frames, read right where their score is high; the first verdicts are wrong."""
    draw = random.Random(1)
    lines, told = [], []
    for n in range(400):
        score, at = draw.random(), START + n * HOUR / 4
        values = [score, *(draw.random() for _ in FEATURES[1:])]
        name = f"f{n // 4:03}/{n % 4}"
        right = int(score > 0.5) ^ int(n < flipped)
        lines.append({"line": name, "at": at, "known_at": at, "device": "d", "features": json.dumps(values)})
        told.append({"verdict": name, "at": at, "known_at": at, "line": name, "right": right, "asked": True})
    return {
        "lines": pl.LazyFrame(lines, schema=SCHEMAS["lines"]),
        "verdicts": pl.LazyFrame(told, schema=SCHEMAS["verdicts"]),
        "labels": pl.LazyFrame(schema=SCHEMA),
    }


def test_verdicts_that_contradict_what_is_learned_from_the_others_are_suspects(tmp_path: Path) -> None:
    past, plan = readings(flipped=12), build({})
    book = open_labels(plan, past, Tables(tmp_path / "tables"))
    (tmp_path / "examples").mkdir()
    found = find_suspects(tmp_path / "examples", plan, book, past, 4, lambda _: None)
    assert found.looked == 400
    assert len(set(FLIPPED) & set(found.rows["item"])) >= 9
    assert len(set(found.rows["item"]) - set(FLIPPED)) <= 12


def test_a_reviewer_who_puts_a_verdict_right_clears_the_suspicion(tmp_path: Path) -> None:
    past, plan = readings(flipped=12), build({})
    book = open_labels(plan, past, Tables(tmp_path / "tables"))
    right = [float(label_of(past, name)) for name in FLIPPED]
    book.add([review(name, 1.0 - value, NOW) for name, value in zip(FLIPPED, right, strict=True)])
    (tmp_path / "examples").mkdir()
    found = find_suspects(tmp_path / "examples", plan, book, past, 4, lambda _: None)
    assert not set(FLIPPED) & set(found.rows["item"])


def test_one_class_only_cannot_be_searched(tmp_path: Path) -> None:
    past, plan = readings(flipped=0), build({})
    past["verdicts"] = past["verdicts"].with_columns(right=pl.lit(1, pl.Int64))
    book = open_labels(plan, past, Tables(tmp_path / "tables"))
    (tmp_path / "examples").mkdir()
    with pytest.raises(LabellingError, match="hold 1 classes"):
        find_suspects(tmp_path / "examples", plan, book, past, 4, lambda _: None)


def label_of(past: History, name: str) -> int:
    return int(past["verdicts"].filter(pl.col("line") == name).collect()["right"].item())
