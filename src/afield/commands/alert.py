"""`afield alert`: what was raised, seen, silenced, and who is told."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.mitigation import Reason
from afield.commands.output import Context, progress, result, table
from afield.commands.release_promote import Actor, login, moment
from afield.control.notices import Receiver, declare
from afield.control.office import Office, open_office
from afield.control.standing import ACKNOWLEDGED, EVERY, KINDS, SILENCED, UNTIL, Standing, standing
from afield.errors import MonitoringError, UsageError
from afield.records.decision import Entry
from afield.records.evidence import Alert

LONGEST = timedelta(days=90)


def listed(
    app: str,
    /,
    *,
    everything: Annotated[bool, Parameter("--all", negative="", help="acknowledged and silenced ones too")] = False,
    context: Context,
    **options: str,
) -> None:
    """List the alerts that wait for somebody, newest first: what, since when, how bad, where, and what to do.

    Args:
        app: name of the application.
        everything: acknowledged and silenced ones too.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    known = _standing(office)
    states = {alert.id: known.state(alert) for alert in known.alerts}
    shown = [each for each in reversed(known.alerts) if everything or states[each.id] == "open"]
    rows = [
        (f"{each.at:%Y-%m-%d %H:%M}", each.severity, states[each.id], each.slice, each.message, each.id)
        for each in shown
    ]
    advice = sorted({f"{each.monitor}: {each.advice}" for each in shown})
    text = Group(table(("raised", "severity", "state", "slice", "what", "id"), rows), *map(Text, advice))
    value = [
        {
            "alert": each,
            "state": states[each.id],
            "by": known.acknowledged.get(each.id, ""),
            "told": each.id in known.told,
        }
        for each in shown
    ]
    empty = "no alert waits for anybody" + (f"; {len(states)} were dealt with: --all" if states else "")
    result(context, {"alerts": value, "silences": known.silences}, text if shown else Text(empty))


def ack(
    app: str,
    alert: Annotated[str, Parameter(help="its id, or the first letters of it")],
    /,
    *,
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Say that somebody has seen an alert and deals with it; its episode is not raised again.

    Args:
        app: name of the application.
        alert: its id, or the first letters of it.
        reason: what is done about it.
        actor: who has seen it.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    seen = _named(_standing(office).alerts, alert, app)
    _append(office, ACKNOWLEDGED, seen.id, _said(reason), actor)
    result(context, {"alert": seen.id, "state": "acknowledged"}, Text(f"alert {seen.id} is acknowledged"))


def silence(
    app: str,
    monitor: Annotated[str, Parameter(help='name of the monitor, or "*" for all')],
    /,
    *,
    hours: Annotated[float, Parameter(help="for so long from now; 0 ends a silence")],
    reason: Reason,
    actor: Actor = "",
    context: Context,
    **options: str,
) -> None:
    """Tell nobody of the alerts of a monitor until the silence expires; they are raised and kept all the same.

    Args:
        app: name of the application.
        monitor: its name, or "*".
        hours: for so long from now, domain time; 90 days at most.
        reason: why.
        actor: who decides.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    names = [each.name for each in office.operate.monitoring.monitors]
    if monitor not in (*names, EVERY):
        raise UsageError(f"there is no monitor {monitor!r}; there is: {', '.join(names) or 'none'}, or * for all")
    if not 0 <= hours <= LONGEST / timedelta(hours=1):
        raise UsageError(f"--hours {hours:g}: a silence lasts {LONGEST.days * 24} hours at most; 0 ends it")
    until = moment(office) + timedelta(hours=hours)
    _append(office, SILENCED, monitor, _said(reason), actor, {UNTIL: until.isoformat()})
    told = f"alerts of {monitor} are told to nobody until {until:%Y-%m-%d %H:%M}" if hours else "the silence is over"
    result(context, {"monitor": monitor, "until": until}, Text(told))


def notify(
    app: str,
    url: Annotated[str, Parameter(help="where alerts are told, https:// or http://; left out: nobody is told")] = "",
    /,
    *,
    secret: Annotated[Path | None, Parameter(help="file with the key of the signature; 16 bytes at least")] = None,
    context: Context,
    **options: str,
) -> None:
    """Declare who is told of each alert from now on, by a signed request; without an address nobody is any more.

    The header Afield-Signature holds `t=SECONDS,v1=HEX`: the HMAC-SHA256 of "SECONDS.BODY" with the bytes of the secret
    (without space at its ends). A running service follows within a second; what cannot be told is tried 6 times.

    Args:
        app: name of the application.
        url: where alerts are told.
        secret: file with the key of the signature.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = _office(app, context, options)
    file = office.home.receiver
    if not url:
        file.unlink(missing_ok=True)
        result(context, {"url": ""}, Text("nobody is told of alerts any more"))
        return
    if secret is None:
        raise UsageError(
            "--secret FILE is missing: what is told is signed, so that the receiver can tell it from others"
        )
    declare(file, Receiver(url, str(secret.absolute()), moment(office)))
    result(context, {"url": url}, Text(f"alerts are told to {url} from now on"))


def _office(app: str, context: Context, options: Mapping[str, str]) -> Office:
    return open_office(load(app, options), context.home, progress)


def _standing(office: Office) -> Standing:
    return standing(office.ledger.entries(office.application.name, KINDS))


def _named(alerts: Sequence[Alert], start: str, app: str) -> Alert:
    """The alert whose id begins so.

    Raises:
        MonitoringError: none does, or several.
    """
    found = [each for each in alerts if each.id == start] or [each for each in alerts if each.id.startswith(start)]
    if len(found) != 1:
        what = "none" if not found else f"{len(found)} of them"
        raise MonitoringError(f"alert {start!r}: {what} begins so; see: afield alert list {app} --all")
    return found[0]


def _said(reason: str) -> str:
    if not reason.strip():
        raise UsageError("--reason is empty; say in one line why, for those who read the ledger later")
    return reason


def _append(
    office: Office, kind: str, subject: str, reason: str, actor: str, evidence: dict[str, float | str] | None = None
) -> None:
    name, clock, at = office.application.name, office.clock, moment(office)
    office.ledger.append(Entry(name, kind, subject, actor or login(), reason, at, clock.recorded(), "", evidence or {}))
