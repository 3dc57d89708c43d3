"""`afield data log`, `show` and `diff`: the versions of a table, and what changed between two of them."""

import re
from collections.abc import Sequence
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.commands.data import known, opened, provenance, shelves_of, short
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office
from afield.curation.catalogue import manifests_of, users
from afield.curation.differing import Difference, difference, with_labels
from afield.errors import UsageError
from afield.release.registry import releases
from afield.store.commits import Commit
from afield.store.tables import Tables
from afield.workshop.datasets import Reading

ROWS = 10
SHIFTS = 12
SHORT = 8
LONG = re.compile(r"(?=.*[a-f])[0-9a-f-]{16,}", re.IGNORECASE)
"""What is taken for an id or a digest that nobody reads to its end."""

TableName = Annotated[str, Parameter(help="name of a table, as `afield data list` tells")]
Collected = Annotated[
    bool, Parameter(negative="", help="of what was kept as history and sent by clients, not of what builds read")
]


def log(app: str, name: TableName, /, *, collected: Collected = False, context: Context, **options: str) -> None:
    """Tell the versions of a table, newest first: when, from what, how many rows, and which releases read it.

    Args:
        app: name of the application.
        name: of a table.
        collected: of what was collected, not of what builds read.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = opened(app, context, options)
    shelves = shelves_of(office)
    tables, where = shelves.of(known(shelves, name), collected=collected)
    commits = tables.log(name)
    read = _sources(office, name) if where == "read" else {}
    used = users(name, manifests_of(office.home.bundles, releases(office.home.bundles))) if where == "read" else {}
    rows = [
        {
            "version": each.version,
            "at": each.at,
            "operation": each.operation,
            "rows": each.rows,
            "source": read.get(str(each.version), ""),
            "used_by": [digest for digest, version in used.items() if version == str(each.version)],
        }
        for each in commits
    ]
    made_by = provenance(office, context, data={name: str(tables.versions(name)[-1])})
    value = {"table": name, "where": where, "versions": rows, "provenance": made_by}
    cells = [(*_commit(each), row["source"], short(row["used_by"])) for each, row in zip(commits, rows, strict=True)]
    shown = table(("version", "when (UTC)", "operation", "rows added", "from", "used by"), cells)
    result(context, value, Group(shown, foot(made_by)))


def show(
    app: str,
    name: TableName,
    /,
    *,
    rows: Annotated[int, Parameter(help="how many")] = ROWS,
    version: Annotated[int | None, Parameter(help="of which version; left out: the newest")] = None,
    collected: Collected = False,
    context: Context,
    **options: str,
) -> None:
    """Show the newest rows of a table, now or as of a version; of one without times, the first.

    Args:
        app: name of the application.
        name: of a table.
        rows: how many.
        version: of which version.
        collected: of what was collected, not of what builds read.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if rows < 1:
        raise UsageError(f"--rows {rows}: give at least 1")
    office = opened(app, context, options)
    shelves = shelves_of(office)
    tables, where = shelves.of(known(shelves, name), collected=collected)
    there = tables.versions(name)
    asked = _version(name, there, there[-1] if version is None else version)
    scanned = tables.scan(name, asked)
    time = shelves.time(name, scanned)
    frame = (scanned.top_k(rows, by=time).sort(time) if time else scanned.head(rows)).collect()
    about = {"table": name, "where": where, "version": asked}
    made_by = provenance(office, context, data={name: str(asked)})
    value = {**about, "rows": frame.to_dicts(), "provenance": made_by}
    cells = [tuple(map(_cut, row)) for row in frame.iter_rows()]
    shown = table(frame.columns, cells, title=f"{name}, {where}, version {asked}")
    result(context, value, Group(shown, foot(made_by)))


def diff(
    app: str,
    name: TableName,
    first: Annotated[int | None, Parameter(help="the earlier version; left out: the last but one")] = None,
    second: Annotated[int | None, Parameter(help="the later version; left out: the last")] = None,
    /,
    *,
    collected: Collected = False,
    context: Context,
    **options: str,
) -> None:
    """Tell what changed between two versions of a table: columns, rows by key, distributions, balance of the labels.

    The effect of a shift is the Kolmogorov-Smirnov distance (numbers, times) or the total variation (values), from 0
    (the same) to 1, with its 95 % interval; an interval from 0 may be chance.

    Args:
        app: name of the application.
        name: of a table.
        first: the earlier version; left out: the last but one.
        second: the later version; left out: the last.
        collected: of what was collected, not of what builds read.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = opened(app, context, options)
    shelves = shelves_of(office)
    tables, where = shelves.of(known(shelves, name), collected=collected)
    there = tables.versions(name)
    if first is None or second is None:
        written = _written(tables, name) if first is None else [first, there[-1]]
        if len(written) < 2:
            said = f"{name} has one version, {there[-1]}: nothing to compare yet; see: afield data log {app} {name}"
            alone = {"first": None, "second": there[-1], "provenance": provenance(office, context)}
            result(context, alone, said)
            return
        first, second = written[-2:]
    before, after = (tables.scan(name, _version(name, there, each)).collect() for each in (first, second))
    contract = next((each for each in office.plan.contracts if each.table == name), None)
    declared = office.plan.tables.get(name)
    key = contract.key if contract and contract.key else declared.key if declared else ()
    found = difference(name, key, before, after)
    readings = [_reading(office, name, each) for each in (first, second)] if where == "read" else []
    if len(readings) == 2 and readings[0] and readings[1]:
        progress("making the labels of both versions")
        whole = [office.datasets.open({**each.versions}).tables for each in readings if each]
        found = with_labels(found, office.plan, whole[0], whole[1])
    made = {f"{name}@{each}": _digest_of(office, name, each) for each in (first, second)}
    value = {
        "first": first,
        "second": second,
        "difference": found,
        "provenance": provenance(office, context, data=made),
    }
    result(context, value, _changes(found, first, second))


def _written(tables: Tables, name: str) -> list[int]:
    """The versions that brought rows, the oldest first; making the empty table is not one of them."""
    return [each.version for each in reversed(tables.log(name)) if each.operation != "CREATE TABLE"]


def _cut(value: object) -> object:
    """A cell for a person: a long id or digest by its first digits."""
    return value[:SHORT] if isinstance(value, str) and LONG.fullmatch(value) else value


def _version(name: str, there: Sequence[int], asked: int) -> int:
    """The version, if the table has it.

    Raises:
        UsageError: it has not.
    """
    if asked not in there:
        raise UsageError(f"table {name} has no version {asked}; it has {there[0]} to {there[-1]}: afield data log")
    return asked


def _reading(office: Office, name: str, version: int) -> Reading | None:
    """The last reading that gave this version of a table."""
    found = [
        each for each in office.datasets.readings() if each.versions.get(name, "").partition(":")[0] == str(version)
    ]
    return found[-1] if found else None


def _digest_of(office: Office, name: str, version: int) -> str:
    reading = _reading(office, name, version)
    return reading.versions[name].partition(":")[2] if reading else str(version)


def _sources(office: Office, name: str) -> dict[str, str]:
    """Version → what it was read from."""
    return {
        each.versions[name].partition(":")[0]: each.summary.name
        for each in office.datasets.readings()
        if name in each.versions
    }


def _commit(each: Commit) -> tuple[object, ...]:
    rows = "–" if each.rows is None else f"{each.rows:,}"
    return (each.version, f"{each.at:%Y-%m-%d %H:%M:%S}", each.operation, rows)


def _changes(found: Difference, first: int, second: int) -> Group:
    """The difference for a person."""
    words = (
        f"{found.table}: {found.rows_before:,} rows in version {first}, {found.rows_after:,} in version {second}; "
        f"{found.added:,} added, {found.removed:,} removed, {found.changed:,} changed, {found.same:,} the same"
    )
    columns = [f"column {name}: {became}" for name, became in found.columns.items()]
    shifts = [*found.shifts[:SHIFTS], *([found.label_shift] if found.label_shift else [])]
    cells = [
        (
            each.column,
            each.statistic,
            each.effect,
            f"{each.interval.low:.4g} to {each.interval.high:.4g}",
            *("–" if mean is None else f"{mean:.4g}" for mean in (each.before, each.after)),
            f"{each.missing_before:.1%} → {each.missing_after:.1%}",
        )
        for each in shifts
    ]
    header = ("column", "statistic", "effect", "95 % interval", "mean before", "after", "missing")
    labels = [
        f"labels {name}: {each.rows:,} rows"
        + (f", mean {each.mean:.4g}" if each.mean is not None else "")
        + "".join(f", {value}: {share:.1%}" for value, share in each.shares.items())
        for name, each in found.labels.items()
    ]
    return Group(words, *columns, *([table(header, cells)] if cells else []), *labels)
