"""`afield remedy`: what was undone and who was made good for an answer that did harm, kept in the ledger."""

from collections.abc import Mapping
from typing import Annotated

import polars as pl
from cyclopts import Parameter
from rich.text import Text

from afield.commands.mitigation import Reason, office_for
from afield.commands.output import Context, result, table
from afield.commands.release_promote import Actor, login, moment
from afield.control.office import Office
from afield.errors import RolloutError, UsageError
from afield.records.decision import Entry
from afield.telemetry.delivery import EVENTS

REMEDY = "remedy"
"""Kind of the ledger's rows; who reads the state of a rollout passes them over."""
FEW = 8
"""How many things of an answer are named where another was asked for."""


def run(
    app: str,
    answer: Annotated[
        str, Parameter(help="id of the answer, or of a thing in it; left out: all remedies are listed")
    ] = "",
    /,
    *,
    undone: Annotated[str, Parameter(help="what was undone: a price corrected, a booking cancelled")] = "",
    compensated: Annotated[
        str, Parameter(help="what somebody got for it: a refund, an apology, a label put right")
    ] = "",
    reason: Reason = "",
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Record what was undone, and how people were made good, for an answer that did harm; or list all of it.

    The answer's id leads to who was concerned: write no names, for the ledger forgets nothing.

    Args:
        app: name of the application.
        answer: id of an answer that was delivered to the tables, or of a thing that was told in it.
        undone: what was undone.
        compensated: what somebody got for it.
        reason: what had gone wrong.
        actor: who did so.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if not answer:
        if undone or compensated or reason:
            raise UsageError(
                "name the answer that this is about, as in: afield remedy APP ANSWER --undone ... --reason ..."
            )
        _listed(office_for(app, context, options), context)
        return
    if not (undone.strip() or compensated.strip()):
        raise UsageError("a remedy says what was done: --undone, --compensated or both")
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line what had gone wrong")
    office = office_for(app, context, options)
    told = _answered(office, answer)
    actions = office.by(actor or login())
    actions.remedied(answer, reason, moment(office), {"undone": undone, "compensated": compensated, **told})
    row = office.ledger.entries(office.application.name, kinds=(REMEDY,), subject=answer)[-1]
    result(context, _value(row), Text(f"remedy of answer {answer} by release {str(told['release'])[:12]} is recorded"))


def _answered(office: Office, answer: str) -> Mapping[str, str]:
    """What the answer was, or that in which a thing was told: its release, its tick and its unit.

    Raises:
        RolloutError: no such answer is in the tables, or nothing of this name was told in it.
    """
    event, inside, _ = answer.partition("/")
    found = pl.DataFrame()
    if office.tables.exists(EVENTS):
        found = office.tables.scan(EVENTS).filter(pl.col("id") == event).collect()
    if found.is_empty():
        raise RolloutError(
            f"answer {answer[:80]}: no such id among what was delivered; a running service delivers with its ticks"
        )
    if inside:
        _check_told(office, event, answer)
    row = found.row(0, named=True)
    return {"release": str(row["release"]), "tick": str(row["tick"]), "unit": str(row["unit"])}


def _check_told(office: Office, event: str, thing: str) -> None:
    """Return where a thing was told in an answer: what is told apart in one is kept as a fact of that id.

    Raises:
        RolloutError: nothing of this name was.
    """
    told: list[str] = []
    for name, spec in office.plan.tables.items():
        if spec.identity and office.tables.exists(name):
            ids = pl.col(spec.identity).cast(pl.String)
            kept = office.tables.scan(name).filter(ids.str.starts_with(f"{event}/")).select(ids.unique().sort())
            told += kept.collect().to_series().to_list()
    if thing in told:
        return
    named = f"it told {', '.join(told[:FEW])}{' and more' if len(told) > FEW else ''}; name one, or the answer itself"
    raise RolloutError(
        f"answer {event} is known, and nothing in it is called {thing[:80]}: "
        f"{named if told else 'nothing is told apart in it; name the answer itself'}: {event}"
    )


def _listed(office: Office, context: Context) -> None:
    rows = office.ledger.entries(office.application.name, kinds=(REMEDY,))
    shown = [
        (
            f"{row.at:%Y-%m-%d %H:%M}",
            row.subject,
            row.evidence["undone"],
            row.evidence["compensated"],
            row.reason,
            row.actor,
        )
        for row in reversed(rows)
    ]
    text = table(("when", "answer", "undone", "compensated", "what went wrong", "by"), shown)
    result(context, {"remedies": [_value(row) for row in rows]}, text if rows else Text("nothing had to be made good"))


def _value(row: Entry) -> dict[str, object]:
    return {"answer": row.subject, "at": row.at, "reason": row.reason, "actor": row.actor, **row.evidence}
