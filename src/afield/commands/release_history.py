"""`afield release history`: who put what live, when, why, what it replaced, on what evidence; and a retrospective."""

from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.records.decision import Entry
from afield.rollout.retrospect import retrospect


def run(
    app: str,
    /,
    *,
    retro: Annotated[bool, Parameter(negative="", help="draft what to start, stop and keep doing, instead")] = False,
    context: Context,
    **options: str,
) -> None:
    """Tell who did what to which release, when, why, what it replaced and on what evidence, oldest first.

    With `--retro` it drafts from the same rows what the team may start, stop and keep doing, each with its counts.

    Args:
        app: name of the application.
        retro: draft what to start, stop and keep doing.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    entries = office.ledger.entries(office.application.name)
    if retro:
        drafted = retrospect(entries)
        lines = {"Start": drafted.start, "Stop": drafted.stop, "Keep": drafted.keep}
        parts = [
            f"{name}\n" + "\n".join(f"  - {line}" for line in said or ("nothing in the ledger suggests it",))
            for name, said in lines.items()
        ]
        result(context, drafted, Text(f"A draft from {len(entries)} rows of the ledger\n\n" + "\n\n".join(parts)))
        return
    header = ("when", "who", "what", "about", "replaced", "why, on what evidence")
    rows = [
        (f"{each.at:%Y-%m-%d %H:%M}", each.actor, _what(each), each.subject[:12], each.replaces[:12], _why(each))
        for each in entries
    ]
    result(context, entries, table(header, rows) if rows else Text("nothing has happened yet"))


def _what(entry: Entry) -> str:
    said = entry.evidence.get(entry.kind, "") if entry.kind in ("stage", "mode") else ""
    return f"{entry.kind} {said}".strip()


def _why(entry: Entry) -> str:
    known = _evidence(entry)
    return f"{entry.reason} [{known}]" if known else entry.reason


def _evidence(entry: Entry) -> str:
    """The numbers that a row rests on, in words; all of them are given by `--json`."""
    known = {name: value for name, value in entry.evidence.items() if isinstance(value, float)}
    said = []
    if {"ratio", "ratio_low", "ratio_high"} <= known.keys():
        low, high = (f"{known[name] - 1:+.1%}" for name in ("ratio_low", "ratio_high"))
        said.append(f"mean loss {known['ratio'] - 1:+.1%} ({low} to {high})")
    if "ticks" in known:
        said.append(f"{known['ticks']:.0f} ticks")
    if "required_ticks" in known:
        said.append(f"power: up to {known['required_ticks']:.0f} ticks")
    if not said and entry.kind in ("promoted", "rolled_back"):
        return "its gates" if known else "a person's word"
    return "; ".join(said)
