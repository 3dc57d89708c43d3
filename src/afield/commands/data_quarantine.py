"""`afield data quarantine` and `repair`: rows that were set aside, and what they should have said."""

from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.console import Group

from afield.application import resolve
from afield.commands.data import opened, provenance
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.commands.release_promote import login
from afield.curation.mending import mend, newest
from afield.curation.repairing import Author, by_function, by_hand, export
from afield.errors import UsageError
from afield.workshop.datasets import Reading
from afield.workshop.facts import Facts

ROWS = 10


def quarantine(
    app: str,
    /,
    *,
    rows: Annotated[int, Parameter(help="how many rows to show")] = ROWS,
    rule: Annotated[str, Parameter(help="only rows that broke this rule")] = "",
    to: Annotated[Path | None, Parameter(help="write them to this file (.csv, or JSON lines), to be edited")] = None,
    context: Context,
    **options: str,
) -> None:
    """Show the rows that the last reading of data set aside: where they stood, which rule they broke, what they held.

    The counts add up: of each table, rows read are rows kept and rows set aside. With --to the rows that nobody has
    repaired are written to a file; edit their fields there, and give it to `afield data repair APP --from FILE`.

    Args:
        app: name of the application.
        rows: how many rows to show.
        rule: only rows that broke this rule.
        to: a file to write them to.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if rows < 0:
        raise UsageError(f"--rows {rows}: give 0 or more")
    office = opened(app, context, options)
    reading = newest(office)
    aside = office.datasets.quarantine(reading)
    if rule and aside.height:
        rules = sorted(set(aside["rule"]))
        aside = aside.filter(pl.col("rule") == rule)
        if aside.is_empty():
            raise UsageError(f"no row broke the rule {rule!r}; rules that were broken: {', '.join(rules)}")
    if to is not None:
        export(aside, to)
        open_rows = aside.height - int(aside["repaired"].sum()) if aside.height else 0
        progress(f"{open_rows:,} rows are in {to}; edit them, then: afield data repair {app} --from {to} --reason WHY")
    value = {
        "read": {"key": reading.key, "name": reading.summary.name, "at": reading.at},
        "counts": reading.summary.counts,
        "rows": aside.head(rows).to_dicts(),
        "by_rule": _by_rule(aside),
        "provenance": (made_by := provenance(office, context, reading)),
    }
    result(context, value, Group(_words(reading, aside, rows), foot(made_by)))


def repair(
    app: str,
    /,
    *,
    with_: Annotated[str, Parameter(name="--with", help="`module:function`: a row's fields → as they should be")] = "",
    from_: Annotated[Path | None, Parameter(name="--from", help="file of `data quarantine --to`, edited")] = None,
    reason: Annotated[str, Parameter(help="why, one line; kept with each repair")] = "",
    by: Annotated[str, Parameter(help="who repairs; left out: the login name")] = "",
    context: Context,
    **options: str,
) -> None:
    """Put rows right that were set aside, and read their data again with them, into a new version of the dataset.

    A function is given the fields of each row (a dict, with `_rule`, `_field`, `_reason`, `_table` beside them), and
    gives them as they should be, or None to leave the row where it is. What still breaks a rule is set aside again.
    The next build from the same data has the repaired rows.

    Args:
        app: name of the application.
        with_: `module:function`.
        from_: a file that was exported and edited.
        reason: why.
        by: who repairs.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if bool(with_) == (from_ is not None):
        raise UsageError(
            "say how: --with module:function, or --from FILE that `afield data quarantine --to FILE` wrote"
        )
    if not reason.strip():
        raise UsageError("say why: --reason; it is kept with each repair")
    office = opened(app, context, options)
    reading = newest(office)
    aside = office.datasets.quarantine(reading)
    if aside.is_empty():
        raise UsageError(f"the last reading of {reading.summary.name} set no row aside; there is nothing to repair")
    author = Author(by or login(), reason, office.clock.recorded().replace(tzinfo=None))
    made = by_hand(aside, from_, author) if from_ is not None else by_function(aside, resolve(with_), with_, author)
    if not made:
        raise UsageError(f"none of the {aside.height:,} rows was changed; nothing was kept")
    progress(f"{len(made):,} rows are repaired; reading {reading.summary.name} again with them")
    facts = mend(office, reading, made)
    still = set(facts.quarantine.select("table", "source", "row").rows())
    again = [each for each in made if (each.table, each.source, each.row) in still]
    value = {
        "repaired": len(made) - len(again),
        "set_aside_again": len(again),
        "repairs": made,
        "counts": facts.summary.counts,
        "versions": {"before": reading.versions, "after": dict(facts.versions)},
        "provenance": provenance(office, context, data={"facts": facts.summary.fingerprint, **facts.versions}),
    }
    result(context, value, _told(app, reading, facts, len(made), len(again)))


def _by_rule(aside: pl.DataFrame) -> list[dict[str, object]]:
    if aside.is_empty():
        return []
    grouped = aside.group_by("table", "stage", "rule", "field", "reason")
    counted = grouped.agg(pl.len().alias("rows"), pl.col("repaired").sum())
    return counted.sort("rows", "rule", descending=[True, False]).to_dicts()


def _words(reading: Reading, aside: pl.DataFrame, most: int) -> Group:
    """The quarantine for a person."""
    counts = [(name, each.read, each.kept, each.quarantined) for name, each in reading.summary.counts.items()]
    where = f"{reading.summary.name}, read {reading.at:%Y-%m-%d %H:%M:%S} UTC"
    parts = [table(("table", "rows read", "kept", "set aside"), counts, title=where)]
    if aside.is_empty():
        return Group(*parts, "no row is in the quarantine")
    rules = [(each["table"], each["rule"], each["field"], each["rows"], each["repaired"]) for each in _by_rule(aside)]
    parts.append(table(("table", "rule", "field", "rows", "repaired"), rules))
    shown = [
        f"{each['id']} · {each['source']}, row {each['row']} · {each['field']}: {each['reason']}\n  {each['raw']}"
        for each in aside.head(most).iter_rows(named=True)
    ]
    return Group(*parts, *shown)


def _told(app: str, reading: Reading, facts: Facts, made: int, again: int) -> Group:
    """What a repair came to, for a person."""
    versions = [
        (name, old.partition(":")[0], facts.versions[name].partition(":")[0])
        for name, old in reading.versions.items()
        if facts.versions.get(name, old) != old
    ]
    counts = [(name, each.read, each.kept, each.quarantined) for name, each in facts.summary.counts.items()]
    return Group(
        f"{made - again:,} rows are repaired and back in the data; {again:,} still break a rule: set aside again",
        table(("table", "version before", "now"), versions),
        table(("table", "rows read", "kept", "set aside"), counts),
        f"the next build has them: afield build {app}"
        + (f" --data {reading.summary.name}" if reading.summary.name != "generated" else ""),
    )
