import math
import os
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from afield.data.fingerprint import fingerprint, rows_digest
from afield.errors import DataError


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / "a", tmp_path / "b"]
    for path in paths:
        path.write_text(path.name)
    return paths


def test_the_order_of_the_files_does_not_matter(paths: list[Path]) -> None:
    assert fingerprint(paths) == fingerprint(reversed(paths))


def test_a_changed_byte_changes_the_fingerprint(paths: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    before = fingerprint(paths, cache)
    paths[0].write_text("other")
    assert fingerprint(paths, cache) != before


def test_the_salt_changes_the_fingerprint(paths: list[Path]) -> None:
    assert fingerprint(paths, salt="x") != fingerprint(paths)


def test_an_unchanged_file_is_not_read_again(paths: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    before, status = fingerprint(paths, cache), paths[0].stat()
    paths[0].write_text("z")
    os.utime(paths[0], ns=(status.st_atime_ns, status.st_mtime_ns))
    assert fingerprint(paths, cache) == before


def test_a_damaged_cache_is_of_no_consequence(paths: list[Path], tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text("{")
    assert fingerprint(paths, cache) == fingerprint(paths)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="gone: cannot be read"):
        fingerprint([tmp_path / "gone"])


def test_the_digest_of_rows_does_not_depend_on_how_they_lie_in_memory() -> None:
    frame = pl.DataFrame(
        {
            "text": ["a", None, "bc"],
            "number": pl.Series([1, None, 3], dtype=pl.Int32),
            "share": [0.5, math.nan, None],
            "at": [datetime(2024, 3, 1), None, datetime(2024, 3, 2)],
            "names": [["p"], [], None],
        }
    )
    apart = pl.concat([frame.head(1), frame.tail(2)], rechunk=False)
    assert rows_digest(apart) == rows_digest(frame)


@pytest.mark.parametrize(
    "other", [["a", "bc"], ["ab", "c", None], ["ab", None, "c"], ["abc", "", None], ["a", "bc", ""], ["bc", "a", None]]
)
def test_other_rows_have_another_digest(other: list[str | None]) -> None:
    assert rows_digest(pl.DataFrame({"text": other})) != rows_digest(pl.DataFrame({"text": ["a", "bc", None]}))
