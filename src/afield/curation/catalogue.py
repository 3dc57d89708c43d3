"""The catalogue of an application's tables: what each is, who answers for it, how fresh it is, and who read it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec
import polars as pl

from afield.data.contract import Contract
from afield.errors import ReleaseError
from afield.records.release import Manifest
from afield.store.tables import Tables
from afield.workshop.datasets import FACTS, Datasets
from afield.workshop.plan import Build

Moment = datetime | date | None


class Entry(msgspec.Struct, frozen=True):
    """A table of the catalogue.

    Attributes:
        table: its name.
        where: `read` (what builds read, each version whole) or `collected` (what was kept and what clients sent).
        rows: of its newest version.
        versions: how many there are.
        first, last: first and last time of its rows, of those that have times.
        owner: who answers for it, or "".
        contract: what it promises, in words, or "".
        age_s: seconds since its newest row became known, or None where it has no time.
        budget_s: seconds that this may be, or None where nothing is promised.
        used_by: releases that read it → the version.
    """

    table: str
    where: str
    rows: int
    versions: int
    first: Moment
    last: Moment
    owner: str
    contract: str
    age_s: float | None
    budget_s: float | None
    used_by: dict[str, str]

    @property
    def fresh(self) -> bool | None:
        """Whether it is as fresh as it promises; None where nothing is promised or known."""
        return None if self.age_s is None or self.budget_s is None else self.age_s <= self.budget_s


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where the tables of one home lie.

    Attributes:
        plan: says what the tables are.
        collected: what was kept as history and what clients sent.
        datasets: what builds read.
    """

    plan: Build
    collected: Tables
    datasets: Datasets

    def names(self) -> tuple[str, ...]:
        """Every table there is: those of history in their order, then the others."""
        found = {*self.collected.names(), *self.datasets.tables.names()}
        ordered = [name for name in self.plan.tables if name in found]
        named = (*ordered, *sorted(found - {*ordered}))
        return tuple(name for name in named if self.read(name) or name in self.collected.names())

    def read(self, name: str) -> bool:
        """Whether builds read a table of this name."""
        return not name.startswith("_") and self.datasets.tables.exists(name)

    def of(self, name: str, *, collected: bool = False) -> tuple[Tables, str]:
        """The tables among which one lies, and whether it is `read` or `collected`."""
        if self.read(name) and not collected:
            return self.datasets.tables, "read"
        return self.collected, "collected"

    def time(self, name: str, rows: pl.LazyFrame) -> str | None:
        """The column by which the rows of a table are in time, if it has one."""
        declared = self.plan.tables.get(name)
        if declared is not None:
            return declared.time
        schema = rows.collect_schema()
        known = ("tick", "event_time", "at")
        return next((column for column in known if isinstance(schema.get(column), pl.Datetime)), None)


def catalogue(shelves: Shelves, manifests: Mapping[str, Manifest], now: datetime) -> tuple[Entry, ...]:
    """An entry for each table.

    Args:
        shelves: where they lie.
        manifests: digest → manifest of the releases.
        now: domain time.
    """
    contracts = {each.table: each for each in shelves.plan.contracts}
    return tuple(_entry(shelves, name, contracts.get(name), manifests, now) for name in shelves.names())


def manifests_of(bundles: Path, digests: tuple[str, ...]) -> dict[str, Manifest]:
    """Digest → manifest of releases, as they lie there; nothing is verified.

    Raises:
        ReleaseError: a manifest cannot be read.
    """
    found = {}
    for digest in digests:
        path = bundles / digest / "manifest.json"
        try:
            found[digest] = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except (OSError, msgspec.MsgspecError) as error:
            raise ReleaseError(f"{path} cannot be read ({error}); take the folder away or restore it") from error
    return found


def users(name: str, manifests: Mapping[str, Manifest]) -> dict[str, str]:
    """Releases that read a table → the version."""
    return {
        digest: made.data[name].partition(":")[0]
        for digest, made in manifests.items()
        if name != FACTS and name in made.data
    }


def promise(contract: Contract) -> str:
    """What a contract asks for, in a few words."""
    parts = [f"{len(contract.types)} columns"]
    parts += [f"key {', '.join(contract.key)}"] if contract.key else []
    parts += [f"{each.column} in {each.table}" for each in contract.references]
    parts += ["in time order"] if contract.monotone else []
    parts += ["not empty"] if contract.filled else []
    return "; ".join(parts)


def _entry(
    shelves: Shelves, name: str, contract: Contract | None, manifests: Mapping[str, Manifest], now: datetime
) -> Entry:
    tables, where = shelves.of(name)
    scanned = tables.scan(name)
    time = shelves.time(name, scanned)
    columns = [pl.col(time).min().alias("first"), pl.col(time).max().alias("last")] if time else []
    numbers = scanned.select(pl.len().alias("rows"), *columns).collect().row(0, named=True)
    newest = _newest(shelves, name, contract)
    budget = contract.fresh_within if contract else None
    return Entry(
        table=name,
        where=where,
        rows=int(numbers["rows"]),
        versions=len(tables.versions(name)),
        first=numbers.get("first"),
        last=numbers.get("last"),
        owner=contract.owner if contract else "",
        contract=promise(contract) if contract else "",
        age_s=None if newest is None else (now - newest) / timedelta(seconds=1),
        budget_s=None if budget is None else budget / timedelta(seconds=1),
        used_by=users(name, manifests),
    )


def _newest(shelves: Shelves, name: str, contract: Contract | None) -> datetime | None:
    """When the newest row became known that a build read or that was collected."""
    if contract is None or not contract.time:
        return None
    held = [tables for tables in (shelves.datasets.tables, shelves.collected) if tables.exists(name)]
    found = [tables.scan(name).select(pl.col(contract.time).max()).collect().item() for tables in held]
    moments = [each for each in found if isinstance(each, datetime)]
    return max(moments, default=None)
