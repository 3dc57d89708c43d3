"""The report of a backtest."""

import json
from datetime import datetime, timedelta
from pathlib import Path

from afield.records.evidence import Comparison, Estimate, Interval
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.records.words import Words
from afield.reporting.backtest import short_rows, title, write
from afield.study.backtest import Backtest, Fold, Pooled, Spread

START = datetime(2024, 5, 1)
DAY = timedelta(days=1)


def estimate(value: float) -> Estimate:
    return Estimate(value, Interval(value - 0.1, value + 0.1), 40, 40.0)


def fold(number: int) -> Fold:
    at = START + number * DAY
    before, judged = Window(START - 9 * DAY, at), Window(at, at + DAY)
    scores = {"forecast": {"rmse": 1.0 + number, "mae": 0.5}, "last_week": {"rmse": 1.5 + number, "mae": 0.75}}
    return Fold(at, before, before, judged, "trees", 1234, 20, scores)


def found() -> Backtest:
    scores = {"forecast": {"rmse": estimate(1.25)}, "last_week": {"rmse": estimate(1.5)}}
    versus = Comparison("rmse", "forecast", "last_week", estimate(-0.5), estimate(0.66))
    spread = {name: {"rmse": Spread(1.5, 0.7, 1.0, 2.0)} for name in scores}
    provenance = Provenance("afield backtest bakery", {"facts": "abc"}, "def")
    return Backtest(
        "bakery", True, ("rmse", "mae"), (fold(0), fold(1)), {"all": Pooled(40, scores, (versus,))}, spread, provenance
    )


def test_the_title_says_how_the_model_stands_against_its_best_rival() -> None:
    assert title(found(), Words()) == (
        "Over 2 origins, RMSE is 0.660 (0.560 to 0.760) times that of last_week, the best rival; lower at 2 of them"
    )


def test_the_page_holds_the_numbers_their_intervals_and_the_command(tmp_path: Path) -> None:
    page = write(found(), tmp_path, Words()).read_text("utf-8")
    for text in ("1.250 (1.150 to 1.350)", "trees", "1,234", "afield backtest bakery", "<svg"):
        assert text in page
    assert "<script" not in page
    assert json.loads((tmp_path / "backtest.json").read_text())["folds"][1]["recipe"] == "trees"


def test_a_terminal_is_told_each_origin_and_who_is_compared() -> None:
    tables = {name: rows for name, _, rows in short_rows(found(), Words())}
    assert len(tables["each origin"]) == 2
    assert tables["the model over each rival, paired by block of time"][0][2:] == ("0.6600", "0.5600 to 0.7600")
