"""`afield data trace`: from a recorded answer back to release, code, data and rows."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType

from afield.audit.tracing import SHOWN, Trace, trace
from afield.commands.data import opened, provenance
from afield.commands.output import Context, result, table
from afield.errors import UsageError


def run(
    app: str,
    event: Annotated[str, Parameter(help="id of an answer, as the client got it; or of a tick forecast")],
    /,
    *,
    arm: Annotated[str, Parameter(help="champion, challenger, …: where several answered")] = "",
    rows: Annotated[int, Parameter(help="how many rows of each table")] = SHOWN,
    context: Context,
    **options: str,
) -> None:
    """Follow a prediction back: the release that made it, its code, data versions, windows, recipe and seed, and rows.

    The features are computed again from what had been collected and was known before the tick, and the release is
    asked again; that the number agrees with the recorded one shows that these rows are the grounds it rested on.

    Args:
        app: name of the application.
        event: id of an answer, or of a tick forecast.
        arm: who answered, where several did.
        rows: how many rows of each table.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if rows < 1:
        raise UsageError(f"--rows {rows}: give at least 1")
    office = opened(app, context, options)
    found = trace(office, event, arm, rows)
    value = {"trace": found, "provenance": provenance(office, context, data=found.data)}
    result(context, value, _words(found))


def _words(found: Trace) -> Group:
    """The trace for a person, from the answer down to the rows."""
    event = found.event
    numbers = ", ".join(f"{name} {value:.6g}" for name, value in found.output.items())
    agreement = {True: "agrees with what was recorded", False: "DIFFERS from what was recorded", None: "not compared"}
    again = ", ".join(f"{name} {value:.6g}" for name, value in found.again.items()) or "nothing"
    about = [
        ("answer", f"{event['id']}: {numbers}"),
        ("of", f"{event['unit']}, {event['arm']}, {event['kind']}, at {event['at']}, tick {event['tick']}"),
        ("release", found.release),
        ("recipe", f"{found.recipe}, seed {found.seed}"),
        ("code", found.code),
        ("features", f"contract {found.feature_set[:16]}, rows {found.rows[:16] or 'none'}"),
        *((f"data {name}", text) for name, text in found.data.items()),
        *((f"window {name}", f"{start} to {end}") for name, (start, end) in found.windows.items()),
        ("computed again", f"{again}: {agreement[found.agrees]}"),
    ]
    features = [(name, "–" if value is None else f"{value:.6g}") for name, value in found.features.items()]
    parts: list[RenderableType] = [table(("what", "is"), about)]
    if features:
        parts.append(table(("feature", "value"), features))
    for each in found.history:
        names = "" if each.about is None else f", {each.about:,} about it"
        title = f"{each.table}: {each.seen:,} rows could be seen{names}"
        if each.rows:
            parts.append(table(tuple(each.rows[0]), [tuple(row.values()) for row in each.rows], title=title))
        else:
            parts.append(f"  {title}\n")
    return Group(*parts, *found.remarks)
