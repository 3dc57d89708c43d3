"""Rows taken out of Delta tables for good: of every version, from the disk, and from what the log tells of them."""

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl
from deltalake import CommitProperties, DeltaTable, write_deltalake
from deltalake.exceptions import DeltaError

from afield.errors import StoreError
from afield.store.durable import sync_folder, write_whole

Rows = Callable[[pl.DataFrame], pl.Series]
"""Which rows of a frame are meant, as Booleans."""

_LOG = "_delta_log"
_ONE_FILE = 2**40


def data_files(table: Path) -> tuple[Path, ...]:
    """Every file of rows in the table's folder, of whatever version, and those that no version reads."""
    return tuple(file for file in sorted(table.rglob("*.parquet")) if _LOG not in file.parts)


def holding(table: Path, rows: Rows) -> frozenset[Path]:
    """The files, of any version, that hold such rows."""
    return frozenset(file for file in data_files(table) if rows(pl.read_parquet(file, glob=False)).any())


def reads(table: Path, version: int, files: Collection[Path]) -> bool:
    """Whether a version reads one of these files.

    Raises:
        StoreError: there is no such version.
    """
    try:
        known = {Path(uri) for uri in DeltaTable(str(table), version=version).file_uris()}
    except DeltaError as error:
        raise StoreError(f"table {table}, version {version}: {error}; restore the folder from a backup") from error
    return not known.isdisjoint(files)


def purge(table: Path, rows: Rows, files: Collection[Path]) -> int:
    """Take such rows out of a table for good; how many there were in its present version.

    The present version is written again without them, which keeps the order of the others and what writers have
    delivered. Then the files go that held them, and with them the older versions that read one of these: the others
    stay readable. What the log told of the values in these files (least and greatest) is blanked. Interrupted, it is
    done again by the next call.

    Args:
        table: its folder; nobody else writes to it meanwhile.
        rows: which rows.
        files: what `holding` found.

    Raises:
        StoreError: the log is not whole, or the table cannot be written.
    """
    try:
        if not (table / _LOG / f"{0:020d}.json").is_file():
            raise StoreError(f"{table}: the log lacks its begin, so nothing can be taken out for good; restore it")
        opened = DeltaTable(str(table))
        removed = 0
        if reads(table, opened.version(), files):
            frame = pl.scan_delta(opened).collect()
            meant = rows(frame)
            removed = int(meant.sum())
            write_deltalake(
                opened,
                frame.filter(~meant),
                mode="overwrite",
                target_file_size=_ONE_FILE,
                commit_properties=CommitProperties(custom_metadata={"erasure": str(removed)}),
            )
        _blank(table / _LOG, {file.name for file in files})
        for file in files:
            file.unlink(missing_ok=True)
        sync_folder(table)
        DeltaTable(str(table)).create_checkpoint()
    except (DeltaError, OSError) as error:
        raise StoreError(f"{table}: not everything was taken out ({error}); mend that and run it again") from error
    return removed


def expire(
    table: Path | str, column: str, before: datetime, *, hours: int, options: dict[str, str] | None = None
) -> int:
    """Delete the rows older than a moment; files that the present version has not read for `hours` go from the disk.

    Args:
        table: its folder or address.
        column: of naive moments.
        before: rows that are older go.
        hours: 0: at once, under the feet of who reads an older version.
        options: of the object store.

    Raises:
        StoreError: the table cannot be written.
    """
    try:
        opened = DeltaTable(str(table), storage_options=options)
        found = opened.delete(f"{column} < arrow_cast('{before.isoformat()}', 'Timestamp(Microsecond, None)')")
        opened.vacuum(retention_hours=hours, enforce_retention_duration=False, dry_run=False)
    except (DeltaError, OSError) as error:
        raise StoreError(f"{table}: old rows were not deleted ({error}); it is tried again") from error
    return int(found["num_deleted_rows"] or 0)


def _blank(log: Path, files: Collection[str]) -> None:
    """Take what is told of the values in files out of the log; checkpoints, which repeat it, go."""
    for entry in sorted(log.glob("*.json")):
        lines = entry.read_bytes().splitlines()
        blank = [_without_values(line, files) for line in lines]
        if blank != lines:
            write_whole(entry, (b"\n".join(blank) + b"\n",))
    for checkpoint in (*log.glob("*.checkpoint*.parquet"), log / "_last_checkpoint"):
        checkpoint.unlink(missing_ok=True)
    sync_folder(log)


def _without_values(line: bytes, files: Collection[str]) -> bytes:
    action: dict[str, dict[str, object] | None] = msgspec.json.decode(line)
    added = action.get("add")
    if not added or Path(str(added["path"])).name not in files or not added.get("stats"):
        return line
    return msgspec.json.encode({**action, "add": {**added, "stats": None}})
