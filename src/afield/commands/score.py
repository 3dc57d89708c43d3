"""`afield score`: the ML Test Score, 28 tests, each with the evidence that earns half a point or a whole one."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.audit.scorecard import run_tests, scorecard
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.reporting.scorecard import short_rows, write


def run(
    app: str,
    /,
    *,
    tests: Annotated[bool, Parameter(negative="", help="first run the application's own quick tests")] = False,
    out: Annotated[Path | None, Parameter(help="folder of the report; left out: under AFIELD_HOME")] = None,
    context: Context,
    **options: str,
) -> None:
    """Score how ready an application is for production, from evidence alone; the least of four sections counts.

    Evidence is what the ledger, the champion's bundle, the rehearsals, the application's declarations and its own
    tests show. `check`, `drill`, `compare`, `features`, `backtest` and `release verify --rebuild` note in the ledger
    what they found; a note counts as long as the code is the same.

    Args:
        app: name of the application.
        tests: run the application's own quick tests first (minutes), and note in the ledger whether they pass.
        out: folder of `score.html` and `score.json`.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    if tests:
        run_tests(office, context.command)
    found = scorecard(office, context.home, context.command)
    progress(f"report: {write(found, out or office.home.folder / 'score')}")
    tables = [table(head, rows, title) for title, head, rows in short_rows(found)]
    result(context, found, Group(*tables, f"ML Test Score {found.score:g} of 7: {found.says}", foot(found.provenance)))
