"""Repairs made by a function or by hand: quarantined rows out, what they should have said in."""

import csv
import hashlib
import inspect
import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
import polars as pl

from afield.data.repair import Repair
from afield.errors import DataError
from afield.store.durable import write_whole

Fields = Mapping[str, object]
Fix = Callable[[dict[str, object]], Fields | None]
"""What a row held → what it should have held; None leaves it where it is."""

TOLD = ("id", "table", "stage", "source", "row", "rule", "field", "reason")


class Author(msgspec.Struct, frozen=True):
    """Who repairs, why and when (UTC)."""

    by: str
    reason: str
    at: datetime


def by_function(rows: pl.DataFrame, fix: Fix, name: str, author: Author) -> tuple[Repair, ...]:
    """Repairs of the rows that `fix` puts right.

    Args:
        rows: quarantined rows, as `Datasets.quarantine` gives them.
        fix: is given the raw fields of a row and `_rule`, `_field`, `_reason`, `_table` beside them.
        name: `module:function`, for the record.
        author: who repairs.

    Raises:
        DataError: the function fails on a row, or gives no fields that the row has.
    """
    made = []
    for row in rows.iter_rows(named=True):
        raw = json.loads(row["raw"])
        beside = {f"_{each}": row[each] for each in ("rule", "field", "reason", "table")}
        place = f"{name}, on {row['source']}, row {row['row']}"
        try:
            fixed = fix({**raw, **beside})
        except Exception as error:
            raise DataError(
                f"{place}: {type(error).__name__}: {error}; correct the function, nothing was kept"
            ) from error
        if fixed is None:
            continue
        fields = {field: value for field, value in fixed.items() if field not in beside}
        made.append(_repair(row, raw, fields, author, f"{name} {_digest(fix)}", place))
    return tuple(each for each in made if each is not None)


def by_hand(rows: pl.DataFrame, file: Path, author: Author) -> tuple[Repair, ...]:
    """Repairs of the rows that were changed in a file that `export` wrote; rows that were not stay where they are.

    Raises:
        DataError: the file cannot be read, or names a row that is not in the quarantine.
    """
    known = {row["id"]: row for row in rows.iter_rows(named=True)}
    how = f"{file.name} {_content(file)}"
    made = []
    for number, fields in enumerate(_lines(file), start=1):
        place = f"{file}, row {number}"
        name = str(fields.pop("id", ""))
        if name not in known:
            raise DataError(f"{place}: {name!r} is the id of no row in the quarantine; leave the column id as it is")
        row = known[name]
        raw = json.loads(row["raw"])
        told = {field: value for field, value in fields.items() if field not in TOLD}
        made.append(_repair(row, raw, told, author, how, place))
    return tuple(each for each in made if each is not None)


def export(rows: pl.DataFrame, file: Path) -> None:
    """Write quarantined rows to be edited: why they are there, and their fields, which may be changed.

    A `.csv` file has a column for each field of any row, empty where a row lacks it; any other is JSON, one row a line.

    Raises:
        StoreError: the file cannot be written; what was there is untouched.
    """
    lines = [
        {**{name: row[name] for name in TOLD}, **json.loads(row["raw"])}
        for row in rows.filter(~pl.col("repaired")).iter_rows(named=True)
    ]
    if file.suffix.lower() != ".csv":
        write_whole(file, (json.dumps(line, ensure_ascii=False).encode() + b"\n" for line in lines))
        return
    names = list(dict.fromkeys(name for line in lines for name in line)) or list(TOLD)
    frame = pl.DataFrame(
        {name: [None if line.get(name) is None else str(line[name]) for line in lines] for name in names},
        schema=dict.fromkeys(names, pl.String),
    )
    write_whole(file, (frame.write_csv().encode(),))


def _repair(
    row: Mapping[str, object], raw: dict[str, object], told: Fields, author: Author, how: str, place: str
) -> Repair | None:
    """The repair of a row, or None where nothing of it was changed."""
    unknown = sorted(name for name in told if name not in raw and not _empty(told[name]))
    if unknown:
        raise DataError(f"{place}: {', '.join(unknown)} is no field of the row; it has {', '.join(raw)}")
    mended = {name: _value(told.get(name, value), value) for name, value in raw.items()}
    if {name: _text(value) for name, value in mended.items()} == {name: _text(value) for name, value in raw.items()}:
        return None
    taken = {name: row[name] for name in ("id", "table", "stage", "source", "row", "raw")}
    text = json.dumps(mended, ensure_ascii=False, separators=(",", ":"), default=str)
    fields = {**taken, "mended": text, "how": how, "by": author.by, "reason": author.reason}
    return msgspec.convert({**fields, "at": author.at}, Repair)


def _lines(file: Path) -> Iterable[dict[str, object]]:
    """The rows of an edited file."""
    try:
        text = file.read_text(encoding="utf-8")
        if file.suffix.lower() == ".csv":
            return [dict(line) for line in csv.DictReader(text.splitlines(keepends=True))]
        found = [json.loads(line) for line in text.splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError, json.JSONDecodeError, csv.Error) as error:
        raise DataError(f"{file}: cannot be read ({error}); write it as it was exported") from error
    wrong = [number for number, line in enumerate(found, start=1) if not isinstance(line, dict)]
    if wrong:
        raise DataError(f"{file}, line {wrong[0]}: is not an object; write it as it was exported")
    return found


def _value(value: object, before: object) -> object:
    """A field of an edited row; an empty one of a CSV file is null where it is not text that was empty before."""
    return None if _empty(value) and before != "" else value


def _empty(value: object) -> bool:
    return value is None or value == ""


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _digest(fix: Fix) -> str:
    try:
        return hashlib.sha256(inspect.getsource(fix).encode()).hexdigest()[:16]
    except (OSError, TypeError):
        return "without source"


def _content(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); name the file that was exported") from error
