"""`afield compare`: recipes, feature sets or releases side by side: how good, on how little data, at what cost."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group, RenderableType

from afield.application import load
from afield.audit.notes import note
from afield.commands.findings import foot
from afield.commands.output import Context, progress, result, table
from afield.control.office import open_office
from afield.reporting.reuse import rows_of as reuse_rows
from afield.reporting.reuse import write as write_reuse
from afield.reporting.tradeoffs import Titled, short_rows, write
from afield.study.comparison import Asked, comparison
from afield.study.transfer import transfer

ROWS = 400_000


def run(
    app: str,
    names: Annotated[tuple[str, ...], Parameter(help="two recipes, feature sets or releases; none: all recipes")] = (),
    /,
    *,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    rows: Annotated[int, Parameter(help="most rows to learn from, the newest")] = ROWS,
    within: Annotated[float, Parameter(help="data needed: to come so close to the best, as a share")] = 0.01,
    slice_: Annotated[str, Parameter(name="--slice", help="all, or a slice of the test rows")] = "all",
    from_: Annotated[datetime | None, Parameter(name="--from", help="releases: first moment judged")] = None,
    to: Annotated[datetime | None, Parameter(help="releases: the moment after the last")] = None,
    elsewhere: Annotated[str, Parameter(help="take a model to another place or language, e.g. seed=11 or ja")] = "",
    out: Annotated[Path | None, Parameter(help="folder of the report; left out: under AFIELD_HOME")] = None,
    context: Context,
    **options: str,
) -> None:
    """Compare recipes, two feature sets or two releases: accuracy, data needed, latency, cost, size, robustness.

    Without names, everything that the build knows is fitted on the same training window and judged on the same
    unseen rows. Two feature sets are `full` and `without:GROUP`; two releases, by their first digits, are judged on
    rows that neither has seen, and nothing is fitted.

    Args:
        app: name of the application.
        names: two recipes, baselines, feature sets or releases.
        data: folder or file of data; left out: the generated default.
        rows: most rows to learn from, the newest.
        within: the data needed are those that bring an option so close to the best of its learning curve.
        slice_: all, or a slice of the test rows.
        from_: for releases: first moment judged, seen or not.
        to: for releases: the moment after the last.
        elsewhere: take a model of here, or the release that is named, to another place (surge: `seed=11`, another
            generated city, or a folder of data; signs: a language, e.g. `ja`): frozen, fine-tuned and fresh.
        out: folder of `compare.html` and `compare.json` (`elsewhere.html` and `elsewhere.json`).
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    office = open_office(load(app, options), context.home, progress)
    asked = Asked(
        names=names,
        data=data,
        rows=rows,
        within=within,
        slice=slice_,
        start=from_,
        end=to,
        command=context.command,
    )
    folder, words = out or office.home.folder / "compare", office.application.words
    if elsewhere:
        taken = transfer(office, elsewhere, asked)
        progress(f"report: {write_reuse(taken, folder, words)}")
        result(context, taken, Group(*_tables(reuse_rows(taken, words)), taken.recommendation, foot(taken.provenance)))
        return
    found = comparison(office, asked)
    page = write(found, folder, words)
    note(office, "compare", True, found.recommendation, context.command)
    progress(f"report: {page}")
    tables = _tables(short_rows(found, words))
    result(context, found, Group(*tables, *found.warnings, found.recommendation, foot(found.provenance)))


def _tables(titled: Iterable[Titled]) -> list[RenderableType]:
    made = [table(head, body, title) for title, head, body in titled]
    for each in made:
        each.columns[0].no_wrap = True
    return [*made]
