"""A release as a table: what it says of each key in each cell of the week and each regime."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.application import Operate
from afield.compiled import over_table
from afield.errors import ReleaseError
from afield.records.decision import ControlState
from afield.records.facts import FeatureRows
from afield.records.table import Column, Table
from afield.records.traffic import Query
from afield.serving.draft import Decided
from afield.serving.inference import Outputs, Parts, Rows
from afield.serving.levels import coded
from afield.serving.releases import Release
from afield.serving.situation import Situation
from afield.serving.static import Lookup

MONDAY = datetime(2024, 1, 1)
ROWS_AT_ONCE = 100_000

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Seen:
    """Feature rows of the newest cycles.

    Attributes:
        ticks: origin of each row, `datetime64[us]`, shape `(n,)`.
        keys: of each row, shape `(n,)`.
        columns: features, each of shape `(n,)`; NaN where not known.
        as_of: every fact known before this moment is in.
    """

    ticks: NDArray[np.datetime64]
    keys: NDArray[np.str_]
    columns: Mapping[str, Floats]
    as_of: datetime


@dataclass(frozen=True, slots=True)
class Subject:
    """The release that is compiled.

    Attributes:
        application: name of the application.
        release: digest.
        parts: the models.
        operate: how the application operates.
    """

    application: str
    release: str
    parts: Parts
    operate: Operate


def tabulate(
    subject: Subject, seen: Seen, measured: Mapping[str, float] | None = None, *, decide: bool = True
) -> Table:
    """The table of a release: the mean of what it says of the rows of a cell, with the features that a regime sets.

    For each regime every row is asked about as if the regime held (partial dependence: Friedman, "Greedy function
    approximation", Annals of Statistics 29, 2001), so that a rare regime has its number in each cell. A cell without
    rows gets the mean of the key's others. Numbers are rounded to three significant digits.

    Args:
        subject: the release.
        seen: the rows.
        measured: what the table costs.
        decide: whether the decision of each cell goes in.

    Raises:
        ReleaseError: there are no rows, or the release gives no number for a key.
    """
    operate, edition = subject.operate, subject.operate.designs.static
    if not seen.ticks.size:
        raise ReleaseError("there are no rows to compile a table from; serve or build first")
    keys = _ordered(seen.keys)
    cells = edition.cycle // edition.cell
    place = _places(seen, keys, edition.cell, cells)
    names: list[str] = []
    blocks = []
    for features in edition.regimes.values():
        outputs = _asked(subject, seen.columns, features)
        names = list(outputs)
        blocks.append({name: _means(values, place, cells, len(keys)) for name, values in outputs.items()})
    columns = {name: np.stack([block[name] for block in blocks]) for name in names}
    if not np.isfinite(columns[operate.output]).all():
        raise ReleaseError(f"release {subject.release[:12]} gives no {operate.output} for some keys; it has no table")
    table = Table(
        application=subject.application,
        release=subject.release,
        as_of=seen.as_of,
        lasts=edition.lasts.total_seconds(),
        step=operate.step.total_seconds(),
        start=MONDAY,
        cell=edition.cell.total_seconds(),
        cells=cells,
        regimes=tuple(edition.regimes),
        keys=keys,
        outputs={name: coded(values) for name, values in columns.items()},
        interval=operate.interval,
        level=operate.level,
        neutral=dict(operate.neutral),
        measured=dict(measured or {}),
    )
    return msgspec.structs.replace(table, decision=_decisions(operate, table)) if decide else table


def _decisions(operate: Operate, table: Table) -> dict[str, Column]:
    """What the product does in each cell: the one inference path asked about every one of them.

    Each cell is asked of a path of its own, which remembers nothing: a limit on steps compares with nothing.
    """
    fresh = msgspec.structs.replace(table, lasts=2 * table.cells * table.cell)
    lookup, cell = Lookup(fresh), timedelta(seconds=table.cell)
    first = table.as_of - (table.as_of - table.start) % (table.cells * cell)
    found: dict[str, list[float]] = {}
    for regime in table.regimes:
        for number in range(table.cells):
            rows = lookup.rows(first + number * cell, regime)
            for draft in _drafts(operate, lookup, rows):
                for name, value in draft.output.items():
                    found.setdefault(name, []).append(value)
    return {name: coded(np.array(values)) for name, values in found.items()}


def _drafts(operate: Operate, lookup: Lookup, rows: FeatureRows) -> Iterator[Decided]:
    """What would be answered about each key of the rows."""
    digest = lookup.table.release
    path = over_table(operate, lookup, clock=lambda: rows.tick, record=lambda _: None)
    path.see(Situation(rows, ControlState(version=1, champion=digest), {digest: Release(digest, {})}))
    for key in rows.keys:
        draft = path.draft(Query(key=key, unit=key, at=rows.tick))
        if not isinstance(draft, Decided):
            raise ReleaseError("a table is made for an application that looks its features up")
        yield draft


def _asked(subject: Subject, columns: Mapping[str, Floats], set_to: Mapping[str, float]) -> Outputs:
    """What the release says of every row, with some features set, a bounded number of rows at once."""
    unknown = [name for name in set_to if name not in columns]
    if unknown:
        raise ReleaseError(f"a regime sets {', '.join(unknown)}, which is no feature; correct Operate.static")
    rows = Rows.of(
        {name: np.full_like(values, set_to[name]) if name in set_to else values for name, values in columns.items()}
    )
    found = [
        subject.operate.infer(rows.pick(range(start, min(start + ROWS_AT_ONCE, rows.count))), subject.parts)
        for start in range(0, rows.count, ROWS_AT_ONCE)
    ]
    return {name: np.concatenate([each[name] for each in found]) for name in found[0]}


def _places(seen: Seen, keys: Sequence[str], cell: timedelta, cells: int) -> NDArray[np.int64]:
    """The place of each row in a block of shape (cells, keys), flattened."""
    since = (seen.ticks - np.datetime64(MONDAY, "us")) // np.timedelta64(cell)
    order = {key: number for number, key in enumerate(keys)}
    numbers = np.array([order[key] for key in seen.keys.tolist()], np.int64)
    places: NDArray[np.int64] = (since.astype(np.int64) % cells) * len(keys) + numbers
    return places


def _means(values: Floats, places: NDArray[np.int64], cells: int, keys: int) -> Floats:
    """The mean in each cell, shape `(cells, keys)`; in a cell without numbers, the mean of the key's others."""
    known = np.isfinite(values)
    totals = np.bincount(places[known], values[known], cells * keys).reshape(cells, keys)
    counts = np.bincount(places[known], minlength=cells * keys).reshape(cells, keys)
    with np.errstate(invalid="ignore"):
        return np.where(counts > 0, totals / counts, totals.sum(axis=0) / counts.sum(axis=0))


def _ordered(keys: NDArray[np.str_]) -> tuple[str, ...]:
    """Each key once; whole numbers in their own order."""
    found = np.unique(keys).tolist()
    return tuple(sorted(found, key=int) if all(each.isdecimal() for each in found) else found)
