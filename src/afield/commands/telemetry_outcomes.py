"""`afield telemetry outcomes`: what came true, how complete that is, and how good the answers were as of a moment."""

from datetime import datetime
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.commands.release_promote import moment
from afield.control.office import open_office
from afield.custody.contested import Contested
from afield.custody.outcomes import Known, known, stretch
from afield.errors import UsageError
from afield.records.evidence import Estimate
from afield.telemetry.completeness import Agreement
from afield.telemetry.delivery import EVENTS
from afield.telemetry.sifting import REASONS


def run(
    app: str,
    /,
    *,
    as_of: Annotated[
        datetime | None, Parameter(help="a moment of the place, ISO 8601; left out: where the service stands")
    ] = None,
    days: Annotated[float, Parameter(help="how many days of ticks before it")] = 7.0,
    by: Annotated[str, Parameter(help="tell accuracy apart by unit, release, mode or policy")] = "",
    least: Annotated[int, Parameter(help="tell groups of fewer known predictions as one")] = 10,
    context: Context,
    **options: str,
) -> None:
    """Show how complete outcomes are by age, and the honest accuracy as of any moment.

    What became known after that moment does not count, nor do corrections: it is what could have been said then, and
    beside it stands what is known of the same ticks today.

    Args:
        app: name of the application.
        as_of: the moment.
        days: how many days of ticks before it.
        by: a column by which accuracy is told apart.
        least: groups of fewer known predictions are told as one; the policy's minimum group counts where it is larger.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    if not office.tables.exists(EVENTS):
        raise UsageError(f"{office.home.folder}: no prediction has been recorded; run: afield serve {app}")
    if as_of is not None and as_of.tzinfo is not None:
        raise UsageError("--as-of carries a zone; times are local to the place, write it without")
    at = as_of or moment(office)
    found = known(office.tables, office.operate, stretch(at, days), at, by=by, least=least)
    result(context, found, _told(found))


def _told(found: Known) -> Group:
    number = f"{found.loss} as of {found.as_of:%Y-%m-%d %H:%M}: {_said(found.accuracy)}"
    marks = [
        *(["preliminary: more is still to come"] if found.preliminary else []),
        *([f"{found.rests_on_proxies} of {found.known} rest on a proxy"] if found.rests_on_proxies else []),
    ]
    lines = [
        f"{found.predictions:,} predictions since {found.start:%Y-%m-%d %H:%M}, {found.known:,} with an outcome",
        f"{number}{' (' + '; '.join(marks) + ')' if marks else ''}",
        f"the same ticks with what is known today: {_said(found.today)}",
    ]
    if found.lateness is not None:
        late = ", ".join(f"{share:.0%} within {after}" for share, after in found.lateness.quantiles.items())
        lines += [f"outcomes came: {late or 'none yet'}; {found.lateness.late} after the window"]
        lines += [f"never: {_said(found.lateness.never)}"]
    lines += [_held(each) for each in found.proxies]
    if found.contested is not None:
        lines += _contested(found.contested, found.loss)
    lines += [f"set aside: {count} {reason}: {REASONS[reason]}" for reason, count in found.aside.items()]  # type: ignore[index]
    lines += [f"{found.corrected} outcomes were corrected"] if found.corrected else []
    ages = [(str(each.age), _said(each.known), each.known.count if each.known else 0) for each in found.curve]
    shown: list[RenderableType] = [
        *map(Text, lines),
        table(("age", "share known", "predictions"), ages, "completeness"),
    ]
    if found.groups or found.withheld:
        rows = [(each.value, _said(each.accuracy), each.accuracy.count) for each in found.groups]
        shown += [
            table(("group", found.loss, "known"), rows),
            Text(f"{found.withheld} groups are too small to be told apart"),
        ]
    return Group(*shown)


def _held(proxy: Agreement) -> str:
    compared = f"same {_said(proxy.same)}, bias {_said(proxy.bias)}"
    return f"proxy {proxy.source}: {proxy.count} held against the truth: {compared}"


def _contested(found: Contested, loss: str) -> list[str]:
    """What people said was wrong: a proxy for a large loss, and where they said what is right, for the truth."""
    compared = f"{loss} {_said(found.loss)}, of answers that nobody contested {_said(found.others)}"
    said = [f"contested: {found.answers} answers, {found.known} held against the truth: {compared}"]
    return [*said, *([_held(found.value)] if found.value is not None else [])]


def _said(estimate: Estimate | None) -> str:
    if estimate is None:
        return "not known"
    return f"{estimate.value:.4g} [{estimate.interval.low:.4g}, {estimate.interval.high:.4g}]"
