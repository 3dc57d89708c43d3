"""`afield features`: what each feature and each kind of context costs, adds, and how steady and fresh it must be."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.audit.notes import note
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.records.provenance import Provenance
from afield.reporting.features import short_rows, title, write
from afield.study.weighing import weigh
from afield.workshop.code import code_digest


def run(
    app: str,
    /,
    *,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    until: Annotated[datetime | None, Parameter(help="last moment of the data that are used (ISO 8601)")] = None,
    out: Annotated[Path | None, Parameter(help="folder of the report; left out: under AFIELD_HOME")] = None,
    context: Context,
    **options: str,
) -> None:
    """Tell which context pays: each kind is left out, shuffled, explained, timed and held back, on unseen rows.

    The recipe that a build would choose is fitted again without each group of features (as the application declares
    them in `Assessment.groups`; else each feature alone), twice, and held against itself with paired intervals. No
    release is made.

    Args:
        app: name of the application.
        data: folder or file of data; left out: the generated default.
        until: last moment of the data that are used; the test window ends there.
        out: folder of `features.html` and `features.json`.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    code = code_digest(office.application.package)
    found = weigh(office.plan, office.bench(), data, until, Provenance(context.command, {}, code))
    words = office.application.words
    page = write(found, out or office.home.folder / "features", words)
    progress(f"report: {page}")
    note(office, "features", True, title(found), context.command)
    tables = [table(head, rows, name) for name, head, rows in short_rows(found)]
    result(context, found, Group(title(found), *tables, foot(found.provenance)))
