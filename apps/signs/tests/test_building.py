"""Lines that requests brought become rows at the next tick, and labels where travellers were asked."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec
import polars as pl

from afield.records.facts import Window
from signs.building import label, look_up, read_before, small_world, told_of
from signs.confidence import FEATURES
from signs.operating import STEP
from signs.tables import SCHEMAS

TICK = datetime(2026, 5, 4, 10)
MINUTE = timedelta(minutes=1)


def line(name: str, at: datetime, value: float = 0.5) -> dict[str, object]:
    """A row of `lines`."""
    features = msgspec.json.encode([value] * len(FEATURES)).decode()
    return {"line": name, "at": at, "known_at": at, "device": "phone", "script": "han", "language": "ja"} | {
        "place": "",
        "shown": "automate",
        "features": features,
    }


def said(name: str, known_at: datetime, right: int, *, asked: bool = True) -> dict[str, object]:
    """A row of `verdicts`."""
    told = {"verdict": f"{name}/{known_at}", "at": known_at, "known_at": known_at, "line": name, "right": right}
    return told | {"how": "tapped_right", "asked": asked, "text": None, "english": None}


def history(lines: list[dict[str, object]], verdicts: list[dict[str, object]]) -> Mapping[str, pl.LazyFrame]:
    """The two tables."""
    rows = {"lines": lines, "verdicts": verdicts}
    return {name: pl.LazyFrame(rows[name], schema=schema) for name, schema in SCHEMAS.items()}


def test_a_line_is_scored_once_at_the_tick_after_it_was_read() -> None:
    facts = history([line("early", TICK - STEP - MINUTE), line("read", TICK - MINUTE), line("next", TICK)], [])
    assert read_before(facts, TICK).to_list() == ["read"]
    assert read_before(facts, TICK + STEP).to_list() == ["next"]


def test_its_features_are_those_that_were_kept_when_it_was_read() -> None:
    facts = history([line("read", TICK - MINUTE, 0.25)], [])
    spine = pl.LazyFrame({"line": ["read", "unknown"], "tick": [TICK, TICK]})
    rows = look_up(spine, facts).collect()
    assert rows["has_history"].to_list() == [True, False]
    assert rows.select(FEATURES).row(0) == (0.25,) * len(FEATURES)


def test_only_lines_that_a_traveller_was_asked_about_are_labelled() -> None:
    lines = [line("asked", TICK - MINUTE), line("complained", TICK - MINUTE), line("silent", TICK - MINUTE)]
    facts = history(lines, [said("asked", TICK, 1), said("complained", TICK, 0, asked=False)])
    rows = told_of(facts, Window(TICK, TICK + STEP))
    assert rows["line"].to_list() == ["asked"]
    every = pl.DataFrame({"line": ["asked", "complained", "silent"], "tick": [TICK] * 3})
    assert label(every, facts)["truth"].to_list() == [1.0, None, None]


def test_the_last_word_on_a_line_counts() -> None:
    facts = history([line("read", TICK - MINUTE)], [said("read", TICK + STEP, 0), said("read", TICK, 1)])
    assert label(told_of(facts, Window(TICK, TICK + STEP)), facts)["truth"].to_list() == [0.0]


def test_golden_rows_hold_nobody() -> None:
    facts = history([line("read", TICK - MINUTE)], [said("read", TICK, 1)])
    keys, world = small_world(facts, TICK + STEP)
    assert keys == ("read",)
    assert world["lines"].select("device").collect()["device"].null_count() == 1
    assert world["verdicts"].collect().is_empty()
