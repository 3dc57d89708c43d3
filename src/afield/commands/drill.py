"""`afield drill`: break a service that the drill started, and see whether the mitigations hold."""

from typing import Annotated

from cyclopts import Parameter

from afield.application import load
from afield.audit.notes import note
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.drills.drill import Lent, drill, drillable
from afield.home import Home
from afield.release.registry import named


def run(
    app: str,
    /,
    *,
    only: Annotated[str | None, Parameter(help="the one drill to run")] = None,
    release: Annotated[str, Parameter(help="first digits of the release to drill; left out: the live one")] = "",
    context: Context,
    **options: str,
) -> int:
    """Run the drills that the hazard register names; exits 1 where one fails. Running services are left alone.

    They run on a copy of the home, with the release that is live; where none is, with one that is built once on
    generated facts. Or with the release that is named, say one that was imported, beside those facts.

    Args:
        app: name of the application.
        only: the one drill to run.
        release: first digits of the release to drill.
        context: from the command line.
        options: the application's own.
    """
    application = load(app, {**load(app).demonstration_options, **options})
    home, root, lent = Home.of(context.home, application), context.home / "rehearsal", None
    if not release and home.folder.exists() and drillable(open_office(application, context.home, progress)):
        root = context.home
    if release:
        lent = Lent(home.bundles / named(home.bundles, release, app), home.trusted)
    found = drill(application, root, only, progress, lent)
    passed = all(each.passed for each in found)
    said = ", ".join(f"{each.hazard} {'held' if each.passed else 'FAILED'}" for each in found)
    if not only:  # one drill is no proof of the register
        note(open_office(application, context.home, progress), "drill", passed, said, context.command)
    rows = [(each.hazard, each.fault, each.observed, "passed" if each.passed else "FAILED") for each in found]
    result(context, {"drills": found}, table(("hazard", "fault", "observed", "verdict"), rows))
    return 0 if passed else 1
