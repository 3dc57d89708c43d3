"""`afield data`: the tables of the store and their versions, and published data fetched."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.text import Text

from afield.application import load, resolve
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.data.download import Download
from afield.errors import UsageError
from afield.store.commits import log as versions

ROWS = 10

TableName = Annotated[str, Parameter(help="name of a table, as `afield data list` tells")]


def listed(app: str, /, *, context: Context, **options: str) -> None:
    """List the tables of the store: rows, versions, first and last time.

    Args:
        app: name of the application.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    rows = [_row(office, name) for name in _tables(office)]
    header = ("table", "rows", "versions", "first", "last")
    cells = [[row[name] for name in ("table", "rows", "versions")] + _times(row) for row in rows]
    empty = Text(f"the store holds no table yet; a build fills it: afield build {app}")
    result(context, rows, table(header, cells) if rows else empty)


def log(app: str, name: TableName, /, *, context: Context, **options: str) -> None:
    """Tell the versions of a table, newest first: when, by what operation, how many rows were added.

    Args:
        app: name of the application.
        name: of a table.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    commits = versions(office.home.tables / _known(office, name))
    rows = [
        (each.version, f"{each.at:%Y-%m-%d %H:%M:%S}", each.operation, "–" if each.rows is None else f"{each.rows:,}")
        for each in commits
    ]
    result(context, commits, table(("version", "when (UTC)", "operation", "rows added"), rows))


def show(
    app: str,
    name: TableName,
    /,
    *,
    rows: Annotated[int, Parameter(help="how many")] = ROWS,
    context: Context,
    **options: str,
) -> None:
    """Show the newest rows of a table; of one without times, the first.

    Args:
        app: name of the application.
        name: of a table.
        rows: how many.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if rows < 1:
        raise UsageError(f"--rows {rows}: give at least 1")
    office = _office(app, context, options)
    scanned, time = office.tables.scan(_known(office, name)), _time(office, name)
    frame = (scanned.top_k(rows, by=time).sort(time) if time else scanned.head(rows)).collect()
    result(context, frame.to_dicts(), table(frame.columns, frame.rows()))


def fetch(
    app: str,
    /,
    *,
    months: Annotated[str, Parameter(help="2023-10, 2023-10,2023-12 or 2023-10..2023-12")],
    to: Annotated[Path | None, Parameter(help="folder; left out: downloads/APP under AFIELD_HOME")] = None,
    service: Annotated[str, Parameter(help="which of the published services; left out: the usual")] = "",
    base_url: Annotated[str, Parameter(help="where the files are published; left out: the publisher's")] = "",
    context: Context,
    **options: str,
) -> None:
    """Download published data, so that `--data` can name it; what is there already is left alone.

    Args:
        app: name of the application.
        months: which months.
        to: folder to put them in.
        service: which of the published services.
        base_url: where the files are published.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    application = load(app, options)
    if not application.fetch:
        raise UsageError(f"{app} names no published data; give --data a folder of your own")
    folder = to or context.home / "downloads" / application.name
    chosen = {name: value for name, value in {"service": service, "base_url": base_url}.items() if value}
    fetcher: Callable[..., Sequence[Download]] = resolve(application.fetch)
    progress(f"fetching {months} into {folder}")
    files = fetcher([months], folder, told=progress, **chosen)
    rows = [
        {"file": each.url.rpartition("/")[2], "url": each.url, "bytes": each.size, "sha256": each.digest}
        for each in files
    ]
    cells = [(row["file"], row["bytes"], str(row["sha256"])[:16]) for row in rows]
    result(
        context,
        {"folder": folder, "files": rows},
        table(("file", "bytes", "sha256"), cells, title=f"in {folder}; use it: afield build {app} --data {folder}"),
    )


def _office(app: str, context: Context, options: Mapping[str, str]) -> Office:
    return open_office(load(app, options), context.home, progress)


def _tables(office: Office) -> list[str]:
    """Names of the tables that exist: those of history in their order, then whatever else was recorded."""
    folder = office.home.tables
    found = {path.name for path in folder.iterdir() if path.is_dir()} if folder.is_dir() else set()
    ordered = [name for name in office.plan.tables if name in found]
    return [name for name in (*ordered, *sorted(found - {*ordered})) if office.tables.exists(name)]


def _known(office: Office, name: str) -> str:
    """The name, if there is such a table.

    Raises:
        UsageError: there is none.
    """
    known = _tables(office)
    if name not in known:
        raise UsageError(f"there is no table {name!r}; there is: {', '.join(known) or 'none yet, build first'}")
    return name


def _time(office: Office, name: str) -> str | None:
    """The column by which the rows of a table are in time, if it has one."""
    declared = office.plan.tables.get(name)
    if declared is not None:
        return declared.time
    schema = office.tables.scan(name).collect_schema()
    return next((column for column in ("tick", "event_time") if isinstance(schema.get(column), pl.Datetime)), None)


def _row(office: Office, name: str) -> dict[str, object]:
    scanned, time = office.tables.scan(name), _time(office, name)
    ends = [pl.col(time).min().alias("first"), pl.col(time).max().alias("last")] if time else []
    numbers = scanned.select(pl.len().alias("rows"), *ends).collect().row(0, named=True)
    return {"table": name, "versions": len(office.tables.versions(name)), "first": None, "last": None, **numbers}


def _times(row: Mapping[str, object]) -> list[object]:
    return ["–" if row[name] is None else str(row[name]) for name in ("first", "last")]
