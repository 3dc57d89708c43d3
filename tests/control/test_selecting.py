"""Which rows of production people are asked to label, with signs and without a service."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.control.selecting import Draws, labelled
from afield.labelling.contests import CONTESTS, contest_rows
from afield.labelling.queue import QUEUE
from afield.records.facts import Window
from afield.records.traffic import Contest, EventBatch, Outcome
from afield.selection.estimation import labelled_ratio
from afield.selection.strategies import Selection
from afield.store.tables import Tables
from afield.telemetry.delivery import EVENTS, event_rows
from afield.telemetry.outcomes import OUTCOMES, store_outcomes
from signs.building import build
from signs.labels import LABELLING
from signs.tables import SCHEMAS

START = datetime(2024, 5, 1)
CHUNK = Window(START, START + timedelta(hours=6))
LINES = tuple(f"p{number // 2}/{number % 2}" for number in range(60))
SELECTION = Selection(
    budget=48, shares={"random": 0.4, "uncertain": 0.2, "disagreeing": 0.2, "rare": 0.2}, groups=("script",)
)


def said(arm: str, values: np.ndarray) -> EventBatch:
    output = {"confidence": tuple(values.tolist())}
    return EventBatch(f"tick:{arm}", LINES, arm, "c" * 64, START, 0.5, 1.0, "all", "", output, START)


def history(_: datetime) -> Mapping[str, pl.LazyFrame]:
    rows = {
        "line": LINES,
        "at": START - timedelta(minutes=10),
        "known_at": START,
        "device": "d",
        "script": ["hangul" if line == "p7/1" else "latin" for line in LINES],
        "language": "en",
        "place": "",
        "shown": "automate",
        "features": json.dumps([0.5]),
    }
    lines = pl.LazyFrame(rows).cast({name: SCHEMAS["lines"][name] for name in rows})  # type: ignore[arg-type]
    return {"lines": lines, "verdicts": pl.LazyFrame(schema=SCHEMAS["verdicts"])}


@pytest.fixture
def draws(tmp_path: Path) -> Draws:
    tables = Tables(tmp_path)
    sure = np.linspace(0.5, 1.0, 60)
    tables.append(EVENTS, event_rows([said("champion", sure), said("baseline", sure[::-1])]))
    return Draws(
        selection=SELECTION, plan=build({}), labelling=LABELLING, output="confidence", interval=None, tables=tables,
        history=history, reference=lambda _: pl.DataFrame(),
    )  # fmt: skip


def select(draws: Draws) -> pl.DataFrame:
    return draws.select(CHUNK, "c" * 64, CHUNK.end)


def test_a_chunk_s_part_of_the_budget_is_drawn_once_with_each_probability(draws: Draws) -> None:
    asked = select(draws)
    assert asked.height == 12
    assert set(asked["item"]) <= set(LINES)
    assert asked["inclusion"].is_between(0.0, 0.5, closed="right").all(), "telemetry kept half of the events"
    select(draws)
    assert draws.tables.scan(QUEUE).collect().height == 12


def test_what_is_rare_is_likely_and_what_somebody_contested_is_certain(draws: Draws) -> None:
    draws.tables.append(CONTESTS, contest_rows([Contest("p3", at=START)]))
    asked = select(draws)
    reported = asked.filter(pl.col("reason") == "reported")
    assert sorted(reported["item"]) == ["p3/0", "p3/1"]
    assert reported["inclusion"].to_list() == [0.5, 0.5]
    assert ("p7/1", "rare") in asked.select("item", "reason").rows()


def test_what_has_come_true_needs_nobody(draws: Draws) -> None:
    known = [Outcome(f"o{line}", line, START, CHUNK.end, "asked", 1.0) for line in LINES[:58]]
    store_outcomes(draws.tables, known)
    assert set(select(draws)["item"]) == set(LINES[58:])


def test_where_nothing_was_forecast_nothing_is_asked(draws: Draws) -> None:
    later = Window(CHUNK.end, CHUNK.end + timedelta(hours=6))
    assert draws.select(later, "c" * 64, later.end).is_empty()


def test_labels_of_drawn_rows_stand_for_all_rows(draws: Draws) -> None:
    asked = select(draws)
    labels = pl.DataFrame({"item": asked["item"], "label": 1.0})
    rows, every = labelled(draws, labels, CHUNK.end - CHUNK.start)
    assert (rows.height, len(every)) == (12, 60)
    assert rows.columns[:1] == ["item"]
    found = labelled_ratio(np.square(rows["said"].to_numpy() - 1.0), rows["inclusion"].to_numpy())
    # Events were kept with probability one half, so that sixty of them stand for twice as many.
    assert found.weight == pytest.approx(120, rel=0.5)
    assert found.value == pytest.approx(np.square(1 - np.linspace(0.5, 1, 60)).mean(), abs=0.08)


def test_labels_that_came_after_the_draw_do_not_change_among_which_was_drawn(draws: Draws) -> None:
    asked = select(draws)
    later = CHUNK.end + timedelta(hours=1)
    store_outcomes(draws.tables, [Outcome(f"o{line}", line, START, later, "asked", 1.0) for line in LINES])
    assert draws.tables.exists(OUTCOMES)
    _, every = labelled(draws, pl.DataFrame({"item": asked["item"], "label": 1.0}), CHUNK.end - CHUNK.start)
    assert len(every) == 60


def test_ends_of_intervals_that_cross_or_are_missing_do_not_stop_the_loop(draws: Draws) -> None:
    output = {"confidence": (0.5,) * 60, "low": (0.9, *(0.1,) * 59), "high": (0.2, *(0.8,) * 58, float("nan"))}
    batch = EventBatch("t2", LINES, "champion", "d" * 64, START, 1.0, 1.0, "all", "", output, START)
    draws.tables.append(EVENTS, event_rows([batch]))
    numbers = replace(draws, labelling=replace(LABELLING, classes={}), interval=("low", "high"))
    assert numbers.select(CHUNK, "d" * 64, CHUNK.end).height == 12
