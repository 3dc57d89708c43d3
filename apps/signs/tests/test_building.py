"""Building: features looked up, labels out of what people said, and proof that neither peeks."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import polars as pl
import pytest

from afield.audit.checking import contract
from afield.audit.checking import features as proven
from afield.data.validate import check
from afield.records.facts import Window
from signs.building import (
    CONTRACTS,
    TABLES,
    answers,
    build,
    known,
    label,
    look_up,
    period,
    read_before,
    small_world,
    told_of,
)
from signs.confidence import FEATURES
from signs.operating import STEP
from signs.tables import SCHEMAS

START = datetime(2026, 5, 1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
History = dict[str, pl.LazyFrame]


def line(name: str, at: datetime, **fields: object) -> dict[str, object]:
    values = [at.hour + place / 100 for place in range(len(FEATURES))]
    row = {"line": name, "at": at, "known_at": at, "device": "d", "script": "han", "language": "ja", "place": ""}
    return {**row, "shown": "automate", "features": json.dumps(values), **fields}


def verdict(
    line: str, at: datetime, right: int, *, asked: bool = True, known_at: datetime | None = None, name: str = ""
) -> dict[str, object]:
    row = {"verdict": name or f"{line}/{at:%H%M}", "at": at, "known_at": known_at or at, "line": line, "right": right}
    return {**row, "how": "tapped_right" if right else "tapped_wrong", "asked": asked}


def history(lines: Sequence[Mapping[str, object]], verdicts: Sequence[Mapping[str, object]]) -> History:
    return {
        "lines": pl.LazyFrame(list(lines), schema=SCHEMAS["lines"]),
        "verdicts": pl.LazyFrame(list(verdicts), schema=SCHEMAS["verdicts"]),
    }


def days(number: int = 3) -> History:
    """A line every hour of some days, of which every second one was asked about."""
    moments = [START + hour * HOUR for hour in range(24 * number)]
    lines = [line(f"l{place:03}", at) for place, at in enumerate(moments)]
    said = [verdict(f"l{place:03}", at, place % 3 > 0) for place, at in enumerate(moments) if place % 2 == 0]
    return history(lines, said)


def truths(past: History, *names: str) -> list[float | None]:
    rows = pl.DataFrame({"line": names, "tick": [START + STEP] * len(names)})
    found: list[float | None] = label(rows, past)["truth"].to_list()
    return found


def test_the_features_of_a_line_are_those_that_it_was_read_with() -> None:
    past = history([line("a", START + 5 * HOUR)], [])
    spine = pl.LazyFrame({"line": ["a"], "tick": [START + 6 * HOUR]})
    row = look_up(spine, past).collect().row(0, named=True)
    assert row["has_history"]
    assert [row[name] for name in FEATURES] == [5 + place / 100 for place in range(len(FEATURES))]


def test_a_line_that_nobody_knows_has_no_features_and_keeps_its_place() -> None:
    past = history([line("b", START), line("a", START)], [])
    spine = pl.LazyFrame({"line": ["a", "x", "b"], "tick": [START] * 3})
    rows = look_up(spine, past).collect()
    assert rows["line"].to_list() == ["a", "x", "b"]
    assert rows["has_history"].to_list() == [True, False, True]
    assert rows[FEATURES[0]].null_count() == 1


def test_features_of_an_older_reader_are_null_where_they_are_missing() -> None:
    past = history([line("a", START, features="[1.0, 2.0]")], [])
    row = look_up(pl.LazyFrame({"line": ["a"], "tick": [START]}), past).collect().row(0, named=True)
    assert (row[FEATURES[0]], row[FEATURES[1]], row[FEATURES[2]]) == (1.0, 2.0, None)


def test_the_lines_of_a_tick_are_those_of_the_slot_before_it() -> None:
    tick = START + HOUR
    past = history(
        [line("a", tick - STEP), line("b", tick - timedelta(seconds=1)), line("c", tick), line("d", START)], []
    )
    assert read_before(past, tick).to_list() == ["a", "b"]
    assert read_before(past, tick + STEP).to_list() == ["c"]


def test_the_spine_holds_each_line_that_somebody_was_asked_about_once() -> None:
    lines = [line("a", START + timedelta(minutes=10)), line("b", START), line("c", START + 3 * HOUR)]
    said = [
        verdict("a", START + HOUR, 1),
        verdict("a", START + 2 * HOUR, 0),
        verdict("b", START + HOUR, 0, asked=False),
        verdict("c", START + 4 * HOUR, 1),
    ]
    spine = told_of(history(lines, said), Window(START, START + DAY))
    assert spine.rows() == [("a", START + STEP), ("c", START + 3 * HOUR + STEP)]


def test_the_window_of_the_spine_is_open_at_its_end() -> None:
    past = history([line("a", START)], [verdict("a", START + HOUR, 1)])
    assert told_of(past, Window(START, START + STEP)).is_empty()
    assert told_of(past, Window(START + STEP, START + DAY)).height == 1
    assert told_of(past, Window(START + 2 * STEP, START + DAY)).is_empty()


def test_the_last_word_on_a_line_counts() -> None:
    said = [verdict("a", START, 1, known_at=START + 2 * HOUR), verdict("a", START + HOUR, 0, known_at=START + HOUR)]
    assert truths(history([line("a", START)], said), "a") == [1.0]
    assert truths(history([line("a", START)], said[::-1]), "a") == [1.0]


def test_a_verdict_that_is_sent_again_is_not_a_later_word() -> None:
    first = verdict("a", START, 1, name="said")
    corrected = verdict("a", START + HOUR, 0, name="said later")
    again = verdict("a", START, 1, name="said", known_at=START + 2 * HOUR)
    assert truths(history([line("a", START)], [first, corrected, again]), "a") == [0.0]


def test_only_what_people_were_asked_by_lot_is_a_label() -> None:
    said = [verdict("a", START, 1), verdict("a", START + HOUR, 0, asked=False), verdict("b", START, 0, asked=False)]
    past = history([line("a", START), line("b", START)], said)
    assert truths(past, "a", "b", "c") == [1.0, None, None]
    assert answers(past).collect().height == 1


def test_labels_keep_the_rows_and_their_order() -> None:
    past = days()
    rows = told_of(past, Window(START, START + DAY)).reverse()
    labelled = label(rows, past)
    assert labelled.drop("truth").equals(rows)
    assert labelled["truth"].null_count() == 0


def test_the_period_reaches_from_the_first_line_past_the_tick_of_the_last() -> None:
    past = history([line("a", START + timedelta(minutes=40)), line("b", START + timedelta(hours=5, minutes=1))], [])
    assert period(past) == (START + STEP, START + 6 * HOUR)
    assert told_of(past, Window(START, START + DAY)).is_empty()


def test_without_lines_there_is_no_period() -> None:
    start, end = period(history([], []))
    assert start == end


def test_only_what_was_known_before_a_moment_is_known() -> None:
    past = history([line("a", START)], [verdict("a", START, 1, known_at=START + HOUR)])
    assert {name: rows.collect().height for name, rows in known(past, START + HOUR).items()} == {
        "lines": 1,
        "verdicts": 0,
    }


def test_golden_rows_hold_a_few_lines_and_no_people() -> None:
    tick = START + 3 * DAY
    keys, world = small_world(days(), tick)
    assert len(keys) == 5
    lines = world["lines"].collect()
    assert sorted(lines["line"]) == sorted(keys)
    assert lines["device"].null_count() == lines.height
    assert world["verdicts"].collect().is_empty()
    rows = look_up(pl.LazyFrame({"line": keys, "tick": [tick] * 5}), world).collect()
    assert rows["has_history"].all()
    assert read_before(world, tick).to_list() == sorted(keys)


def test_features_neither_peek_nor_differ_between_batch_parts_and_serving() -> None:
    plan = build({})
    assert {check.name: check.passed for check in proven(plan, days())} == {
        "no_peeking": True,
        "parity": True,
        "partition": True,
    }


def test_the_card_says_that_images_become_text() -> None:
    assert build({}).task == "image-to-text"


def test_tables_keep_their_contracts() -> None:
    assert contract(build({}), days()).passed


def test_a_verdict_on_a_line_that_is_not_there_breaks_the_contract() -> None:
    past = history([line("a", START)], [verdict("b", START, 1)])
    found = [finding.message for each in CONTRACTS for finding in check(each, past)]
    assert len(found) == 1
    assert "line" in found[0]


@pytest.mark.parametrize("name", ["lines", "verdicts"])
def test_a_fact_that_is_sent_again_changes_nothing(name: str) -> None:
    past = days(1)[name]
    twice = pl.concat([past, past])
    assert TABLES[name].once(twice).collect().height == past.collect().height
