import os
from pathlib import Path

import pytest

from afield.data.fingerprint import fingerprint
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
