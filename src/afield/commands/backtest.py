"""`afield backtest`: learn from what was known at several moments, and forecast what followed each."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.audit.notes import note
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.engine.engine import open_engine
from afield.reporting.backtest import short_rows, title, write
from afield.study.backtesting import Asked, backtested

ORIGINS = 4


def run(
    app: str,
    /,
    *,
    origins: Annotated[int, Parameter(help="how many moments to learn at")] = ORIGINS,
    window: Annotated[
        timedelta | None, Parameter(help="what each forecasts, e.g. 7d or 12h; left out: the test window, divided")
    ] = None,
    recipe: Annotated[str, Parameter(help="learn with this one alone; left out: the best at each origin")] = "",
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    engine: Annotated[Literal["local", "ray"], Parameter(help="where origins are computed")] = "local",
    address: Annotated[str, Parameter(help="of the Ray cluster's head, host:port")] = "",
    out: Annotated[Path | None, Parameter(help="folder of the report; left out: under AFIELD_HOME")] = None,
    context: Context,
    **options: str,
) -> None:
    """Tell what a build would have achieved at several moments: pooled with intervals, and the spread between them.

    At each origin the recipes learn from what was known then, labels included, and the stretch after it is forecast.
    The stretches follow each other, and the last ends with the data.

    Args:
        app: name of the application.
        origins: how many moments to learn at.
        window: what each forecasts, e.g. 7d or 12h; left out: the build's test window, divided between the origins.
        recipe: learn with this one alone; left out: the best by the validation window of each origin, as in a build.
        data: folder or file of data; left out: the generated default.
        engine: where origins are computed: here one after the other, or on a Ray cluster (extra `ray`).
        address: of the Ray cluster's head, host:port; its nodes see the folders of AFIELD_HOME.
        out: folder of `backtest.html` and `backtest.json`.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    asked = Asked(origins=origins, window=window, recipe=recipe, data=data, command=context.command)
    found = backtested(office, asked, open_engine(engine, address))
    page = write(found, out or office.home.folder / "backtest", office.application.words)
    progress(f"report: {page}")
    note(office, "backtest", True, title(found, office.application.words), context.command)
    tables = [table(head, rows, name) for name, head, rows in short_rows(found, office.application.words)]
    result(context, found, Group(title(found, office.application.words), *tables, foot(found.provenance)))
