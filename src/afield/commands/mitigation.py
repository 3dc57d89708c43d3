"""`afield mode` and `afield override`: what people set by hand while a service runs."""

from collections.abc import Collection, Mapping
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
from afield.mitigation.overrides import EVERYONE, contradicted
from afield.mitigation.slices import Sliced
from afield.records.decision import SLICE, Override
from afield.records.traffic import Mode

Reason = Annotated[str, Parameter(help="why, one line; kept in the ledger")]
Slice = Annotated[str, Parameter(name="--slice", help="all units of a slice that the application declares")]


def mode(
    app: str,
    mode: Annotated[Mode, Parameter(help="automate: the model decides; prompt: it advises; off: it has no say")],
    /,
    *,
    unit: Annotated[
        str, Parameter(help="one unit that requests name; left out: all without a mode of their own")
    ] = EVERYONE,
    part: Slice = "",
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Let the model decide, advise a person, or have no say; a running service follows.

    A unit's own mode goes before its slices', of which the most cautious counts, and those before the general one.

    Args:
        app: name of the application.
        mode: automate, prompt or off.
        unit: one unit.
        part: a slice.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if part and unit != EVERYONE:
        raise UsageError("--unit and --slice: a mode is for one of them")
    office = _office(app, context, options, reason)
    where = _slice(office, part) if part else _unit(office, "--unit", unit)
    actions = office.by(actor or login())
    actions.mode(mode, reason, moment(office), where)
    own = ", ".join(f"{each} {its}" for each, its in actions.state.mode_by_unit if its != mode)
    everywhere = f"everywhere, but of their own: {own}" if own else "everywhere"
    _tell(context, actions, f"mode {mode} {everywhere if where == EVERYONE else f'for {where}'}")


def override(
    app: str,
    name: Annotated[str, Parameter(help="what to call it; given again, it replaces the former")],
    /,
    *,
    scope: Annotated[str, Parameter(help='a unit that requests name, or "*" for all')] = "",
    part: Slice = "",
    output: Annotated[str, Parameter(help="which output of an answer")] = "",
    value: Annotated[float | None, Parameter(help="what it is set to")] = None,
    expires: Annotated[datetime | None, Parameter(help="until when, ISO 8601, in the time of the place")] = None,
    lift: Annotated[bool, Parameter(negative="", help="take the override of this name away")] = False,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Set an output by hand, for one unit, a slice or all, until it expires; or lift that. A running service follows.

    A value that a guard would never let pass is refused. Guards that go by the answer before, such as a step limit,
    do not hold an override back: it counts at once.

    Args:
        app: name of the application.
        name: of the override.
        scope: a unit, or "*".
        part: a slice, instead.
        output: which output of an answer.
        value: what it is set to, whatever the model says.
        expires: until when.
        lift: take it away instead.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if lift and (scope or part or output or value is not None or expires):
        raise UsageError("--lift takes an override away; leave --scope, --slice, --output, --value and --expires out")
    office = _office(app, context, options, reason)
    actions, at = office.by(actor or login()), moment(office)
    if lift:
        actions.lift(name, reason, at)
        _tell(context, actions, f"override {name} is lifted")
        return
    if part and isinstance(office.operate.slices, Sliced):
        raise UsageError(
            f"--slice {part}: slices of {app} are of what is found in a request, and an override is for a unit or all; "
            f"set a mode for it instead: afield mode {app} prompt --slice {part} --reason ..."
        )
    if bool(scope) == bool(part) or not output or value is None or expires is None:
        raise UsageError("an override needs --scope or --slice, --output, --value and --expires; or --lift")
    where = _slice(office, part) if part else _unit(office, "--scope", scope)
    known = sorted({office.operate.output, *office.operate.neutral})
    if output not in known:
        raise UsageError(f"--output {output}: an answer has no such output; there is: {', '.join(known)}")
    against = contradicted(office.operate.guards, output, value)
    if against:
        raise UsageError(
            f"--value {value:g} contradicts the guard {', '.join(against)}: {output} would never be so; give a value "
            "that it lets pass, or change the guard in the application"
        )
    actions.override(Override(name, where, output, value, reason, expires), at)
    place = "everywhere" if where == EVERYONE else f"for {where}"
    _tell(context, actions, f"override {name}: {output} is {value:g} {place} until {expires}")


def _slice(office: Office, name: str) -> str:
    """The scope of a slice.

    Raises:
        UsageError: the application declares no such slice.
    """
    known = _slices(office)
    if name not in known:
        there = ", ".join(sorted(known)) or "none"
        raise UsageError(f"--slice {name}: the application declares no such slice; there is: {there}")
    return SLICE + name


def _unit(office: Office, option: str, name: str) -> str:
    """The scope of one unit, or of all.

    Raises:
        UsageError: it is the name of a slice, of which no unit is called so: nobody would be held.
    """
    part = name.removeprefix(SLICE)
    if part != name or part in _slices(office):
        raise UsageError(f"{option} {name}: that is a slice and no unit; write --slice '{part}'")
    return name


def _slices(office: Office) -> Collection[str]:
    """The names of the slices that the application declares."""
    slices = office.operate.slices
    return slices.holds if isinstance(slices, Sliced) else slices


def _office(app: str, context: Context, options: Mapping[str, str], reason: str) -> Office:
    """The office in which this is done for this reason.

    Raises:
        UsageError: there is no reason.
        RolloutError: nothing was ever done here.
    """
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line why, for those who read the ledger later")
    return office_for(app, context, options)


def office_for(app: str, context: Context, options: Mapping[str, str]) -> Office:
    """The office of an application in whose home something was done before.

    Raises:
        RolloutError: nothing was.
    """
    office = open_office(load(app, options), context.home, progress)
    if not office.home.has_ledger:
        raise RolloutError(
            f"{office.home.folder} has no ledger: nothing was built or served there; run: afield build {app}, "
            "or name the home that is meant: AFIELD_HOME"
        )
    return office


def _tell(context: Context, actions: Actions, done: str) -> None:
    state = actions.state
    value = {"mode": state.mode, "mode_by_unit": dict(state.mode_by_unit), "overrides": state.overrides}
    result(context, value, Text(f"{done}; a running service follows within a second"))
