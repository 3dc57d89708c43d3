"""`afield telemetry export`: recorded answers for others to read, in which nobody stands alone."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import polars as pl
from cyclopts import Parameter

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.control.office import open_office
from afield.custody.exporting import exported
from afield.custody.outcomes import stretch
from afield.errors import UsageError
from afield.telemetry.delivery import EVENTS


def run(
    app: str,
    file: Annotated[Path, Parameter(help="Parquet file to write")],
    /,
    *,
    days: Annotated[float, Parameter(help="how many days before the newest prediction")] = 7.0,
    context: Context,
    **options: str,
) -> None:
    """Write recorded answers for others to read: no ids, and no group smaller than the policy's minimum.

    Groups of fewer (by the fields that the policy names: a slice, a coarse place, a coarse time) are one group, in
    which these fields are empty; totals stay what they are. Where all together are too few, nothing is written.

    Args:
        app: name of the application.
        file: to write.
        days: how many days before the newest prediction.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    if not office.tables.exists(EVENTS):
        raise UsageError(f"{office.home.folder}: no prediction has been recorded; run: afield serve {app}")
    newest = office.tables.scan(EVENTS).select(pl.col("tick").max()).collect().item()
    found = exported(office.tables, office.operate, stretch(newest + timedelta(microseconds=1), days))
    if found.rows.is_empty():
        raise UsageError(f"the answers of {days:g} days are fewer than the minimum group together; give more --days")
    try:
        found.rows.write_parquet(file)
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror or error}") from error
    said = {"file": str(file), "rows": found.rows.height, "groups": found.groups, "folded": found.folded}
    told = f"{file}: {found.rows.height:,} answers in {found.groups:,} groups; {found.folded:,} small ones are one"
    result(context, said, told)
