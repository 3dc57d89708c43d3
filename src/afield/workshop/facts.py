"""The facts that a build starts from: read, cleaned and held to their contracts, once for each content."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable

import msgspec
import polars as pl

from afield.data.contract import Contract, in_order
from afield.data.fingerprint import rows_digest
from afield.data.quarantine import identified, pseudonymous
from afield.data.repair import Repair, patched, repairs_digest
from afield.data.sources import QUARANTINE, Extract, Source
from afield.data.validate import Finding, hold
from afield.errors import ContractError, DataError
from afield.store.steps import Steps
from afield.telemetry.privacy import keyed_hash
from afield.workshop.plan import Table

ASIDE = "quarantine"


class Count(msgspec.Struct, frozen=True):
    """Where the rows of a table went: `read = kept + quarantined`."""

    read: int
    kept: int
    quarantined: int


class Summary(msgspec.Struct, frozen=True):
    """What reading a source amounted to.

    Attributes:
        name: what was read, as the person named it.
        fingerprint: digest of its content, and of the repairs that were put in.
        rows_read, rows_quarantined: rows of the main table.
        quarantine: rows set aside, by table, rule and reason.
        messages: what was missing, left out or assumed.
        density: scale of generated demand; None for recorded data.
        generated: whether the rows were made up.
        counts: where the rows of each table went.
        digests: of the rows that were kept, by table.
        main: the table that the source counts the rows of, or "".
    """

    name: str
    fingerprint: str
    rows_read: int
    rows_quarantined: int
    quarantine: tuple[dict[str, str | int], ...]
    messages: tuple[str, ...]
    density: float | None
    generated: bool
    counts: dict[str, Count] = {}
    digests: dict[str, str] = {}
    main: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Clean history by table, on disk, with what reading it amounted to.

    Attributes:
        folder: where it lies; its name is the key of the reading.
        tables: rows by table.
        summary: what reading amounted to.
        versions: table → the version of the dataset that holds exactly these rows, as a manifest says it.
    """

    folder: Path
    tables: Mapping[str, pl.LazyFrame]
    summary: Summary
    versions: Mapping[str, str] = field(default_factory=dict)

    @property
    def quarantine(self) -> pl.DataFrame:
        """The rows set aside, columns as in `afield.data.quarantine.SCHEMA`."""
        return pl.read_ipc(self.folder / f"{ASIDE}.arrow")


@runtime_checkable
class Mendable(Protocol):
    """A source that can put repairs in before it cleans."""

    def mended(self, repairs: Sequence[Repair]) -> Source:
        """The same source, with these of its raw rows as they are repaired."""
        ...


@dataclass(frozen=True, slots=True)
class Terms:
    """What facts are read under.

    Attributes:
        tables: the tables of history; say which columns are private.
        contracts: what they promise.
        key: of the hashes that stand for people.
        repairs: of rows that were set aside before.
    """

    tables: Mapping[str, Table]
    contracts: Sequence[Contract] = ()
    key: bytes = b""
    repairs: Sequence[Repair] = ()


def read_facts(steps: Steps, name: str, source: Source, code: str, terms: Terms) -> Facts:
    """The facts of `source`; read again only when its content, the repairs or the code changed.

    Args:
        steps: where outputs are kept.
        name: of what is read, for people.
        source: where the facts come from.
        code: digest of the code that reads.
        terms: what they are read under.

    Raises:
        DataError: the source cannot be read, or its rows do not add up; nothing was changed.
        ContractError: a table breaks what it promises as a whole; nothing was changed.
    """
    fingerprint, repaired = source.fingerprint(), repairs_digest(terms.repairs)
    if repaired:
        fingerprint = hashlib.sha256(f"{fingerprint}{repaired}".encode()).hexdigest()
    early = [each for each in terms.repairs if each.stage == "cleaning"]
    mended = source.mended(early) if early and isinstance(source, Mendable) else source

    def make(folder: Path) -> None:
        write_extract(folder, name, fingerprint, mended.read(), terms)

    inputs = {"source": fingerprint, "name": name, "code": code, "key": hashlib.sha256(terms.key).hexdigest()}
    return open_facts(steps.run("facts", inputs, make))


def write_extract(folder: Path, name: str, fingerprint: str, extract: Extract, terms: Terms) -> None:
    """Write the rows that keep their contracts as Arrow files, those set aside beside them, and the summary as JSON."""
    tables = {table: _protected(rows, terms.tables.get(table), terms.key) for table, rows in extract.tables.items()}
    main = next((table for table, spec in terms.tables.items() if spec.kind and table in tables), "")
    hashed = partial(keyed_hash, terms.key)
    early = {**extract.aside, main: pseudonymous(extract.quarantined, extract.private, hashed)}
    aside = [identified(rows, table, "cleaning") for table, rows in early.items()]
    counts: dict[str, Count] = {}
    digests: dict[str, str] = {}
    absent = {table: pl.LazyFrame(schema=dict(spec.schema)) for table, spec in terms.tables.items()}
    held = {**absent, **tables}
    ordered = {each.table: each for each in in_order(terms.contracts)}
    for table in (*ordered, *(each for each in tables if each not in ordered)):
        positions = extract.positions.get(table)
        kept, broken = _kept(table, held, ordered.get(table), positions, terms.repairs)
        spec = terms.tables.get(table)
        if spec is not None and kept.schema != pl.Schema(spec.schema):
            kept = spec.cast(kept.lazy(), table).collect()
        aside.append(identified(broken, table, "contract"))
        held[table] = kept.lazy()
        if table in tables:
            kept.write_ipc(folder / f"{table}.arrow")
            digests[table] = rows_digest(kept)
            gone = broken.height + (early[table].height if table in early else 0)
            counts[table] = Count(kept.height + gone, kept.height, gone)
    if main and counts[main].read != extract.rows_read:
        raise DataError(
            f"{name}: {extract.rows_read} rows of {main} were read, {counts[main].kept} are kept and "
            f"{counts[main].quarantined} set aside, which does not add up; mend the source's count"
        )
    quarantine = pl.concat(aside)
    quarantine.write_ipc(folder / f"{ASIDE}.arrow")
    by_rule = quarantine.group_by("table", "rule", "reason").len("rows").sort("table", "rule", "reason")
    summary = Summary(
        name=name,
        fingerprint=fingerprint,
        rows_read=extract.rows_read,
        rows_quarantined=counts[main].quarantined if main else extract.quarantined.height,
        quarantine=tuple(by_rule.to_dicts()),
        messages=extract.messages,
        density=extract.density,
        generated=extract.generated,
        counts=counts,
        digests=digests,
        main=main,
    )
    (folder / "summary.json").write_bytes(msgspec.json.encode(summary))


def open_facts(folder: Path) -> Facts:
    """The facts in a step's folder."""
    summary = msgspec.json.decode((folder / "summary.json").read_bytes(), type=Summary)
    tables = {file.stem: pl.scan_ipc(file) for file in sorted(folder.glob("*.arrow")) if file.stem != ASIDE}
    return Facts(folder, tables, summary)


def _kept(
    table: str,
    tables: Mapping[str, pl.LazyFrame],
    contract: Contract | None,
    positions: pl.LazyFrame | None,
    repairs: Sequence[Repair],
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The rows of a table that keep its contract, once they are repaired, and those set aside.

    Raises:
        ContractError: the table as a whole is not what it promises.
    """
    frame = tables[table].collect()
    own = [each for each in repairs if each.stage == "contract" and each.table == table]
    if contract is None:
        return frame, pl.DataFrame(schema=QUARANTINE)
    if own:
        place = (
            positions.collect()
            if positions is not None
            else pl.DataFrame({"row": range(1, frame.height + 1)}).select(source=pl.lit(table), row=pl.col("row"))
        )
        numbered = pl.concat([frame, place.select("source", pl.col("row").cast(pl.Int64))], how="horizontal")
        frame = patched(numbered, own, contract.schema.column_names()).drop("source", "row")
    found = hold(contract, {**tables, table: frame.lazy()}, positions)
    if found.refused:
        raise ContractError("; ".join(_first(found.refused)))
    return found.kept, found.broken


def _first(findings: Sequence[Finding], most: int = 3) -> list[str]:
    more = [f"and {len(findings) - most} more"] if len(findings) > most else []
    return [*(finding.message for finding in findings[:most]), *more]


def _protected(rows: pl.LazyFrame, table: Table | None, key: bytes) -> pl.LazyFrame:
    """The rows with private columns hashed; each person once."""
    for column in table.private if table else ():
        people = rows.select(pl.col(column).drop_nulls().unique()).collect()[column].to_list()
        hashes = {person: keyed_hash(key, str(person)) for person in people}
        rows = rows.with_columns(pl.col(column).replace(hashes) if hashes else pl.col(column))
    return rows
