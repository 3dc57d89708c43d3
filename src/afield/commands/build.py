"""`afield build`: one turn of the build loop, ending in a signed release and the verdict of its gates."""

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.build import build
from afield.commands.findings import findings
from afield.commands.output import Context, progress, result, table
from afield.commands.release_promote import login
from afield.commands.scores import scores
from afield.control.actions import AFIELD
from afield.control.office import Office, open_office
from afield.engine.engine import open_engine
from afield.records.provenance import Provenance
from afield.workshop.results import Built


def run(
    app: str,
    /,
    *,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    until: Annotated[datetime | None, Parameter(help="train on what was known before this moment")] = None,
    candidate: Annotated[bool, Parameter(negative="", help="keep the champion; offer nothing")] = False,
    reason: Annotated[str, Parameter(help="why, for the ledger")] = "built by hand",
    production: Annotated[bool, Parameter(negative="", help="train on what the service collected")] = False,
    engine: Annotated[Literal["local", "ray"], Parameter(help="where examples are made")] = "local",
    address: Annotated[str, Parameter(help="host:port of the Ray cluster's head")] = "",
    processes: Annotated[int, Parameter(help="of the local engine")] = 1,
    context: Context,
    **options: str,
) -> int:
    """Build a release from what was known before a moment, and make it the champion if its gates pass.

    Args:
        app: name of the application.
        data: folder or file of data; left out: the generated default.
        until: train on what was known before this moment (ISO 8601); left out: all there is.
        candidate: leave the champion as it is.
        reason: why, for the ledger.
        production: train on the facts that the service collected instead of on `data`.
        engine: where examples are made: here, or on a Ray cluster (extra `ray`) whose nodes reach the same files.
        address: of the Ray cluster's head, `host:port` from one of its nodes, `ray://host:port` from outside.
        processes: of the local engine, each with its own stretch of time in memory.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    started = time.perf_counter()
    office = open_office(load(app, options), context.home, progress)
    built = build(
        office.plan,
        replace(office.bench(production=production), engine=open_engine(engine, address, processes)),
        data,
        until,
    )
    by_controller = production and candidate
    office.register(built, promote=not candidate, reason=reason, actor=AFIELD if by_controller else login())
    seconds = time.perf_counter() - started
    made = office.shelf.bundle(built.release).manifest
    made_by = Provenance(context.command, dict(made.data), made.code, built.release, made.seed)
    beyond = findings(office.application.words, office.plan.metrics, built.evaluation, made_by)
    record = as_record(built, seconds) | {"provenance": made_by}
    result(context, record, Group(summary(office, built, seconds), beyond))
    if not built.passed:
        progress(
            f"release {built.release[:12]} is refused and will not be served: {built.failed}. "
            "Where a simpler rule or recipe is as good, use that; else look at the gates, the features or the data"
        )
    return 0 if built.passed else 1


def as_record(built: Built, seconds: float) -> dict[str, object]:
    """The build as `--json` gives it."""
    return {
        "release": built.release,
        "passed": built.passed,
        "gates": [
            {"gate": verdict.gate, "passed": verdict.passed, "reason": verdict.reason} for verdict in built.verdicts
        ],
        "evaluation": built.evaluation,
        "data": built.facts.summary,
        "windows": built.windows,
        "notes": built.notes,
        "seconds": round(seconds, 3),
    }


def summary(office: Office, built: Built, seconds: float) -> Group:
    """What a build came to, for a person: scores and verdicts."""
    evaluation = built.evaluation
    named = {"model": evaluation.model, **evaluation.baselines}
    gates = [(verdict.gate, "passed" if verdict.passed else "FAILED", verdict.reason) for verdict in built.verdicts]
    summary = built.facts.summary
    kind = "generated" if summary.generated else "recorded"
    title = f"release {built.release[:12]} · {kind} data · {evaluation.rows:,} unseen rows · {seconds:.1f} s"
    return Group(
        scores(office.application.words, office.plan.metrics, named, title),
        table(("gate", "verdict", "why"), gates),
    )
