"""Rows taken out of Delta tables for good: from every file, version and entry of the log."""

from datetime import datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from afield.errors import StoreError
from afield.store.purging import expire, holding, purge, reads
from afield.store.tables import Tables

ADA = "0123456789abcdef0123456789abcdef"
T0 = datetime(2024, 1, 1)


def about_ada(frame: pl.DataFrame) -> pl.Series:
    return frame["who"] == ADA


def rows(*who: str, day: int = 0) -> pl.DataFrame:
    return pl.DataFrame({"who": who, "at": [T0 + timedelta(days=day)] * len(who)})


@pytest.fixture
def tables(tmp_path: Path) -> Tables:
    """Version 1: others; 2: Ada too; 3: others again; and so many more that there is a checkpoint."""
    tables = Tables(tmp_path)
    for number, frame in enumerate((rows("bob"), rows(ADA, "eve"), rows("joe", day=9)), 1):
        tables.append("seen", frame, writer="w", transaction=number)
    for number in range(4, 25):
        tables.append("seen", rows("zoe", day=9), writer="w", transaction=number)
    return tables


def test_no_file_and_no_line_of_the_log_names_the_person_afterwards(tables: Tables, tmp_path: Path) -> None:
    table = tmp_path / "seen"
    assert any(ADA.encode() in file.read_bytes() for file in table.rglob("*.parquet") if "_delta_log" in file.parts)
    assert purge(table, about_ada, holding(table, about_ada)) == 1
    for file in table.rglob("*"):
        assert file.is_dir() or ADA.encode() not in file.read_bytes(), file
    assert holding(table, about_ada) == frozenset()


def test_everything_else_stays_with_what_writers_have_delivered(tables: Tables, tmp_path: Path) -> None:
    purge(tmp_path / "seen", about_ada, holding(tmp_path / "seen", about_ada))
    assert sorted(tables.scan("seen").collect()["who"].to_list()) == sorted(["bob", "eve", "joe", *["zoe"] * 21])
    assert tables.transaction("seen", "w") == 24
    before = tables.versions("seen")[-1]
    assert tables.append("seen", rows("again"), writer="w", transaction=24) == before
    tables.append("seen", rows("new"), writer="w", transaction=25)
    assert "new" in tables.scan("seen").collect()["who"].to_list()


def test_versions_that_never_read_the_person_stay_readable_and_others_say_why_not(
    tables: Tables, tmp_path: Path
) -> None:
    table = tmp_path / "seen"
    files = holding(table, about_ada)
    assert [reads(table, version, files) for version in (1, 2, 3)] == [False, True, True]
    purge(table, about_ada, files)
    assert tables.scan("seen", 1).collect()["who"].to_list() == ["bob"]
    with pytest.raises(StoreError, match="is missing"):
        tables.scan("seen", 2)


def test_a_purge_that_was_cut_short_is_ended_by_the_next(tables: Tables, tmp_path: Path) -> None:
    table = tmp_path / "seen"
    files = holding(table, about_ada)
    tables.replace("seen", tables.scan("seen").collect().filter(pl.col("who") != ADA), {})  # as far as it came
    assert holding(table, about_ada) == files
    assert purge(table, about_ada, files) == 0
    assert holding(table, about_ada) == frozenset()
    assert tables.scan("seen").collect().height == 24


def test_a_log_without_its_begin_is_left_alone(tables: Tables, tmp_path: Path) -> None:
    (tmp_path / "seen" / "_delta_log" / f"{0:020d}.json").unlink()
    files = holding(tmp_path / "seen", about_ada)
    with pytest.raises(StoreError, match="lacks its begin"):
        purge(tmp_path / "seen", about_ada, files)
    assert all(file.exists() for file in files)


def test_rows_that_are_too_old_go_from_the_table_and_later_from_the_disk(tables: Tables, tmp_path: Path) -> None:
    assert expire(tmp_path / "seen", "at", T0 + timedelta(days=1), hours=0) == 3
    assert set(tables.scan("seen").collect()["who"].to_list()) == {"joe", "zoe"}
    assert holding(tmp_path / "seen", about_ada) == frozenset()
    assert expire(tmp_path / "seen", "at", T0 + timedelta(days=1), hours=0) == 0
