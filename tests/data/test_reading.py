from pathlib import Path

import polars as pl
import pytest

from afield.data.reading import columns_of, read_parquet
from afield.errors import DataError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "rows.parquet"
    pl.DataFrame({"zone": [1, 2], "name": ["a", "b"]}).write_parquet(path)
    return path


def test_a_column_comes_in_the_type_that_was_asked_for(path: Path) -> None:
    assert read_parquet(path, {"zone": pl.Int32}).schema == {"zone": pl.Int32}


def test_a_missing_column_is_named_with_its_file(path: Path) -> None:
    with pytest.raises(DataError, match=r"rows\.parquet: column colour is missing; it has zone, name"):
        read_parquet(path, {"zone": pl.Int32, "colour": pl.String})


def test_an_optional_column_that_is_missing_is_null(path: Path) -> None:
    assert read_parquet(path, {"zone": pl.Int32, "colour": pl.String}, optional=["colour"])["colour"].null_count() == 2


def test_a_column_of_another_kind_is_named_with_both_types(path: Path) -> None:
    with pytest.raises(DataError, match=r"column name is String, Int32 is expected"):
        read_parquet(path, {"name": pl.Int32})


def test_a_truncated_file_is_refused_with_advice(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match=r"rows\.parquet: cannot be read .* download or copy it again"):
        read_parquet(path, {"zone": pl.Int32})


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "empty.parquet"
    pl.DataFrame(schema={"zone": pl.Int32}).write_parquet(path)
    with pytest.raises(DataError, match=r"empty\.parquet: holds no row"):
        read_parquet(path, {"zone": pl.Int32})


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"nowhere\.csv: there is no such file"):
        columns_of(tmp_path / "nowhere.csv")


def test_a_folder_and_an_empty_file_are_not_called_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder, not a file"):
        columns_of(tmp_path)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(DataError, match=r"empty\.csv: the file is empty"):
        columns_of(tmp_path / "empty.csv")
