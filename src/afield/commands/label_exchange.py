"""`afield label export` and `import`: the queue to Label Studio, and what people said there back into the one table."""

import json
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from cyclopts import Parameter

from afield.commands.label import Data, LeftOut, Opened, PolicyName, Ranks, opened
from afield.commands.output import Context, progress, result
from afield.curation.guesses import guesses
from afield.errors import UsageError
from afield.labelling.label_studio import Prediction, page, read_annotations, tasks

ITEMS = 100


def export(
    app: str,
    file: Annotated[Path, Parameter(help="JSON file to write; the page goes beside it, as .xml")],
    /,
    *,
    rows: Annotated[int, Parameter(help="how many items, the most urgent first")] = ITEMS,
    policy: PolicyName = None,
    ranks: Ranks = "",
    leave_out: LeftOut = "",
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Write the queue as tasks of Label Studio, each with what the champion thinks of it, and the page to label on.

    Args:
        app: name of the application.
        file: JSON file to write; the page goes beside it, as .xml.
        rows: how many items, the most urgent first.
        policy: which label stands where several were given: last, majority, priority, adjudication.
        ranks: for priority: sources or people, the highest first; for adjudication: the judges.
        leave_out: people whose labels do not count.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    if rows < 1:
        raise UsageError(f"--rows {rows}: give at least 1")
    found = opened(app, data, context, options)
    items = found.book.queue(found.policy(policy, ranks, leave_out)).head(rows)
    if items.is_empty():
        raise UsageError("nothing waits to be labelled, so there is nothing to export; `afield label suspects` looks")
    labelling = found.book.labelling
    predictions, release = _predictions(found, items["item"].to_list())
    made = tasks(items, predictions, labelling.classes)
    layout = file.with_suffix(".xml")
    try:
        file.write_text(json.dumps(made, ensure_ascii=False, indent=1), "utf-8")
        layout.write_text(page(labelling.question, labelling.classes), "utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}; name another file") from error
    value = {
        "file": file,
        "page": layout,
        "tasks": len(made),
        "predictions": len(predictions),
        "provenance": found.provenance(context, release=release),
    }
    text = f"{len(made):,} tasks in {file}, {len(predictions):,} with a prediction; the page to label on is {layout}"
    result(context, value, text)


def imported(
    app: str,
    file: Annotated[Path, Parameter(help="JSON export of Label Studio")],
    /,
    *,
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Read annotations that Label Studio exported as JSON; what was read before is left out, and all or none counts.

    Args:
        app: name of the application.
        file: JSON export of Label Studio.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    found = opened(app, data, context, options)
    zone = ZoneInfo(found.office.application.zone)
    labels = read_annotations(content, found.book.labelling.classes, zone)
    stored = found.book.add(labels)
    people = len({each.who for each in labels})
    value = {"read": len(labels), "stored": stored, "people": people, "provenance": found.provenance(context)}
    result(context, value, f"{len(labels):,} labels by {people} people read, {stored:,} of them new")


def _predictions(found: Opened, waiting: list[str]) -> tuple[dict[str, Prediction], str]:
    """What the champion says of the items; nothing where there is no champion, or items do not tell their row."""
    office, plan = found.office, found.plan
    digest = office.actions.state.champion
    needed = {"item", *plan.features.keys, plan.features.origin}
    if not digest or needed - set(found.book.items.collect_schema()):
        progress("no champion speaks of these items; the tasks carry no predictions")
        return {}, ""
    rows = found.book.items.collect()
    asked = rows.filter(rows["item"].is_in(waiting)).unique("item", keep="first", maintain_order=True)
    parts = office.shelf.release(digest).parts
    return guesses(plan, asked, found.history, office.operate.infer, parts, digest), digest
