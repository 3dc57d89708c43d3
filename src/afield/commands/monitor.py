"""`afield monitor`: every monitor measured now, over the telemetry that was kept."""

from typing import Annotated

from cyclopts import Parameter
from rich.console import Group
from rich.text import Text

from afield.application import load
from afield.commands.output import Context, progress, result, table
from afield.control.measuring import Measured, measure, spark
from afield.control.office import Office, open_office
from afield.curation.contested import Contested, contested
from afield.curation.labels import open_labels
from afield.errors import UsageError
from afield.labelling.contests import CONTESTS
from afield.records.evidence import Measurement
from afield.wording import number
from afield.workshop.production import Production

MOST = 1000


def run(
    app: str,
    /,
    *,
    chunks: Annotated[int, Parameter(help="how many of the last chunks of monitoring")] = 14,
    context: Context,
    **options: str,
) -> None:
    """Measure every monitor over the last chunks of the champion's telemetry; nothing is raised or changed.

    Shown are the value of the last chunk with its interval, the weight of the rows behind it, the reference, the course
    over the chunks, and how far the evidence of a change has come: an alert is raised at 1, as the declared budget of
    false alarms allows. Estimates made before outcomes stand beside what came true, and below them how what people
    contested stands.

    Args:
        app: name of the application.
        chunks: how many of the last chunks.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if not 1 <= chunks <= MOST:
        raise UsageError(f"--chunks {chunks}: choose 1 to {MOST}")
    office = open_office(load(app, options), context.home, progress)
    found = measure(office, chunks)
    said = _contests(office)
    budget = office.operate.monitoring.budget
    header = ("monitor", "metric", "value", "interval", "weight", "reference", "evidence", "alarm", "course")
    rows = [_cells(name, series, found) for name, series in found.series.items() if series]
    told = [
        f"release {found.release[:12]}; {budget.a_year:g} false alarms a year are expected at most, over all monitors",
        *(f"{each.at:%Y-%m-%d %H:%M} {each.severity}: {each.message}; {each.advice}" for each in found.alerts),
        *_held(found),
        *(f"not measured: {each}" for each in found.problems),
        *([str(said)] if said else []),
    ]
    result(
        context, {"budget": budget, "measured": found, "contests": said}, Group(table(header, rows), *map(Text, told))
    )


def _contests(office: Office) -> Contested | None:
    """How what people contested stands; None where nobody contested anything."""
    if not office.tables.exists(CONTESTS):
        return None
    history = Production(office.tables, office.plan.tables).read().tables
    return contested(open_labels(office.plan, history, office.tables))


def _cells(name: str, series: tuple[Measurement, ...], found: Measured) -> tuple[str, ...]:
    last = series[-1]
    estimate = last.estimate
    return (
        name,
        last.metric,
        number(estimate.value),
        f"{number(estimate.interval.low)} to {number(estimate.interval.high)} ({estimate.interval.level:.4g})",
        number(estimate.weight),
        number(last.reference),
        f"{found.evidence[name]:.2g}",
        "yes" if last.alarm else "no",
        spark([each.estimate.value for each in series]),
    )


def _held(found: Measured) -> list[str]:
    """How often the interval of an estimate held what came true."""
    return [
        f"{name}: the interval of {sum(each.held for each in pairs)} of {len(pairs)} estimates held what came true"
        for name, pairs in found.reconciled.items()
    ]
