"""The facts that a build starts from, read and cleaned once for each content of the source."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import polars as pl

from afield.data.sources import Extract, Source
from afield.store.steps import Steps
from afield.telemetry.policy import keyed_hash
from afield.workshop.plan import Table


class Summary(msgspec.Struct, frozen=True):
    """What reading a source amounted to.

    Attributes:
        name: what was read, as the person named it.
        fingerprint: digest of its content.
        rows_read, rows_quarantined: rows of the main table.
        quarantine: rows set aside, by rule and reason.
        messages: what was missing, left out or assumed.
        density: scale of generated demand; None for recorded data.
        generated: whether the rows were made up.
    """

    name: str
    fingerprint: str
    rows_read: int
    rows_quarantined: int
    quarantine: tuple[dict[str, str | int], ...]
    messages: tuple[str, ...]
    density: float | None
    generated: bool


@dataclass(frozen=True, slots=True)
class Facts:
    """Clean history by table, on disk, with what reading it amounted to."""

    folder: Path
    tables: Mapping[str, pl.LazyFrame]
    summary: Summary


def read_facts(steps: Steps, name: str, source: Source, code: str, tables: Mapping[str, Table], key: bytes) -> Facts:
    """The facts of `source`; read again only when its content or the code changed.

    Args:
        steps: where outputs are kept.
        name: of what is read, for people.
        source: where the facts come from.
        code: digest of the code that reads.
        tables: say which columns are private; these are kept as hashes under `key`.
        key: of the hashes.

    Raises:
        DataError: the source cannot be read; nothing was changed.
    """
    fingerprint = source.fingerprint()

    def make(folder: Path) -> None:
        extract = source.read()
        held = {table: _protected(rows, tables.get(table), key) for table, rows in extract.tables.items()}
        write_extract(folder, name, fingerprint, replace(extract, tables=held))

    return open_facts(
        steps.run(
            "facts", {"source": fingerprint, "name": name, "code": code, "key": hashlib.sha256(key).hexdigest()}, make
        )
    )


def _protected(rows: pl.LazyFrame, table: Table | None, key: bytes) -> pl.LazyFrame:
    """The rows with private columns hashed; each person once."""
    for column in table.private if table else ():
        people = rows.select(pl.col(column).drop_nulls().unique()).collect()[column].to_list()
        hashes = {person: keyed_hash(key, str(person)) for person in people}
        rows = rows.with_columns(pl.col(column).replace(hashes) if hashes else pl.col(column))
    return rows


def write_extract(folder: Path, name: str, fingerprint: str, extract: Extract) -> None:
    """Write the tables as Arrow files and the summary as JSON."""
    for table, rows in extract.tables.items():
        rows.collect().write_ipc(folder / f"{table}.arrow")
    extract.quarantined.write_ipc(folder / "quarantine.arrow")
    by_rule = extract.quarantined.group_by("rule", "reason").len("rows").sort("rule")
    summary = Summary(
        name=name,
        fingerprint=fingerprint,
        rows_read=extract.rows_read,
        rows_quarantined=extract.quarantined.height,
        quarantine=tuple(by_rule.to_dicts()),
        messages=extract.messages,
        density=extract.density,
        generated=extract.generated,
    )
    (folder / "summary.json").write_bytes(msgspec.json.encode(summary))


def open_facts(folder: Path) -> Facts:
    """The facts in a step's folder."""
    summary = msgspec.json.decode((folder / "summary.json").read_bytes(), type=Summary)
    tables = {file.stem: pl.scan_ipc(file) for file in sorted(folder.glob("*.arrow")) if file.stem != "quarantine"}
    return Facts(folder, tables, summary)
