"""`afield label suspects`: labels that contradict a model that never saw them go back into the queue."""

import tempfile
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter
from rich.console import Group

from afield.commands.label import Data, name, opened
from afield.commands.output import Context, progress, result, table
from afield.curation.suspects import find_suspects
from afield.errors import UsageError
from afield.labelling.queue import SUSPECT, requests
from afield.workshop.plan import SEED

SHOWN = 10
FOLDS = 5


def run(
    app: str,
    /,
    *,
    folds: Annotated[int, Parameter(help="models to fit, each without the labels it is asked about")] = FOLDS,
    look: Annotated[bool, Parameter(negative="", help="tell them, and leave the queue as it is")] = False,
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Search for label errors with a model fitted out of fold (cleanlab), and put the suspects into the queue.

    Args:
        app: name of the application.
        folds: models to fit, each without the labels that it is asked about.
        look: tell them, and leave the queue as it is.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if folds < 2:
        raise UsageError(f"--folds {folds}: give at least 2, so that every label is judged by a model without it")
    found = opened(app, data, context, options)
    with tempfile.TemporaryDirectory(prefix="afield-") as folder:
        seen = find_suspects(Path(folder), found.plan, found.book, found.history, folds, progress)
    queued = 0
    if not look:
        urgency = (1 - seen.rows["quality"]).to_list()
        moment = found.office.clock.now()
        queued = found.book.ask(requests(seen.rows["item"].to_list(), urgency, SUSPECT, moment, "afield"))
    value = {
        "looked_at": seen.looked,
        "suspects": seen.rows.to_dicts(),
        "queued": queued,
        "recipe": seen.recipe,
        "folds": seen.folds,
        "provenance": found.provenance(context, SEED),
    }
    rows = [(item, name(found.book, label), quality) for item, label, quality in seen.rows.head(SHOWN).iter_rows()]
    share = seen.rows.height / seen.looked
    title = (
        f"{seen.rows.height:,} of {seen.looked:,} labels ({share:.1%}) look wrong to {seen.recipe}; {queued:,} queued"
    )
    result(context, value, Group(table(("item", "label", "quality"), rows, title=title)))
