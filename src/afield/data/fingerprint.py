"""Digests: of a source's files, where a file that did not change is not read again, and of rows."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec
import polars as pl

from afield.errors import DataError


def fingerprint(paths: Iterable[Path], cache: Path | None = None, salt: str = "") -> str:
    """SHA-256 (hex) over the names and contents of `paths`, in any order, and `salt`.

    Args:
        paths: files; one named twice counts once.
        cache: a JSON file that remembers digests by size and modification time; made when absent, and
            of no consequence when lost or damaged.
        salt: what else decides the content, e.g. options of the reader.

    Raises:
        DataError: a file is not there or cannot be read.
    """
    known = _remembered(cache)
    fresh: dict[str, tuple[int, int, str]] = {}
    total = hashlib.sha256(salt.encode())
    for path in sorted(set(paths)):
        name = str(path.absolute())
        try:
            status = path.stat()
            old = known.get(name)
            if old is None or old[:2] != (status.st_size, status.st_mtime_ns):
                with path.open("rb") as stream:
                    old = (status.st_size, status.st_mtime_ns, hashlib.file_digest(stream, "sha256").hexdigest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check that it is there and yours") from error
        fresh[name] = old
        total.update(f"{path.name}\0{old[2]}\n".encode())
    if cache is not None and any(known.get(name) != entry for name, entry in fresh.items()):
        _remember(cache, known | fresh)
    return total.hexdigest()


def _remembered(cache: Path | None) -> dict[str, tuple[int, int, str]]:
    if cache is None or not cache.is_file():
        return {}
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, tuple[int, int, str]])
    except msgspec.DecodeError:
        return {}


def _remember(cache: Path, entries: dict[str, tuple[int, int, str]]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=cache.parent, delete=False) as stream:
        stream.write(msgspec.json.encode(entries))
    Path(stream.name).replace(cache)


def rows_digest(frame: pl.DataFrame) -> str:
    """SHA-256 (hex) over names, types and values of the rows, in their order; however they lie in memory."""
    total = hashlib.sha256(repr([(name, str(kind)) for name, kind in frame.schema.items()]).encode())
    for column in frame.get_columns():
        total.update(column.is_null().to_numpy().tobytes())
        values = column.dt.epoch("us") if column.dtype.is_temporal() and column.dtype != pl.Time else column
        if values.dtype.is_nested() or not (values.dtype.is_numeric() or values.dtype in (pl.Boolean, pl.String)):
            values = values.to_frame("v").select(pl.struct("v").struct.json_encode()).to_series()
        if values.dtype == pl.String:
            total.update(values.str.len_bytes().fill_null(0).to_numpy().tobytes())
            total.update((values.str.join("").item() or "").encode())
        else:
            # Delta widens small integers; their values are the same.
            wide = pl.Float64 if values.dtype.is_float() else pl.Int64
            total.update(values.cast(wide).fill_null(0).to_numpy().tobytes())
    return total.hexdigest()
