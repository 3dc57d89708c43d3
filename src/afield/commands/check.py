"""`afield check`: whether an application keeps its promises: contract, features, goals, hazards."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.application import Application, Operate, load
from afield.audit import checking
from afield.audit.checking import Check
from afield.audit.misleading import misleading
from afield.audit.notes import note
from afield.audit.sides import split
from afield.commands.evaluate import read
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.drills.catalogue import DRILLS
from afield.evaluation.metrics import Metrics
from afield.evaluation.ranking import Confusion
from afield.statistics.losses import LOSSES

HOT = "hot_keys"
"""How an evaluation calls the share of the hottest keys that were found."""


def run(
    app: str,
    /,
    *,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    context: Context,
    **options: str,
) -> int:
    """Check contract, features (honest, and not misleading), goals and hazards; exits 1 with findings where one fails.

    A warning is no failure: a feature that drifts, says what another says or tells who is concerned may be meant so.

    Args:
        app: name of the application.
        data: folder or file of data; left out: the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    found = checks(office, data)
    passed = all(each.passed for each in found)
    failed = ", ".join(each.name for each in found if not each.passed)
    note(office, "check", passed, f"failed: {failed}" if failed else f"{len(found)} checks passed", context.command)
    result(context, {"passed": passed, "checks": found}, _words(found))
    return 0 if passed else 1


def checks(office: Office, data: Path | None) -> tuple[Check, ...]:
    """Every check, in the order in which a fault in one would spoil the next."""
    history, requirements = read(office, data).tables, office.application.requirements
    return (
        checking.contract(office.plan, history),
        *checking.features(office.plan, history, progress),
        *misleading(office.plan, history, progress),
        split(office.plan, office.bench(), data, progress),
        checking.goals(requirements.goal, measures(office.application, office.operate)),
        checking.hazards(requirements.hazards, DRILLS),
    )


def measures(application: Application, operate: Operate) -> Collection[str]:
    """Every name that a goal may be bound to: metrics of an evaluation, monitors, what the report says people felt."""
    monitors = {monitor.name for monitor in operate.monitoring.monitors}
    return {*Metrics.__struct_fields__, *LOSSES, *Confusion.__struct_fields__, HOT, *monitors, *application.felt}


def _words(found: tuple[Check, ...]) -> Group:
    rows = [(each.name.replace("_", " "), _verdict(each), each.looked) for each in found]
    failed = [f"{each.name.replace('_', ' ')}: {finding}" for each in found for finding in each.findings]
    warned = [f"warning, {each.name.replace('_', ' ')}: {text}" for each in found for text in each.warnings]
    return Group(table(("check", "verdict", "looked at"), rows), *failed, *warned)


def _verdict(check: Check) -> str:
    if not check.passed:
        return "FAILED"
    return f"passed, {len(check.warnings)} to look at" if check.warnings else "passed"
