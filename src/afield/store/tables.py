"""Delta tables, in a folder or an object store: append exactly once, read as of a version, compact."""

import random
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TypeVar

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError, DeltaError, SchemaMismatchError, TableNotFoundError

from afield.errors import ConflictError, StoreError
from afield.store.commits import Commit, log
from afield.store.places import open_place

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
    """The Delta tables under one folder, here or in an object store."""

    def __init__(self, root: Path | str) -> None:
        """Keep tables under `root`; nothing is made before the first append.

        Args:
            root: a folder, or a URL as `afield.store.places.open_place` takes it.

        Raises:
            StoreError: the URL names no object store.
        """
        self._place = open_place(root)

    def names(self) -> tuple[str, ...]:
        """The names of the tables, in order.

        Raises:
            StoreError: the object store does not answer.
        """
        return tuple(name for name in self._place.names() if _NAME.fullmatch(name) and self._place.exists(name))

    def exists(self, name: str) -> bool:
        """Whether there is a table of this name.

        Raises:
            StoreError: the object store does not answer.
        """
        return self._place.exists(_checked(name))

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
            self._place.sync(name, table.version())
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
            self._place.sync(name, table.version())
            return table.version()

        return self._retried(name, attempt)

    def rewrite(
        self, name: str, column: str, before: datetime, change: Callable[[pl.DataFrame], pl.DataFrame]
    ) -> tuple[int, int]:
        """Put `change` of the rows of before a moment in their place; how many there were, and are.

        Where others append meanwhile it begins anew, and where nothing would become fewer, nothing is written. Files
        that were read a week ago for the last time go from the disk.

        Args:
            name: of the table.
            column: of naive moments.
            before: older rows are meant.
            change: gives older rows as well.

        Raises:
            ConflictError: others committed first, ten times in a row.
            StoreError: the table cannot be used; it is as it was.
        """

        def attempt() -> tuple[int, int]:
            table = self._open(name)
            rows = pl.scan_delta(table, storage_options=self._place.options, credential_provider=None)
            old = rows.filter(pl.col(column) < before).collect()
            new = change(old)
            if new.height < old.height:
                older = f"arrow_cast('{before.isoformat()}', 'Timestamp(Microsecond, None)')"
                write_deltalake(table, new, mode="overwrite", predicate=f"{column} < {older}")
                self._place.sync(name, table.version())
                table.vacuum(dry_run=False)
            return old.height, new.height

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
            self._place.check(name, table)
            # Keys come from where delta-rs finds them; a finder of Polars' own could not be sent to other machines.
            return pl.scan_delta(table, storage_options=self._place.options, credential_provider=None)

    def versions(self, name: str) -> tuple[int, ...]:
        """The versions of a table that can be read, oldest first.

        Raises:
            StoreError: there is no such table, or its log is damaged.
        """
        with self._explained(name):
            return tuple(range(self._open(name).version() + 1))

    def log(self, name: str) -> tuple[Commit, ...]:
        """What made each version of a table, newest first.

        Raises:
            StoreError: there is no such table, or its log is damaged.
        """
        return log(self._place.address(_checked(name)), self._place.options)

    def compact(self, name: str) -> int:
        """Put small files together; the number of files that are no longer read. Older versions stay readable.

        Raises:
            StoreError: the table cannot be used, or others committed first, ten times in a row.
        """

        def attempt() -> int:
            table = self._open(name)
            removed = int(table.optimize.compact()["numFilesRemoved"])
            if removed:
                self._place.sync(name, table.version())
            return removed

        return self._retried(name, attempt)

    def _open(self, name: str, version: int | None = None) -> DeltaTable:
        return DeltaTable(self._place.address(_checked(name)), version=version, storage_options=self._place.options)

    def _open_or_make(self, name: str, frame: pl.DataFrame) -> DeltaTable:
        if self._place.prepare(_checked(name)):
            empty = _fitted(name, frame.clear(), pl.Schema())
            # Without retries: the second of two makers must fail and look again, not add its own schema on top.
            once = CommitProperties(max_commit_retries=0)
            DeltaTable.create(
                self._place.address(name),
                empty.schema,
                configuration=_CONFIGURATION,
                commit_properties=once,
                storage_options=self._place.options,
            )
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
        path = self._place.address(_checked(name))
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


def stored_as(dtype: pl.DataType) -> pl.DataType:
    """The type under which Delta stores a Polars type: signed, text for categories, microseconds."""
    if isinstance(dtype, pl.Datetime):
        return pl.Datetime("us", dtype.time_zone)
    return _STORED.get(type(dtype), dtype)


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise StoreError(f"{name!r} cannot name a table; use 1 to 64 of a-z, 0-9, _ and -, none of _- first")
    return name


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
