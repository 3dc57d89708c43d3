"""Repairs: what a quarantined row should have said, who says so and why, and a frame with that put in."""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import polars as pl

from afield.data.clean import as_raw
from afield.errors import DataError

Value = str | int | float | bool | None


class Repair(msgspec.Struct, frozen=True):
    """One row put right.

    Attributes:
        id: of the quarantined row.
        table: that it belongs to.
        stage: where it was set aside: "cleaning" or "contract".
        source, row: its position.
        raw: what it held, JSON.
        mended: what it should have held, JSON with the same fields.
        at: when it was repaired, UTC.
        by: who says so.
        reason: why.
        how: `module:function` and digest of its code, or name and digest of the file that was edited.
    """

    id: str
    table: str
    stage: str
    source: str
    row: int
    raw: str
    mended: str
    at: datetime
    by: str
    reason: str
    how: str


_TEXT = pl.String()
SCHEMA = pl.Schema(
    {
        "id": _TEXT,
        "table": _TEXT,
        "stage": _TEXT,
        "source": _TEXT,
        "row": pl.Int64(),
        "raw": _TEXT,
        "mended": _TEXT,
        "at": pl.Datetime("us"),
        "by": _TEXT,
        "reason": _TEXT,
        "how": _TEXT,
    }
)


def repairs_digest(repairs: Sequence[Repair]) -> str:
    """SHA-256 (hex) over what the repairs say, in any order; "" where there is none."""
    said = sorted((each.id, each.mended) for each in repairs)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest() if said else ""


def patched(
    frame: pl.DataFrame, repairs: Sequence[Repair], columns: Sequence[str], private: Collection[str] = ()
) -> pl.DataFrame:
    """`frame` with the repaired values in the rows that still hold what was quarantined; the others are as they were.

    Args:
        frame: rows with `source` and `row`.
        repairs: at most one for each position.
        columns: the fields of the raw content.
        private: fields about a person, which are kept as the source has them.

    Raises:
        DataError: a repaired value is not of its column's type.
    """
    if not repairs:
        return frame
    wanted = {(each.source, each.row): each for each in repairs}
    places = pl.DataFrame(list(wanted), schema={"source": pl.String, "row": pl.Int64}, orient="row")
    numbered = frame.with_row_index("_number")
    found = numbered.join(places, on=["source", "row"], how="semi")
    if found.is_empty():
        return frame
    found = found.select("_number", "source", "row", raw=as_raw(found, columns))
    held = [name for name in columns if name not in private]
    mended: dict[int, tuple[Repair, Mapping[str, Value]]] = {}
    for number, source, row, raw in found.iter_rows():
        repair = wanted[source, row]
        if _same(raw, repair.raw, held):
            mended[number] = (repair, json.loads(repair.mended))
    if not mended:
        return frame
    numbers = pl.Series(list(mended), dtype=pl.UInt32)
    return frame.with_columns(
        frame[name].clone().scatter(numbers, _typed(name, frame[name].dtype, list(mended.values()))) for name in held
    )


def _same(raw: str, quarantined: str, fields: Sequence[str]) -> bool:
    now, then = json.loads(raw), json.loads(quarantined)
    return all(_text(now.get(name)) == _text(then.get(name)) for name in fields)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _typed(name: str, kind: pl.DataType, mended: Sequence[tuple[Repair, Mapping[str, Value]]]) -> pl.Series:
    """The repaired values of a column, in its type."""
    texts = pl.Series(name, [_text(fields.get(name)) for _, fields in mended], dtype=pl.String)
    if isinstance(kind, pl.Datetime):
        values = texts.str.to_datetime(time_unit="us", strict=False).cast(kind)
    elif kind == pl.Date:
        values = texts.str.to_date(strict=False)
    elif kind == pl.Boolean:
        values = texts.str.to_lowercase().replace_strict({"true": True, "false": False}, default=None)
    elif kind.is_integer():
        values = texts.str.replace(r"\.0+$", "").cast(kind, strict=False)
    else:
        values = texts.cast(kind, strict=False)
    wrong = values.is_null() & texts.is_not_null()
    if wrong.any():
        place = int(wrong.arg_true()[0])
        repair = mended[place][0]
        raise DataError(
            f"repair of {repair.source}, row {repair.row}: {name} is {texts[place]!r}, {kind} is expected; repair it "
            f"again (id {repair.id})"
        )
    return values
