"""Delta tables in a folder: append exactly once, read as of a version, compact; any Delta reader reads them."""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote

import msgspec
import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError, TableNotFoundError

from afield.errors import ConflictError, StoreError
from afield.store.durable import sync_file, sync_folder

ATTEMPTS = 10
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
# A checkpoint every 20 commits keeps opening a table at about 15 ms; the default of 100 lets it grow to 60 ms.
# Versions are kept: a build says which one it read.
_CONFIGURATION = {"delta.checkpointInterval": "20", "delta.enableExpiredLogCleanup": "false"}
# Rows of one file are read in the order in which they were written; those of several files are not.
_ONE_FILE = 2**40
_STORED: dict[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.UInt64: pl.Int64(),
    pl.Categorical: pl.String(),
    pl.Enum: pl.String(),
}

Result = TypeVar("Result")


class Tables:
    """The Delta tables under one folder."""

    def __init__(self, root: Path) -> None:
        """Keep tables under `root`; nothing is made before the first append."""
        self._root = root

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name."""
        return (self._path(name) / "_delta_log").is_dir() and DeltaTable.is_deltatable(str(self._path(name)))

    def append(
        self, name: str, frame: pl.DataFrame, *, writer: str | None = None, transaction: int | None = None
    ) -> int:
        """Append rows and bring them onto the disk; the table's version that holds them.

        Columns that the table lacks are added to it, and columns that the frame lacks are null. Integers fit where
        the table's type holds their values; nothing else is converted. With `writer` and `transaction` the rows are
        appended once: a transaction number that is not above the writer's last is answered with the table's
        version, and nothing is written.

        Raises:
            ConflictError: others committed first, ten times in a row; the rows are still the caller's.
            StoreError: a column does not fit, or the table or its folder cannot be used.
        """
        if (writer is None) != (transaction is None):
            raise StoreError(f"table {name}: give a writer together with its transaction number, or neither")

        def attempt() -> int:
            table = self._open_or_make(name, frame)
            properties = CommitProperties()
            if writer is not None and transaction is not None:
                last = table.transaction_version(writer)
                if last is not None and last >= transaction:
                    return table.version()
                properties = CommitProperties(app_transactions=[Transaction(writer, transaction)])
            rows = _fitted(name, frame, pl.scan_delta(table).collect_schema())
            write_deltalake(table, rows, mode="append", schema_mode="merge", commit_properties=properties)
            self._sync(name, table.version())
            return table.version()

        return self._retried(name, attempt)

    def replace(self, name: str, frame: pl.DataFrame, note: Mapping[str, str]) -> int:
        """Make these rows, in their order, all that the table holds; its version. Earlier versions stay readable.

        Args:
            name: of the table.
            frame: columns need not be those of before.
            note: is kept with the version.

        Raises:
            ConflictError: others committed first, ten times in a row.
            StoreError: the table or its folder cannot be used; it is as it was.
        """

        def attempt() -> int:
            table = self._open_or_make(name, frame)
            write_deltalake(
                table,
                _fitted(name, frame, pl.Schema()),
                mode="overwrite",
                schema_mode="overwrite",
                target_file_size=_ONE_FILE,
                commit_properties=CommitProperties(custom_metadata=dict(note)),
            )
            self._sync(name, table.version())
            return table.version()

        return self._retried(name, attempt)

    def transaction(self, name: str, writer: str) -> int | None:
        """The number of the writer's last transaction in the table; None before its first."""
        if not self.exists(name):
            return None
        with self._explained(name):
            return self._open(name).transaction_version(writer)

    def scan(self, name: str, version: int | None = None) -> pl.LazyFrame:
        """The rows of a table as of a version, or of now; what is appended later does not change them.

        Raises:
            StoreError: there is no such table or version, or one of its files is missing or cut short.
        """
        with self._explained(name):
            table = self._open(name, version)
            self._check_files(name, table)
            return pl.scan_delta(table)

    def versions(self, name: str) -> tuple[int, ...]:
        """The versions of a table that can be read, oldest first.

        Raises:
            StoreError: there is no such table, or its log is damaged.
        """
        with self._explained(name):
            return tuple(range(self._open(name).version() + 1))

    def compact(self, name: str) -> int:
        """Put small files together; the number of files that are no longer read. Older versions stay readable.

        Raises:
            ConflictError: others committed first, ten times in a row.
            StoreError: the table cannot be read or written.
        """

        def attempt() -> int:
            table = self._open(name)
            removed = int(table.optimize.compact()["numFilesRemoved"])
            if removed:
                self._sync(name, table.version())
            return removed

        return self._retried(name, attempt)

    def _path(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise StoreError(f"{name!r} cannot name a table; use 1 to 64 of a-z, 0-9, _ and -, none of _- first")
        return self._root / name

    def _open(self, name: str, version: int | None = None) -> DeltaTable:
        return DeltaTable(str(self._path(name)), version=version)

    def _open_or_make(self, name: str, frame: pl.DataFrame) -> DeltaTable:
        path = self._path(name)
        if not (path / "_delta_log").is_dir():
            path.mkdir(parents=True, exist_ok=True)
            empty = _fitted(name, frame.clear(), pl.Schema())
            # Without retries: the second of two makers must fail and look again, not add its own schema on top.
            once = CommitProperties(max_commit_retries=0)
            DeltaTable.create(str(path), empty.schema, configuration=_CONFIGURATION, commit_properties=once)
        return self._open(name)

    def _retried(self, name: str, attempt: Callable[[], Result]) -> Result:
        """The attempt's result, tried again after a random pause when somebody else committed first."""
        for number in range(ATTEMPTS):
            try:
                with self._explained(name):
                    return attempt()
            except ConflictError:
                if number == ATTEMPTS - 1:
                    raise
                time.sleep(random.uniform(0.0, 0.01 * 2**number))  # noqa: S311 - spreads writers, hides nothing
        raise AssertionError("unreachable")

    @contextmanager
    def _explained(self, name: str) -> Iterator[None]:
        """Turn what the Delta library raises into the tree of errors."""
        path = self._path(name)
        try:
            yield
        except CommitFailedError as error:
            raise ConflictError(f"table {path}: others committed first; the rows are kept, try again") from error
        except TableNotFoundError as error:
            raise StoreError(f"there is no table {path}; append to it first, or look at AFIELD_HOME") from error
        except SchemaMismatchError as error:
            raise StoreError(f"table {path}: the rows do not fit its columns: {_first_line(error)}") from error
        except DeltaError as error:
            if "already exists" in str(error):
                raise ConflictError(f"table {path}: somebody else made it first; try again") from error
            raise StoreError(
                f"table {path} cannot be used: {_first_line(error)}; its log (_delta_log) is damaged or lacks that "
                "version: restore the folder from a backup, or read one of its versions()"
            ) from error
        except OSError as error:
            raise StoreError(f"table {path}: {_first_line(error)}; free space or mend its permissions") from error

    def _check_files(self, name: str, table: DeltaTable) -> None:
        """Refuse a table whose files are not as long as its log says: reading a cut file ends the process."""
        actions = pl.DataFrame(table.get_add_actions(flatten=True))
        for file, size in actions.select("path", "size_bytes").iter_rows():
            path = self._path(name) / unquote(file)
            try:
                found = path.stat().st_size
            except FileNotFoundError:
                found = -1
            if found != size:
                state = "is missing" if found < 0 else f"has {found} bytes of {size}"
                raise StoreError(
                    f"{path} {state}: the table is damaged; restore that file from a backup, or read an older version "
                    f"that does without it ({table.version()} was asked for)"
                )

    def _sync(self, name: str, version: int) -> None:
        """Bring a commit onto the disk: its files first, then the log entry that names them."""
        path = self._path(name)
        entry = path / "_delta_log" / f"{version:020d}.json"
        for line in entry.read_bytes().splitlines():
            added = msgspec.json.decode(line, type=_Action).add
            if added is not None:
                sync_file(path / unquote(added.path))
        sync_folder(path)
        sync_file(entry)
        sync_folder(entry.parent)


def stored_as(dtype: pl.DataType) -> pl.DataType:
    """The type under which Delta stores a Polars type: signed, text for categories, microseconds."""
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", dtype.time_zone)
    return _STORED.get(type(dtype), dtype)


class _Add(msgspec.Struct):
    path: str


class _Action(msgspec.Struct):
    add: _Add | None = None


def _fitted(name: str, frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The frame in types that Delta stores and the table has; the library itself would cast 1.5 to 1 silently."""
    columns: list[pl.Expr] = []
    for column, dtype in frame.schema.items():
        there = schema.get(column)
        stored = stored_as(dtype)
        if dtype == pl.Null:
            if there is not None:
                columns.append(pl.col(column).cast(there))
        elif there is None or stored == there or (stored.is_integer() and (there.is_integer() or there == pl.Float64)):
            columns.append(pl.col(column).cast(there or stored))
        else:
            raise StoreError(
                f"table {name}, column {column!r} holds {there}, the rows have {dtype}; convert them, or use a new name"
            )
    try:
        return frame.select(columns)
    except pl.exceptions.InvalidOperationError as error:
        raise StoreError(f"table {name}: a number is too large for its column: {_first_line(error)}") from error


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
