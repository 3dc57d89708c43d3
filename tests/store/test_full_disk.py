"""A full disk is told, and nothing half-written stays: on a file system of two megabytes."""

import errno
import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import polars as pl
import pytest

from afield.errors import StoreError
from afield.store import steps as module
from afield.store.steps import Steps
from afield.store.tables import Tables

FRAME = pl.DataFrame({"n": range(10)})


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A folder with room for two megabytes; the test is skipped where it cannot be mounted."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", folder], capture_output=True)
    if mounted.returncode:
        pytest.skip("only root may mount a small file system")
    yield folder
    subprocess.run(["umount", folder], check=True)


def fill(folder: Path) -> None:
    with suppress(OSError), (folder / "filling").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def test_a_step_on_a_full_disk_leaves_nothing_and_is_made_again_when_there_is_room(small: Path) -> None:
    steps = Steps(small / "steps")
    big = pl.DataFrame({"n": range(400_000)})
    with pytest.raises(StoreError, match=r"no space left for .*examples: nothing of this step is kept; free space"):
        steps.run("examples", {"data": "1"}, lambda folder: big.write_ipc(folder / "rows.arrow"))
    assert not list((small / "steps").rglob("*.arrow"))
    assert not list((small / "steps" / "examples").iterdir())
    done = steps.run("examples", {"data": "1"}, lambda folder: FRAME.write_ipc(folder / "rows.arrow"))
    assert pl.read_ipc(done / "rows.arrow").height == 10


def test_a_table_on_a_full_disk_keeps_what_it_held(small: Path) -> None:
    tables = Tables(small / "tables")
    tables.append("events", FRAME)
    fill(small)
    with pytest.raises(StoreError, match=r"(?i)table .*events.*no space"):
        tables.append("events", FRAME)
    assert tables.versions("events") == (0, 1)
    (small / "filling").unlink()
    assert tables.scan("events").collect().height == 10
    tables.append("events", FRAME)
    assert tables.scan("events").collect().height == 20


def test_a_disk_that_is_full_when_a_step_is_synced_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(module, "sync_file", full)
    with pytest.raises(StoreError, match="No space left on device; free space"):
        Steps(tmp_path).run("examples", {}, lambda folder: FRAME.write_ipc(folder / "rows.arrow"))
    assert not list(tmp_path.rglob("*.arrow"))
