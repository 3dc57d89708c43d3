"""Typed columns of a Parquet or CSV file, or an error that names the file and the column."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import polars as pl
from polars.datatypes import DataType, DataTypeClass
from polars.exceptions import PolarsError

from afield.errors import DataError

Types = Mapping[str, DataType | DataTypeClass]


def columns_of(path: Path) -> tuple[str, ...]:
    """Names of a file's columns, in order.

    Raises:
        DataError: the file is not there or cannot be read.
    """
    try:
        if path.suffix.lower() == ".csv":
            return tuple(pl.scan_csv(path, n_rows=1, infer_schema=False).collect_schema().names())
        return tuple(pl.read_parquet_schema(path))
    except (PolarsError, OSError) as error:
        raise _unreadable(path, error) from error


def read_parquet(path: Path, types: Types, optional: Sequence[str] = ()) -> pl.DataFrame:
    """The columns named in `types`, cast to them; those in `optional` are all null where they are absent.

    Raises:
        DataError: the file is damaged, lacks a column, holds no row, or a column is of another kind.
    """
    present = columns_of(path)
    require_columns(path, present, [name for name in types if name not in optional])
    try:
        frame = pl.read_parquet(path, columns=[name for name in types if name in present])
    except (PolarsError, OSError) as error:
        raise _unreadable(path, error) from error
    if frame.is_empty():
        raise DataError(f"{path}: holds no row; download it again, or take it out of the folder")
    return frame.select(
        _cast(path, frame, name, kind) if name in present else pl.lit(None, dtype=kind).alias(name)
        for name, kind in types.items()
    )


def require_columns(path: Path, present: Sequence[str], required: Sequence[str]) -> None:
    """Check that every required column is there.

    Raises:
        DataError: one is not; the message lists what is there.
    """
    missing = [name for name in required if name not in present]
    if missing:
        raise DataError(
            f"{path}: column {', '.join(missing)} is missing; it has {', '.join(present) or 'none'}. "
            "Rename the column in the file, or use a file of the described form"
        )


def _cast(path: Path, frame: pl.DataFrame, name: str, kind: DataType | DataTypeClass) -> pl.Expr:
    found = frame.schema[name]
    fits = (
        found == pl.Null
        or (kind.is_numeric() and found.is_numeric())
        or (kind.is_temporal() and found.is_temporal())
        or (kind == pl.String and found == pl.String)
    )
    if not fits:
        raise DataError(f"{path}: column {name} is {found}, {kind} is expected; convert the column in the file")
    return pl.col(name).cast(kind, strict=False)


def _unreadable(path: Path, error: Exception) -> DataError:
    if not path.is_file():
        return DataError(f"{path}: {'is a folder, not a file' if path.is_dir() else 'there is no such file'}")
    if path.stat().st_size == 0:
        return DataError(f"{path}: the file is empty")
    detail = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return DataError(f"{path}: cannot be read ({detail}); the file is damaged or cut off: download or copy it again")
