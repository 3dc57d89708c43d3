"""Examples: features and truth of every spine row, in files of bounded size."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from afield.features.feature import HAS_HISTORY, FeatureSet
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


def write(folder: Path, at_once: int) -> pl.DataFrame:
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(examples, "ROWS_AT_ONCE", at_once)
        write_examples(folder, FEATURES, spine, labels, {}, WINDOW)
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
