"""`afield telemetry fields` and `sketches`: what stored fields are worth, and what all traffic was."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.custody.fields import LEAST, PRICE
from afield.custody.worth import Worth, worth
from afield.errors import UsageError
from afield.telemetry.delivery import EVENTS
from afield.telemetry.summaries import SKETCHES, summaries


def fields(
    app: str,
    /,
    *,
    days: Annotated[float, Parameter(help="how many days before the newest prediction")] = 7.0,
    price: Annotated[float, Parameter(help="of a gigabyte kept for a month, in dollars")] = PRICE,
    context: Context,
    **options: str,
) -> None:
    """Show what each stored field costs against the interval that it narrows, and which unused ones explain more.

    A field narrows the interval of the mean loss by so much where the sizes of its strata are known from all traffic
    (post-stratification). An unused field explains that share of the squared residual which means of its levels take
    away on stretches of time that they were not taken from.

    Args:
        app: name of the application.
        days: how many days before the newest prediction.
        price: of a gigabyte kept for a month.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if not 0 < days <= 3660 or price < 0:
        raise UsageError("--days is above 0 and at most 3660, --price at least 0")
    found = worth(_office(app, context, options, EVENTS), days, price)
    result(context, found, _told(found))


def sketches(app: str, /, *, context: Context, **options: str) -> None:
    """Show what all traffic was by release, arm and hour, also what was sampled out: counts, quantiles, distincts.

    Args:
        app: name of the application.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = summaries(_office(app, context, options, SKETCHES).tables)
    header = ("hour", "release", "arm", "output", "events", "distinct", "p05", "p50", "p95")
    rows = [
        (
            f"{row['hour']:%Y-%m-%d %H}h",
            str(row["release"])[:12],
            row["arm"],
            row["output"] or "(events)",
            *("" if row[name] is None else row[name] for name in header[4:]),
        )
        for row in found.iter_rows(named=True)
    ]
    result(context, found.to_dicts(), table(header, rows))


def _office(app: str, context: Context, options: dict[str, str], needed: str) -> Office:
    office = open_office(load(app, options), context.home, progress)
    if not office.tables.exists(needed):
        raise UsageError(f"{office.home.folder}: there is no table {needed} yet; run: afield serve {app}")
    return office


def _told(found: Worth) -> Group:
    stored = [
        (each.name, each.bytes_row, each.bytes_month / 1e6, each.cost_month, f"{each.narrowed:.1%}", each.needed)
        for each in found.fields
    ]
    unused = [
        (each.name, f"{each.explained.value:.2%}", f"{interval.low:.2%} to {interval.high:.2%}")
        for each in found.candidates
        for interval in (each.explained.interval,)
    ]
    title = f"{found.rows:,} predictions stored from {found.window[0]}, {found.known:,} with an outcome"
    return Group(
        table(("field", "bytes a row", "MB a month", "$ a month", f"narrows {found.loss}", "needed"), stored, title),
        table(("not used by the model", "explains of the residual", "95 %"), unused)
        if unused
        else Text(f"fewer than {LEAST} ticks have outcomes: too few to tell which unused fields explain more"),
    )
