"""The quarantine: rows set aside, each with a name of its own, so that it can be repaired and found again."""

import hashlib
import json
from collections.abc import Callable, Collection
from typing import Literal

import polars as pl

from afield.data.sources import QUARANTINE

Stage = Literal["cleaning", "contract"]
"""Where a row was set aside: by the source, its `raw` in the source's terms; or by the contract, in the table's."""

_TEXT = pl.String()
SCHEMA = pl.Schema({"id": _TEXT, "table": _TEXT, "stage": _TEXT, **QUARANTINE})


def identified(rows: pl.DataFrame, table: str, stage: Stage) -> pl.DataFrame:
    """Quarantined rows (`QUARANTINE`) with table, stage, and an id by place and content; columns as in `SCHEMA`."""
    names = [_name(table, stage, *row) for row in rows.select("source", "row", "raw").iter_rows()]
    held = rows.with_columns(
        pl.Series("id", names, dtype=pl.String), table=pl.lit(table), stage=pl.lit(stage, dtype=pl.String)
    )
    return held.match_to_schema(SCHEMA)


def pseudonymous(rows: pl.DataFrame, private: Collection[str], hashed: Callable[[str], str]) -> pl.DataFrame:
    """Quarantined rows in whose raw content what tells of a person is hashed."""
    if not private:
        return rows
    texts = [_without_people(text, private, hashed) for text in rows["raw"].to_list()]
    return rows.with_columns(pl.Series("raw", texts, dtype=pl.String))


def _name(table: str, stage: str, source: str, row: int, raw: str) -> str:
    return hashlib.sha256("\0".join((table, stage, source, str(row), raw)).encode()).hexdigest()[:16]


def _without_people(text: str, private: Collection[str], hashed: Callable[[str], str]) -> str:
    fields = json.loads(text)
    told = {name: hashed(str(fields[name])) for name in private if fields.get(name) is not None}
    return json.dumps({**fields, **told}, ensure_ascii=False, separators=(",", ":"))
