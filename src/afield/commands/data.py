"""`afield data list` and `fetch`: the catalogue of tables, and published data fetched."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load, resolve
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.curation.catalogue import Entry, Shelves, catalogue, manifests_of
from afield.data.download import Download
from afield.errors import UsageError
from afield.records.provenance import Provenance
from afield.release.registry import releases
from afield.workshop.code import code_digest
from afield.workshop.datasets import Reading
from afield.workshop.production import PRODUCTION

UNITS = {"y": 365 * 86_400, "d": 86_400, "h": 3600, "min": 60, "s": 1}
NOT_LIVE = "freshness is judged against the wall clock only where facts are collected live; these data were given"


def listed(app: str, /, *, context: Context, **options: str) -> None:
    """List the tables: rows, versions, owner, how fresh they are against their budget, and which releases read them.

    Where builds read a table, its versions are those that builds read; of the others, what was collected.

    Args:
        app: name of the application.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = opened(app, context, options)
    shelves = shelves_of(office)
    entries = catalogue(shelves, manifests_of(office.home.bundles, releases(office.home.bundles)), office.clock.now())
    rows = [{name: getattr(each, name) for name in each.__struct_fields__} | {"fresh": each.fresh} for each in entries]
    header = ("table", "where", "rows", "versions", "newest row", "fresh")
    empty = Text(f"the store holds no table yet; a build fills it: afield build {app}")
    reading = _newest(office)
    told = {each.table: _fresh(each, shelves, reading) for each in entries}
    shown = table(header, [_cells(each, told[each.table]) for each in entries])
    promises = [_promise(each) for each in entries if each.contract or each.used_by]
    notes = [NOT_LIVE] if {"generated", "recorded"} & set(told.values()) else []
    value = {"tables": rows, "provenance": provenance(office, context, reading)}
    result(context, value, Group(shown, *promises, *notes) if entries else empty)


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


def shelves_of(office: Office) -> Shelves:
    """Where the tables of an application lie."""
    return Shelves(office.plan, office.tables, office.datasets)


def provenance(
    office: Office, context: Context, reading: Reading | None = None, data: Mapping[str, str] | None = None
) -> Provenance:
    """What stands behind the numbers of a verb about data."""
    read = {"facts": reading.summary.fingerprint, **reading.versions} if reading else {}
    code = code_digest(office.application.package)
    return Provenance(context.command, {**read, **(data or {})}, code, office.actions.state.champion)


def opened(app: str, context: Context, options: Mapping[str, str]) -> Office:
    """The application, opened."""
    return open_office(load(app, options), context.home, progress)


def known(shelves: Shelves, name: str) -> str:
    """The name, if there is such a table.

    Raises:
        UsageError: there is none.
    """
    known = shelves.names()
    if name not in known:
        raise UsageError(f"there is no table {name!r}; there is: {', '.join(known) or 'none yet, build first'}")
    return name


def _newest(office: Office) -> Reading | None:
    readings = office.datasets.readings()
    return readings[-1] if readings else None


def _cells(each: Entry, fresh: str) -> tuple[object, ...]:
    newest = "–" if each.last is None else f"{each.last:%Y-%m-%d %H:%M}"
    return (each.table, each.where, each.rows, each.versions, newest, fresh)


def _fresh(each: Entry, shelves: Shelves, reading: Reading | None) -> str:
    """Whether a table is as fresh as it promises; of one that nobody fills live, where its rows come from."""
    if each.fresh is None:
        return "–"
    if each.fresh or reading is None or _live(each, shelves, reading):
        return "yes" if each.fresh else "no"
    return "generated" if reading.summary.generated else "recorded"


def _live(each: Entry, shelves: Shelves, reading: Reading) -> bool:
    """Whether facts of a table were collected that the data which builds were given do not have."""
    if each.where == "collected" or reading.summary.name == PRODUCTION:
        return True
    name, time = each.table, shelves.time(each.table, shelves.datasets.tables.scan(each.table))
    if time is None or not shelves.collected.exists(name):
        return False
    held = (shelves.datasets.tables, shelves.collected)
    given, collected = (tables.scan(name).select(pl.col(time).max()).collect().item() for tables in held)
    return collected is not None and (given is None or collected > given)


def _promise(each: Entry) -> str:
    """What a table promises, who answers for it and who reads it, in one line."""
    parts = (each.contract, f"owner {each.owner}" if each.owner else "", _age(each), f"read by {short(each.used_by)}")
    return f"{each.table}: {'; '.join(part for part in parts if part)}"


def _age(each: Entry) -> str:
    """How old the newest row is, and whether that is more than promised."""
    if each.age_s is None:
        return ""
    limit = "" if each.budget_s is None else f"; {lasting(each.budget_s)} allowed"
    return f"newest row {lasting(each.age_s)} old{limit}"


def lasting(seconds: float) -> str:
    """A stretch of time in its two largest units: `2 y 236 d`, `15 min`."""
    left, parts = max(round(seconds), 0), []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        parts.append(f"{count} {unit}" if count else "")
    first = next((place for place, part in enumerate(parts) if part), len(parts) - 1)
    return " ".join(part for part in parts[first : first + 2] if part) or "0 s"


def short(digests: object) -> str:
    """The beginnings of a few digests, and how many more there are."""
    found = [str(each)[:8] for each in digests] if isinstance(digests, list | dict) else []
    return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "") or "–"
