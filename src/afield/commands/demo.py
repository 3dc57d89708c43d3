"""`afield demo`: both loops on recorded or generated traffic, ending in a report."""

import time
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from afield.application import load
from afield.commands.output import Context, progress, result
from afield.demo import demonstrate
from afield.reporting.summary import summary
from afield.wording import seconds


def run(
    app: str,
    /,
    *,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: generated")] = None,
    out: Annotated[Path, Parameter(help="where report.html and report.json go")] = Path("report"),
    context: Context,
    **options: str,
) -> None:
    """Build, serve, replay, watch, retrain, climb, take back: the whole life, in minutes, ending in a report.

    Args:
        app: name of the application.
        data: folder or file of data; left out: generated.
        out: where the report goes.
        context: from the command line.
        options: the application's own, e.g. --slot 60m.
    """
    begun = time.perf_counter()
    application = load(app, {**load(app).demonstration_options, **options})
    words = ["afield demo", app, *(["--data", str(data)] if data else []), *(f"--{k} {v}" for k, v in options.items())]
    report = demonstrate(application, context.home / "rehearsal", data, out, " ".join(words), progress)
    result(context, report, summary(report))
    progress(f"the whole story, with pictures: {(out / 'report.html').absolute()}")
    progress(f"the whole demonstration took {seconds(time.perf_counter() - begun)}")
