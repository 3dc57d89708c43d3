"""`afield release import`: a model that was trained elsewhere, as a release of the application."""

import time
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.commands.build import as_record, summary
from afield.commands.findings import findings
from afield.commands.output import Context, progress, result
from afield.control.office import open_office
from afield.exchange.adopting import adopt
from afield.exchange.foreign import read_foreign
from afield.records.provenance import Provenance


def run(
    app: str,
    file: Path,
    /,
    *,
    features: Annotated[
        str,
        Parameter(
            help="names of its input columns, from the first on, a,b,c; left out: as its signature or metadata say"
        ),
    ] = "",
    output: Annotated[str, Parameter(help="the output that counts; left out: the only one with one number a row")] = "",
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    until: Annotated[datetime | None, Parameter(help="examine it on what was known before this moment")] = None,
    production: Annotated[bool, Parameter(negative="", help="examine it on what the service collected")] = False,
    context: Context,
    **options: str,
) -> int:
    """Bring in a model that was trained elsewhere, as a release that passed the gates; exits 1 if it did not.

    FILE is an ONNX file, or an MLflow model directory with the ONNX flavour, whose signature names the features. It
    must read one float matrix, a column for each of the application's features that it names, and give one number a
    row. Operators that are not ONNX's own, weights in other files, loops, pickles and code are refused. It is scored on
    the application's test window beside the recipes that are fitted here, has to beat the simplest, and is signed and
    noted in the ledger. Nothing is promoted: `afield release promote APP RELEASE` lets it climb.

    Args:
        app: name of the application.
        file: an ONNX file, an MLflow model directory, or its MLmodel.
        features: names of its input columns in order, separated by commas.
        output: the output that counts.
        data: folder or file of data; left out: the generated default.
        until: examine it on what was known before this moment (ISO 8601); left out: all there is.
        production: examine it on the facts that the service collected instead of on `data`.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    started = time.perf_counter()
    names = tuple(each.strip() for each in features.split(",") if each.strip())
    foreign = read_foreign(file, names, output)
    progress(f"{foreign.name}: {len(foreign.features)} features, output {foreign.output}, {foreign.digest[:12]}")
    office = open_office(load(app, options), context.home, progress)
    built = adopt(office.plan, office.bench(production=production), foreign, data, until)
    office.register(built, promote=False, reason=f"trained elsewhere: {foreign.name} {foreign.digest[:12]}")
    seconds = time.perf_counter() - started
    made = office.shelf.bundle(built.release).manifest
    made_by = Provenance(context.command, dict(made.data), made.code, built.release, made.seed)
    beyond = findings(office.application.words, office.plan.metrics, built.evaluation, made_by)
    record = as_record(built, seconds) | {"model": foreign.digest, "provenance": made_by}
    result(context, record, Group(summary(office, built, seconds), beyond))
    if not built.passed:
        progress(f"release {built.release[:12]} is refused and will not be served: {built.failed}")
        return 1
    progress(f"release {built.release[:12]} may climb: afield release promote {app} {built.release[:12]}")
    return 0
