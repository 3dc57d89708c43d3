"""Files that are whole or absent, whoever writes at once and whatever fails."""

import os
import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from afield.errors import StoreError
from afield.store.durable import keep_private, write_whole


def test_what_fails_half_way_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    file.write_bytes(b"before")

    def pieces() -> Iterator[bytes]:
        yield b"half"
        raise OSError(28, os.strerror(28))

    with pytest.raises(StoreError, match=r"No space left.*free space"):
        write_whole(file, pieces())
    assert file.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_gets_the_mode_that_is_asked_for_and_no_reader_sees_it_with_another(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "secret"
    modes = []

    def pieces() -> Iterator[bytes]:
        modes.extend(stat.S_IMODE(draft.stat().st_mode) for draft in file.parent.iterdir())
        yield b"word"

    write_whole(file, pieces(), mode=0o600)
    assert modes == [0o600]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_of_many_writers_at_once_one_is_read_whole(tmp_path: Path) -> None:
    file = tmp_path / "kept"
    contents = [bytes([number]) * 50_000 for number in range(16)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_whole(file, (content[:1], content[1:])), contents))
    assert file.read_bytes() in contents
    assert list(tmp_path.iterdir()) == [file]


def test_of_many_who_keep_a_secret_at_once_the_first_one_stays(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: keep_private(file, bytes([number])), range(16)))
    (kept,) = tmp_path.iterdir()
    before = kept.read_bytes()
    keep_private(file, b"another")
    assert (kept, file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (file, before, 0o600)


def test_a_place_that_is_no_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="clear the way"):
        write_whole(tmp_path / "file" / "kept", (b"",))
