"""`afield drill`: break a service that the drill started, and see whether the mitigations hold."""

from typing import Annotated

from cyclopts import Parameter

from afield.application import load
from afield.audit.notes import note
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.drills import drill


def run(
    app: str,
    /,
    *,
    only: Annotated[str | None, Parameter(help="the one drill to run")] = None,
    context: Context,
    **options: str,
) -> int:
    """Run the drills that the hazard register names; exits 1 where one fails. Running services are left alone.

    Args:
        app: name of the application.
        only: the one drill to run.
        context: from the command line.
        options: the application's own.
    """
    application = load(app, {**load(app).demonstration_options, **options})
    found = drill(application, context.home / "rehearsal", only, progress)
    passed = all(each.passed for each in found)
    said = ", ".join(f"{each.hazard} {'held' if each.passed else 'FAILED'}" for each in found)
    note(open_office(application, context.home, progress), "drill", passed, said, context.command)
    rows = [(each.hazard, each.fault, each.observed, "passed" if each.passed else "FAILED") for each in found]
    result(context, {"drills": found}, table(("hazard", "fault", "observed", "verdict"), rows))
    return 0 if passed else 1
