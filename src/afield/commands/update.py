"""`afield update`: one turn of the loop now: measure what is due, select, roll out, retrain."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.commands.release_promote import Actor, login, moment
from afield.control.controller import Controller
from afield.control.office import Office, open_office
from afield.control.terms import Terms
from afield.errors import ServingError, UsageError
from afield.store.snapshots import Follower
from afield.telemetry.claims import claim_any

WRITER = "controller"


def run(
    app: str,
    /,
    *,
    train: Annotated[bool, Parameter(negative="", help="train a candidate, whatever the triggers say")] = False,
    reason: Annotated[str, Parameter(help="of --train: why, one line; kept in the ledger")] = "",
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Turn the loop once: deliver, measure what is due, select rows to label, climb the ladder, retrain.

    It ends when a training that it began has ended. Where a service or `afield watch` leads the application, that one
    turns the loop: with `--train` it is asked to train at the end of its next chunk, and without there is nothing to
    do here.

    Args:
        app: name of the application.
        train: train a candidate now.
        reason: of --train: why.
        actor: who asks.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if train != bool(reason.strip()):
        raise UsageError("--train and --reason go together: say in one line why a candidate is to be trained now")
    office = open_office(load(app, options), context.home, progress)
    name = office.application.name
    before, leader = office.actions.state, ""
    controller = Controller(office, Terms(by_events=_by_events(office)), claim_any(office.home.telemetry, WRITER))
    try:
        leader = _leader(office, controller, asked=train)
        if train:
            office.by(actor or login()).ask_training(reason, moment(office))
        if not leader:
            controller.once()
    finally:
        controller.stop()
    office.actions.refresh()
    state, rows = office.actions.state, office.ledger.entries(name, after=before.sequence)
    said = [(row.kind, row.subject[:12], row.reason) for row in rows]
    where = f"champion {state.champion[:12]}, {state.stage}"
    climbing = f" of {state.challenger[:12]}" if state.challenger else ""
    waits = f"; asked of {leader}, which leads: it trains at the end of its next chunk" if leader else ""
    value = {"rows": rows, "champion": state.champion, "challenger": state.challenger, "stage": state.stage}
    summary = Text(f"{where}{climbing}{waits}" if rows else f"nothing was due: {where}{climbing}")
    result(context, value, Group(table(("what", "about", "why"), said), summary) if rows else summary)


def _leader(office: Office, controller: Controller, *, asked: bool) -> str:
    """Who leads instead of this controller; "" where this one does.

    Raises:
        ServingError: another one leads, and there is nothing to ask of it.
    """
    try:
        controller.begin()
    except ServingError:
        held = office.ledger.leases.held(office.application.name)
        if not asked or held is None:
            raise
        return held.holder
    return ""


def _by_events(office: Office) -> bool:
    """Whether the service that ran here last followed the clock of its events."""
    published = Follower(office.home.snapshots)
    published.refresh()
    return published.control is not None and published.control.now is not None
