"""`afield label`: what was said of which item, by whom; what waits for a person; how far people agree."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
from cyclopts import Parameter
from rich.console import Group

from afield.application import load
from afield.commands.evaluate import read
from afield.commands.output import Context, progress, result, table
from afield.control.office import Office, open_office
from afield.curation.confirming import confirm
from afield.curation.labels import LabelBook, open_labels
from afield.errors import UsageError
from afield.labelling.agreement import Scale
from afield.labelling.annotators import agreement as compared
from afield.labelling.annotators import ratings
from afield.labelling.conflicts import Policy, Rule
from afield.labelling.contests import CONTESTED
from afield.labelling.labels import LABELS, NATURAL, Label, label_id
from afield.labelling.queue import QUEUE
from afield.records.evidence import Estimate
from afield.records.provenance import Provenance
from afield.workshop.code import code_digest
from afield.workshop.plan import SEED, Build
from afield.workshop.production import Production

ROWS = 10
PEOPLE = pl.col("who").filter(pl.col("source") != NATURAL).n_unique()
"""How many people gave labels: what came true by itself is nobody's word."""

Data = Annotated[Path | None, Parameter(help="folder or file of data; left out: the store, or the generated default")]
Rows = Annotated[int, Parameter(help="how many to show")]
PolicyName = Annotated[Rule | None, Parameter(help="which label stands; left out: the application's policy")]
Ranks = Annotated[str, Parameter(help="sources or people, the highest first, with commas; or the judges")]
LeftOut = Annotated[str, Parameter(help="people whose labels do not count, with commas")]


@dataclass(frozen=True, slots=True)
class Opened:
    """The labels of an application with what they were read from.

    Attributes:
        office: the application, opened.
        book: its labels.
        history: the facts.
        data: name → version of what was read.
    """

    office: Office
    book: LabelBook
    history: dict[str, pl.LazyFrame]
    data: dict[str, str]

    @property
    def plan(self) -> Build:
        """How the application is built."""
        return self.office.plan

    def provenance(self, context: Context, seed: int = 0, release: str = "") -> Provenance:
        """How to make the numbers again; the tables of people's labels are named as they were read."""
        code = code_digest(self.office.application.package)
        return Provenance(context.command, self.data, code, release, seed)

    def policy(self, rule: Rule | None, ranks: str, leave_out: str) -> Policy:
        """The policy that the command line names, or the application's."""
        usual = self.book.labelling.policy
        if rule is None and ranks:
            raise UsageError("--ranks belongs to --policy priority or adjudication; name one")
        listed = tuple(filter(None, (name.strip() for name in ranks.split(","))))
        left_out = tuple(filter(None, (name.strip() for name in leave_out.split(",")))) or usual.left_out
        return Policy(rule or usual.rule, listed or usual.ranks, left_out)


def opened(app: str, data: Path | None, context: Context, options: dict[str, str]) -> Opened:
    """The labels of the application: of the data named, else of what the store holds, else of the generated default."""
    office = open_office(load(app, options), context.home, progress)
    stored = [name for name in office.plan.tables if office.tables.exists(name)]
    if data is None and stored:
        history = dict(Production(office.tables, office.plan.tables).read().tables)
        versions = {name: str(office.tables.versions(name)[-1]) for name in stored}
    else:
        facts = read(office, data)
        history, versions = dict(facts.tables), {"facts": facts.summary.fingerprint}
    people = {name: str(office.tables.versions(name)[-1]) for name in (LABELS, QUEUE) if office.tables.exists(name)}
    return Opened(office, open_labels(office.plan, history, office.tables), history, {**versions, **people})


def listed(
    app: str,
    /,
    *,
    item: Annotated[str, Parameter(help="of one item alone")] = "",
    rows: Rows = ROWS,
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """List labels, the newest first: natural ones and those of people, in one table.

    Args:
        app: name of the application.
        item: of one item alone.
        rows: how many to show.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = opened(app, data, context, options)
    labels = found.book.labels().collect()
    if item:
        labels = labels.filter(pl.col("item") == item)
        if labels.is_empty() and item not in found.book.items.select("item").collect()["item"]:
            raise UsageError(f"there is no item {item!r}; `afield label queue {app}` shows some")
    newest = labels.reverse().head(_at_least_one(rows))
    sources = labels.group_by("source").agg(labels=pl.len(), people=PEOPLE).sort("source")
    value = {
        "labels": labels.height,
        "by_source": sources.to_dicts(),
        "newest": newest.to_dicts(),
        "provenance": found.provenance(context),
    }
    columns = ("item", "label", "who", "known_at", "source", "confidence")
    shown = [(each, name(found.book, label), *rest) for each, label, *rest in newest.select(columns).iter_rows()]
    title = f"{labels.height:,} labels, the newest {newest.height}"
    counts = table(("source", "labels", "people"), sources.rows())
    result(context, value, Group(counts, table(columns, shown, title=title)))


def queue(
    app: str,
    /,
    *,
    rows: Rows = ROWS,
    policy: PolicyName = None,
    ranks: Ranks = "",
    leave_out: LeftOut = "",
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Show what a person should label next: what was reported, drawn or suspect, conflicts, then the unlabelled.

    Args:
        app: name of the application.
        rows: how many to show.
        policy: which label stands where several were given: last, majority, priority, adjudication.
        ranks: for priority: sources or people, the highest first; for adjudication: the judges.
        leave_out: people whose labels do not count.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = opened(app, data, context, options)
    waits = found.book.queue(found.policy(policy, ranks, leave_out))
    counts = waits.group_by("reason").len("items").sort("reason")
    first = waits.head(_at_least_one(rows))
    value = {
        "items": waits.height,
        "by_reason": dict(counts.iter_rows()),
        "contests_of_nothing": found.book.contests().unknown.height,
        "first": first.to_dicts(),
        "provenance": found.provenance(context),
    }
    if first.is_empty():
        result(context, value, "nothing waits for a person: no item is suspect, in conflict or without a label")
        return
    shown = first.select("item", "reason", "priority", "at")
    title = f"{waits.height:,} items wait: " + (", ".join(f"{n:,} {reason}" for reason, n in counts.iter_rows()) or "-")
    advice = f"{found.book.labelling.question} Say it: afield label add {app} ITEM LABEL --who NAME"
    result(context, value, Group(table(shown.columns, shown.rows(), title=title), advice))


def add(
    app: str,
    item: Annotated[str, Parameter(help="which item")],
    label: Annotated[str, Parameter(help="a class by its name, or a number")],
    /,
    *,
    who: Annotated[str, Parameter(help="who says so")],
    confidence: Annotated[float, Parameter(help="how sure, in [0, 1]")] = 1.0,
    source: Annotated[str, Parameter(help="how it came about; left out: contested, or else review")] = "",
    supersedes: Annotated[str, Parameter(help="id of the label that this one corrects")] = "",
    at: Annotated[datetime | None, Parameter(help="when, on the clock of the place; left out: now")] = None,
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Label one item. A label is appended, never changed: say it again to change your mind.

    Args:
        app: name of the application.
        item: which item.
        label: a class by its name, or a number.
        who: who says so.
        confidence: how sure, in [0, 1].
        source: how it came about; left out: "contested" where somebody contested the item, else "review".
        supersedes: id of the label that this one corrects, whoever gave it.
        at: when, on the clock of the place; left out: now.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = opened(app, data, context, options)
    value = number(found.book, label)
    moment = at or found.office.clock.now()
    reported = item in found.book.reported()["item"]
    source = source or (CONTESTED if reported else "review")
    made = Label(
        label_id(item, value, who, moment, source), item, value, who, moment, source, confidence, supersedes or None
    )
    stored = found.book.add([made])
    case = reported and bool(stored) and confirm(found.book, found.plan, found.office.operate.output, made)
    text = f"{item} is {label}, says {who}; label {made.id}"
    text += "; later releases must get it right" if case else ""
    result(context, {"label": made, "stored": stored, "case": case, "provenance": found.provenance(context)}, text)


def agreement(
    app: str,
    /,
    *,
    leave_out: LeftOut = "",
    natural: Annotated[bool, Parameter(negative="", help="natural labels count as an annotator too")] = False,
    data: Data = None,
    context: Context,
    **options: str,
) -> None:
    """Tell how far people agree beyond chance, and who agrees with nobody; with intervals over items.

    Args:
        app: name of the application.
        leave_out: people whose labels do not count.
        natural: what came true counts as an annotator too.
        data: folder or file of data; left out: what the store holds, or the generated default.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    found = opened(app, data, context, options)
    apart = found.policy(None, "", leave_out).left_out
    said = found.book.in_force().filter(~pl.col("who").is_in(list(apart)))
    if not natural:
        said = said.filter(pl.col("source") != "natural")
    scale: Scale = "nominal" if found.book.labelling.classes else "interval"
    measured = compared(ratings(said.collect()), scale, seed=SEED)
    overall = [("Krippendorff's alpha", measured.alpha), ("Fleiss' kappa", measured.fleiss)]
    rows = [(name, *_estimate(value)) for name, value in overall if value is not None]
    rows += [(f"{pair.first} and {pair.second}", *_estimate(pair.agreement)) for pair in measured.pairs]
    names = ", ".join(measured.at_odds)
    verdict = (
        f"{names}: agrees with nobody, while others agree; --leave-out them, or ask them"
        if names
        else ("nobody disagrees with all others")
    )
    title = f"{measured.labels:,} labels of {measured.items:,} items that at least two labelled"
    value = msgspec.structs.asdict(measured) | {"provenance": found.provenance(context, SEED)}
    shown = table(("agreement", "value", "95 % from", "to", "items"), rows, title=title)
    result(context, value, Group(shown, verdict, *measured.notes))


def number(book: LabelBook, label: str) -> float:
    """A label as it is typed, as a number.

    Raises:
        UsageError: it is neither a class nor a number.
    """
    classes = book.labelling.classes
    if label in classes:
        return classes[label]
    try:
        return float(label)
    except ValueError:
        wanted = f"one of {', '.join(classes)}" if classes else "a number"
        raise UsageError(f"{label!r} is no label here; give {wanted}") from None


def name(book: LabelBook, label: float) -> str:
    """A label by the name of its class, or as a number."""
    names = {value: each for each, value in book.labelling.classes.items()}
    return names.get(label, f"{label:g}")


def _estimate(value: Estimate | None) -> tuple[object, ...]:
    if value is None:
        return ("–", "–", "–", "–")
    return (f"{value.value:.3f}", f"{value.interval.low:.3f}", f"{value.interval.high:.3f}", value.count)


def _at_least_one(rows: int) -> int:
    if rows < 1:
        raise UsageError(f"--rows {rows}: give at least 1")
    return rows
