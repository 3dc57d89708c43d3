"""The draft of an application from the columns of a file."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from afield.errors import DataError, UsageError
from afield.tabular.draft import Draft, draft
from afield.tabular.parcels import TARGET, TIME, parcels

DAY = timedelta(days=1)


def sold(rows: int = 900, days: int = 60) -> pl.DataFrame:
    draws = np.random.default_rng(3)
    sign = draws.normal(size=rows)
    count = draws.poisson(np.exp(0.5 + 0.5 * sign))
    return pl.DataFrame(
        {
            "When": [datetime(2026, 1, 1) + n * timedelta(days=days) / rows for n in range(rows)],
            "Temp (C)": sign,
            "Sold": count,
            "Afterwards": count * 2.0,
            "Number": range(rows),
            "Id": [f"u{n}" for n in range(rows)],
            "Same": ["k"] * rows,
            "Shop": draws.choice(["a b", 'c"d'], rows),
        }
    )


def of(folder: Path, frame: pl.DataFrame, target: str = "Sold", time: str = "When", positive: str = "") -> Draft:
    frame.write_csv(folder / "f.csv")
    return draft(folder / "f.csv", target, time, DAY, positive)


def test_columns_that_mislead_are_left_out_with_the_reason(tmp_path: Path) -> None:
    made = of(tmp_path, sold())
    assert (made.kind, made.numbers, list(made.categories)) == ("count", ("temp_c",), ["shop"])
    assert set(made.left_out) == {"afterwards", "number", "id", "same"}
    assert "known only afterwards" in made.left_out["afterwards"]


def test_the_rule_to_beat_is_the_best_that_one_column_gives(tmp_path: Path) -> None:
    made = of(tmp_path, sold())
    assert made.rule.column == "temp_c"
    assert made.rule.says == tuple(sorted(made.rule.says))


def test_the_windows_leave_most_of_the_time_to_train_on(tmp_path: Path) -> None:
    times = of(tmp_path, sold()).times
    assert (times.validation, times.test, times.delay) == (5 * DAY, 11 * DAY, DAY)


def test_a_target_of_two_texts_is_yes_or_no_the_rarer_meaning_yes(tmp_path: Path) -> None:
    frame = sold().with_columns(pl.when(pl.col("Sold") > 3).then(pl.lit("out")).otherwise(pl.lit("there")).alias("End"))
    made = of(tmp_path, frame.drop("Sold", "Afterwards"), "End")
    assert (made.kind, made.positive) == ("yes_or_no", "out")


def test_the_generated_parcels_make_a_draft(tmp_path: Path) -> None:
    made = of(tmp_path, parcels(rows=800), TARGET, TIME)
    assert (made.kind, made.numbers, list(made.categories)) == ("yes_or_no", ("weight_kg", "distance_km"), ["carrier"])


@pytest.mark.parametrize(
    ("frame", "target", "time", "said"),
    [
        (sold(), "Nothing", "When", "has no column 'Nothing'"),
        (sold(), "Sold", "Id", "cannot be read as a time"),
        (sold(), "Id", "When", "different texts"),
        (sold(), "Same", "When", "nothing to learn"),
        (sold(100), "Sold", "When", "200 rows over 22 days"),
        (sold(days=5), "Sold", "When", "are the least to train"),
        (sold().select("When", "Sold", "Id"), "Sold", "When", "no column is left"),
    ],
)
def test_what_cannot_be_drafted_is_refused_in_words(
    tmp_path: Path, frame: pl.DataFrame, target: str, time: str, said: str
) -> None:
    with pytest.raises((UsageError, DataError), match=said):
        of(tmp_path, frame, target, time)
