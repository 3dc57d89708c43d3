"""Datasets: what builds read, as versions of Delta tables, with what was set aside and how it was repaired."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec
import polars as pl

from afield.clock import Clock
from afield.data.fingerprint import rows_digest
from afield.data.quarantine import SCHEMA as ASIDE
from afield.data.repair import SCHEMA, Repair
from afield.errors import DataError
from afield.store.durable import write_whole
from afield.store.tables import Tables
from afield.workshop.facts import Facts, Summary
from afield.workshop.plan import Table

FACTS = "facts"
QUARANTINE = "quarantine"
REPAIRS = "repairs"
_READS = "_reads"


class Version(msgspec.Struct, frozen=True):
    """A version of a table of the dataset, written `NUMBER:DIGEST` in manifests: the digest is of its rows."""

    number: int
    digest: str

    def __str__(self) -> str:
        """As manifests say it."""
        return f"{self.number}:{self.digest}"

    @classmethod
    def of(cls, text: str) -> "Version":
        """The version that a manifest names.

        Raises:
            DataError: the text is not of that form.
        """
        number, _, digest = text.partition(":")
        if not number.isdecimal() or len(digest) != 64:
            raise DataError(f"{text!r} names no version of a dataset; releases built before datasets had versions none")
        return cls(int(number), digest)


class Reading(msgspec.Struct, frozen=True):
    """One reading of a source.

    Attributes:
        key: of the reading: content, repairs and code.
        at: when it was recorded first, UTC.
        versions: table → version of the dataset.
        summary: what it amounted to.
    """

    key: str
    at: datetime
    versions: dict[str, str]
    summary: Summary


class Datasets:
    """The datasets of one home; each reading is whole or absent, and never changed."""

    def __init__(self, folder: Path, collected: Tables, specs: Mapping[str, Table], clock: Clock) -> None:
        """Keep datasets.

        Args:
            folder: of their Delta tables.
            collected: the home's other tables, which take what was set aside and the repairs.
            specs: the tables of history.
            clock: tells when.
        """
        self._folder = folder
        self._collected = collected
        self._specs = specs
        self._clock = clock

    @cached_property
    def tables(self) -> Tables:
        """Table by table, each version whole."""
        return Tables(self._folder)

    def record(self, facts: Facts) -> Facts:
        """The facts with the versions that hold them; rows that a version holds already are not written again.

        Raises:
            StoreError: they cannot be written; the reading is then not recorded, and is tried again next time.
        """
        key = facts.folder.name
        known = {reading.key: reading for reading in self.readings()}
        if key in known and self._there(known[key]):
            return replace(facts, versions=known[key].versions)
        held = {
            (table, Version.of(text).digest): text
            for reading in known.values()
            if self._there(reading)
            for table, text in reading.versions.items()
        }
        versions = {
            table: held.get((table, digest)) or self._write(facts, table, digest)
            for table, digest in facts.summary.digests.items()
        }
        aside = facts.quarantine
        if aside.height:
            rows = aside.with_columns(pl.lit(key).alias("read"))
            self._collected.append(QUARANTINE, rows, writer=f"read-{key[:32]}", transaction=1)
        reading = Reading(key, self._clock.recorded(), versions, facts.summary)
        write_whole(self._folder / _READS / f"{key}.json", (msgspec.json.encode(reading),))
        return replace(facts, versions=versions)

    def readings(self) -> tuple[Reading, ...]:
        """Every reading that was recorded, the newest last."""
        files = (self._folder / _READS).glob("*.json")
        found = [msgspec.json.decode(file.read_bytes(), type=Reading) for file in files]
        return tuple(sorted(found, key=lambda each: (each.at, each.key)))

    def open(self, data: Mapping[str, str]) -> Facts:
        """The facts that a release was built from, by the versions that its manifest names (`Manifest.data`).

        Raises:
            DataError: the manifest names none, or what is stored is not what was read.
            StoreError: a version is not there.
        """
        versions = {table: Version.of(text) for table, text in data.items() if table != FACTS}
        if not versions:
            raise DataError(
                "this release names no versions of its data: it was built before they were kept; build it again"
            )
        named = {table: str(version) for table, version in versions.items()}
        read = [each for each in self.readings() if each.versions == named]
        own = [each for each in read if each.summary.fingerprint == data.get(FACTS, each.summary.fingerprint)]
        if not own:
            raise DataError(f"{self._folder}: nobody recorded the reading of these versions; restore the folder")
        tables = {name: pl.LazyFrame(schema=dict(spec.schema)) for name, spec in self._specs.items()}
        tables |= {table: self.at(table, version) for table, version in versions.items()}
        return Facts(self._folder, tables, own[-1].summary, named)

    def at(self, table: str, version: Version) -> pl.LazyFrame:
        """The rows of one version, in their order.

        Raises:
            DataError: they are not those that were written.
            StoreError: the version is not there.
        """
        spec = self._specs.get(table)
        scanned = self.tables.scan(table, version.number)
        frame = (scanned if spec is None else spec.cast(scanned, table)).collect()
        if rows_digest(frame) != version.digest:
            raise DataError(
                f"{self._folder / table}, version {version.number}: its rows are not those that were read; restore "
                "the folder from a backup"
            )
        return frame.lazy()

    def quarantine(self, reading: Reading) -> pl.DataFrame:
        """The rows that a reading set aside, with `repaired`: whether somebody has repaired them since."""
        if not reading.summary.quarantine:
            return pl.DataFrame(schema={**ASIDE, "repaired": pl.Boolean()})
        mended = [each.id for each in self.repairs()]
        rows = self._collected.scan(QUARANTINE).filter(pl.col("read") == reading.key).collect()
        return rows.drop("read").with_columns(repaired=pl.col("id").is_in(mended))

    def repairs(self) -> tuple[Repair, ...]:
        """The repairs in force: of each row the last."""
        if not self._collected.exists(REPAIRS):
            return ()
        rows = self._collected.scan(REPAIRS).sort("at", maintain_order=True).unique("id", keep="last").sort("id")
        return tuple(Repair(**row) for row in rows.collect().iter_rows(named=True))

    def repair(self, repairs: Sequence[Repair]) -> None:
        """Keep repairs; all of them or none.

        Raises:
            StoreError: they cannot be written.
        """
        rows = [msgspec.structs.asdict(each) for each in repairs]
        self._collected.append(REPAIRS, pl.DataFrame(rows, schema=SCHEMA))

    def _write(self, facts: Facts, table: str, digest: str) -> str:
        note = {"source": facts.summary.name, "facts": facts.summary.fingerprint, "rows": digest}
        return str(Version(self.tables.replace(table, facts.tables[table].collect(), note), digest))

    def _there(self, reading: Reading) -> bool:
        """Whether the versions of a reading are still in the folder."""
        logs = (
            self._folder / table / "_delta_log" / f"{Version.of(text).number:020d}.json"
            for table, text in reading.versions.items()
        )
        return all(log.exists() for log in logs)
