from pathlib import Path

import pytest

from afield.errors import ReleaseError, UsageError
from afield.exchange.writing import write_folder


def test_files_are_written_into_a_new_folder(tmp_path: Path) -> None:
    write_folder(tmp_path / "out", {"a": b"1", "b/c": b"2"})
    assert (tmp_path / "out" / "b" / "c").read_bytes() == b"2"
    assert [each.name for each in tmp_path.iterdir()] == ["out"]


def test_what_is_there_is_never_written_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("", "file", "link"):
        with pytest.raises(UsageError, match="is there already"):
            write_folder(tmp_path / name, {"a": b"1"})


def test_a_folder_is_made_where_there_is_one_to_make_it_in(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="make it first"):
        write_folder(tmp_path / "no" / "out", {"a": b"1"})


def test_what_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(ReleaseError, match="nothing was changed"):
        write_folder(tmp_path / "out", {"a": b"1", "a/b": b"2"})
    assert not list(tmp_path.iterdir())
