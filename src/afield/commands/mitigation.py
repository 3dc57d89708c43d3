"""`afield mode` and `afield override`: what people set by hand while a service runs."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from cyclopts import Parameter
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.commands.release_promote import Actor, login, moment
from afield.control.actions import Actions
from afield.control.office import Office, open_office
from afield.errors import RolloutError, UsageError
from afield.mitigation.overrides import EVERYONE
from afield.records.decision import Override
from afield.records.traffic import Mode

Reason = Annotated[str, Parameter(help="why, one line; kept in the ledger")]


def mode(
    app: str,
    mode: Annotated[Mode, Parameter(help="automate: the model decides; prompt: it advises; off: it has no say")],
    /,
    *,
    unit: Annotated[
        str, Parameter(help="one unit that requests name; left out: all without a mode of their own")
    ] = EVERYONE,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Let the model decide, advise a person, or have no say; a running service follows.

    Args:
        app: name of the application.
        mode: automate, prompt or off.
        unit: one unit; its own mode then goes before the general one.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options, reason)
    actions = office.by(actor or login())
    actions.mode(mode, reason, moment(office), unit)
    own = ", ".join(f"{each} {its}" for each, its in actions.state.mode_by_unit if its != mode)
    everywhere = f"everywhere, but of their own: {own}" if own else "everywhere"
    _tell(context, actions, f"mode {mode} {everywhere if unit == EVERYONE else f'for {unit}'}")


def override(
    app: str,
    name: Annotated[str, Parameter(help="what to call it; given again, it replaces the former")],
    /,
    *,
    scope: Annotated[str, Parameter(help='a unit that requests name, or "*" for all')] = "",
    output: Annotated[str, Parameter(help="which output of an answer")] = "",
    value: Annotated[float | None, Parameter(help="what it is set to")] = None,
    expires: Annotated[datetime | None, Parameter(help="until when, ISO 8601, in the time of the place")] = None,
    lift: Annotated[bool, Parameter(negative="", help="take the override of this name away")] = False,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Set an output by hand, for one unit or all, until it expires; or lift that. A running service follows.

    Args:
        app: name of the application.
        name: of the override.
        scope: a unit, or "*".
        output: which output of an answer.
        value: what it is set to, whatever model and guards say.
        expires: until when.
        lift: take it away instead.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if lift and (scope or output or value is not None or expires):
        raise UsageError("--lift takes an override away; leave --scope, --output, --value and --expires out")
    office = _office(app, context, options, reason)
    actions, at = office.by(actor or login()), moment(office)
    if lift:
        actions.lift(name, reason, at)
        _tell(context, actions, f"override {name} is lifted")
        return
    if not scope or not output or value is None or expires is None:
        raise UsageError("an override needs --scope, --output, --value and --expires; or --lift takes it away")
    known = sorted({office.operate.output, *office.operate.neutral})
    if output not in known:
        raise UsageError(f"--output {output}: an answer has no such output; there is: {', '.join(known)}")
    actions.override(Override(name, scope, output, value, reason, expires), at)
    where = "everywhere" if scope == EVERYONE else f"for {scope}"
    _tell(context, actions, f"override {name}: {output} is {value:g} {where} until {expires}")


def _office(app: str, context: Context, options: Mapping[str, str], reason: str) -> Office:
    """The office in which this is done for this reason.

    Raises:
        UsageError: there is no reason.
        RolloutError: nothing was ever done here.
    """
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line why, for those who read the ledger later")
    office = open_office(load(app, options), context.home, progress)
    if not office.home.ledger_file.is_file():
        raise RolloutError(
            f"{office.home.folder} has no ledger: nothing was built or served there; run: afield build {app}, "
            "or name the home that is meant: AFIELD_HOME"
        )
    return office


def _tell(context: Context, actions: Actions, done: str) -> None:
    state = actions.state
    value = {"mode": state.mode, "mode_by_unit": dict(state.mode_by_unit), "overrides": state.overrides}
    result(context, value, Text(f"{done}; a running service follows within a second"))
