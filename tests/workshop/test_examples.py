"""Examples: features and truth of every spine row, in files of bounded size."""

from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from afield.engine.engine import HERE, Engine, Local
from afield.features.feature import HAS_HISTORY, FeatureSet, History
from afield.records.facts import Window
from afield.workshop import examples
from afield.workshop.examples import open_examples, write_examples

START = datetime(2024, 3, 1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WINDOW = Window(START, START + 10 * DAY)


def hour_of_day(spine: pl.LazyFrame, _: object) -> pl.LazyFrame:
    return spine.with_columns(hour=pl.col("slot").dt.hour(), **{HAS_HISTORY: pl.col("slot") >= START + DAY})


FEATURES = FeatureSet(hour_of_day, ("hour",), DAY, ("zone",), "slot")


def spine(_: object, window: Window) -> pl.DataFrame:
    slots = pl.datetime_range(window.start, window.end, "1h", closed="left", eager=True).alias("slot")
    return slots.to_frame().join(pl.DataFrame({"zone": [3, 4]}), how="cross").select("zone", "slot")


def labels(rows: pl.DataFrame, _: object) -> pl.DataFrame:
    return rows.with_columns(truth=(pl.col("zone") * 1.0))


def write(folder: Path, at_once: int, engine: Engine = HERE) -> pl.DataFrame:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "ROWS_AT_ONCE", at_once)
        write_examples(folder, FEATURES, spine, labels, {}, WINDOW, engine)
    return open_examples(folder, "slot").collect()


def test_stretches_of_any_size_give_the_same_examples(tmp_path: Path) -> None:
    whole = write(tmp_path / "whole", 10**6)
    parts = write(tmp_path / "parts", 100)
    assert len(list((tmp_path / "whole").iterdir())) == 1
    assert len(list((tmp_path / "parts").iterdir())) > 3
    assert whole.height == 480
    assert_frame_equal(whole, parts)


def test_examples_hold_spine_truth_history_and_single_precision_features(tmp_path: Path) -> None:
    found = write(tmp_path / "examples", 10**6)
    assert found.columns == ["zone", "slot", "truth", HAS_HISTORY, "hour"]
    assert found["hour"].dtype == pl.Float32
    assert found.filter(~pl.col(HAS_HISTORY)).height == 48


def test_a_window_of_examples_is_half_open(tmp_path: Path) -> None:
    write(tmp_path / "examples", 100)
    found = open_examples(tmp_path / "examples", "slot", Window(START + DAY, START + 2 * DAY)).collect()["slot"]
    assert (found.min(), found.max()) == (START + DAY, START + 2 * DAY - HOUR)


def test_other_processes_make_the_same_examples(tmp_path: Path) -> None:
    assert_frame_equal(write(tmp_path / "here", 100), write(tmp_path / "there", 100, Local(2)))


def test_a_window_without_a_row_gives_examples_without_a_row(tmp_path: Path) -> None:
    write_examples(tmp_path, FEATURES, spine, labels, {}, Window(START, START))
    assert open_examples(tmp_path, "slot").collect().columns == ["zone", "slot", "truth", HAS_HISTORY, "hour"]


def test_a_long_table_is_read_by_stretches_and_gives_the_same_examples(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def counted(rows: pl.LazyFrame, history: History) -> pl.LazyFrame:
        facts = history["facts"].collect()
        seen.append(facts.height)
        found = rows.collect()
        lately = [
            facts.filter(pl.col("known_at") < slot, pl.col("at") >= slot - DAY).height
            for slot in found["slot"].to_list()
        ]
        return found.with_columns(lately=pl.Series(lately), **{HAS_HISTORY: pl.lit(value=True)}).lazy()

    times = pl.datetime_range(START, WINDOW.end, "20m", closed="left", eager=True)
    pl.DataFrame({"at": times, "known_at": times + HOUR}).write_parquet(tmp_path / "facts.parquet")
    history = {"facts": pl.scan_parquet(tmp_path / "facts.parquet")}
    features = FeatureSet(counted, ("lately",), DAY, ("zone",), "slot")
    monkeypatch.setattr(examples, "ROWS_AT_ONCE", 100)
    found = []
    for held in (10**6, 10):
        monkeypatch.setattr(examples, "HELD_AT_MOST", held)
        folder = tmp_path / str(held)
        folder.mkdir()
        write_examples(folder, features, spine, labels, history, WINDOW)
        found.append(open_examples(folder, "slot").collect())
    assert_frame_equal(*found)
    assert max(seen) <= 4 * 72, "a stretch holds its days and its lookback"


@given(st.integers(0, 900), st.integers(0, 23), st.integers(1, 9000))
def test_pieces_of_a_window_follow_each_other_and_end_at_midnight(days: int, hour: int, hours: int) -> None:
    start = START + days * DAY + hour * HOUR
    window = Window(start, start + hours * HOUR)
    pieces = list(examples._pieces(window))
    assert (pieces[0].start, pieces[-1].end) == (window.start, window.end)
    assert all(one.end == other.start and one.end.hour == 0 for one, other in pairwise(pieces))
    assert all(piece.end > piece.start for piece in pieces)
