"""`afield evaluate`: a release and its rivals, scored one step ahead on any window."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import msgspec
import polars as pl
from cyclopts import Parameter
from rich.console import Group
from rich.table import Table

from afield.application import load, resolve
from afield.commands.findings import findings
from afield.commands.output import Context, progress, result
from afield.commands.scores import scores
from afield.control.office import Office, open_office
from afield.errors import UsageError
from afield.evaluation.evaluate import Evaluation
from afield.records.facts import Window
from afield.records.provenance import Provenance
from afield.release.registry import champion, named
from afield.store.secret import secret
from afield.store.steps import Steps
from afield.workshop.code import code_digest
from afield.workshop.evaluating import Subject, read_slices, rows_to_score, score, with_lookback
from afield.workshop.facts import Facts, Terms, read_facts
from afield.workshop.plan import SEED


def run(
    app: str,
    /,
    *,
    from_: Annotated[
        datetime | None, Parameter(name="--from", help="first moment scored (ISO 8601, clock of the place)")
    ] = None,
    to: Annotated[datetime | None, Parameter(help="the moment after the last")] = None,
    data: Annotated[Path | None, Parameter(help="folder or file of data; left out: the generated default")] = None,
    release: Annotated[str, Parameter(help="first digits of a release; left out: the champion")] = "",
    zones: Annotated[str, Parameter(name=("--zones", "--slice"), help="all, or a slice of the release")] = "all",
    context: Context,
    **options: str,
) -> None:
    """Score a release and its baselines, one step ahead, on any window of any data.

    The window may lie after everything that the release was trained on. Where the data begin later than the
    features look back, the lookback comes from the store. Every number has its interval over blocks of time (days);
    below two of them there are none. Intervals are checked week by week, and slices are searched for places where
    forecasts are off: with `--json`, the whole record.

    Args:
        app: name of the application.
        from_: first moment scored; not for an application whose data have no time axis.
        to: the moment after the last.
        data: folder or file of data; left out: the generated default.
        release: first digits of a release; left out: the champion.
        zones: all, or a slice of the release.
        context: from the command line.
        options: the application's own, e.g. --slot 15m.
    """
    application = load(app, options)
    office = open_office(application, context.home, progress)
    if application.evaluation:
        if from_ is not None or to is not None or zones != "all":
            raise UsageError(f"the data of {app} have no time axis and no zones; leave --from, --to and --zones out")
        record, shown = resolve(application.evaluation)(office, release, data, progress)
        result(context, record, shown)
        return
    if from_ is None or to is None:
        raise UsageError("which window? give --from and --to, e.g. --from 2023-07-01 --to 2023-08-01")
    window = _window(from_, to)
    bundles = office.home.bundles
    digest = named(bundles, release, app) if release else champion(bundles, office.actions.state.champion, app)
    bundle = office.shelf.bundle(digest)
    subject = Subject(
        office.shelf.release(digest).parts, office.operate.infer, read_slices(bundle.read("tables/slices.arrow"))
    )
    facts = read(office, data)
    found = evaluate(office, digest, subject, facts, window, zones)
    summary = facts.summary
    about = {"release": digest, "data": summary.name, "generated": summary.generated, "zones": zones}
    made_by = Provenance(context.command, _versions(office, facts), _code(office), digest, SEED)
    record = msgspec.structs.asdict(found) | about | {"provenance": made_by}
    beyond = findings(application.words, office.plan.metrics, found, made_by)
    result(context, record, Group(_table(office, found, digest, facts, zones), beyond))


def evaluate(office: Office, digest: str, subject: Subject, facts: Facts, window: Window, zones: str) -> Evaluation:
    """The evaluation, made once for each content of data, store and release."""
    plan, own = office.plan, facts.tables
    spine = rows_to_score(plan, own, window, subject.slices, zones, progress)
    alone = facts.summary.generated

    def make(folder: Path) -> None:
        history = own if alone else with_lookback(plan, own, office.tables, window, progress)
        progress(f"scoring release {digest[:12]} on {spine.height:,} rows from {window.start} to {window.end}")
        found = score(folder, plan, subject, spine, history)
        (folder / "evaluation.json").write_bytes(msgspec.json.encode(found))

    inputs = {
        "release": digest,
        "data": repr(_versions(office, facts)),
        "code": _code(office),
        "window": repr(window),
        "zones": zones,
    }
    folder = Steps(office.home.steps, _told).run("evaluated", inputs, make)
    return msgspec.json.decode((folder / "evaluation.json").read_bytes(), type=Evaluation)


def _versions(office: Office, facts: Facts) -> dict[str, str]:
    """What is read: the facts, and the tables of the store behind recorded ones.

    Generated data are whole in themselves: nothing that was recorded elsewhere is their past.
    """
    tables = [] if facts.summary.generated else [name for name in office.plan.tables if office.tables.exists(name)]
    stored = {name: str(office.tables.versions(name)[-1]) for name in tables}
    return {"facts": facts.summary.fingerprint, **stored}


def read(office: Office, data: Path | None) -> Facts:
    """The facts of the data that the command line names, read and cleaned; a table that they lack is empty."""
    source = office.plan.source(data)
    name, key = str(data or "generated"), secret(office.home.privacy)
    terms = Terms(office.plan.tables, office.plan.contracts, key, office.datasets.repairs())
    facts = read_facts(Steps(office.home.steps), name, source, _code(office), terms)
    kind = "generated" if facts.summary.generated else "recorded"
    progress(f"read {facts.summary.rows_read:,} rows, {facts.summary.rows_quarantined:,} set aside; {kind} data")
    for message in facts.summary.messages:
        progress(f"  {message}")
    absent = {name: pl.LazyFrame(schema=dict(each.schema)) for name, each in office.plan.tables.items()}
    return Facts(facts.folder, {**absent, **facts.tables}, facts.summary)


def _told(_step: str, fresh: bool) -> None:
    if not fresh:
        progress("scored before, and nothing has changed since")


def _code(office: Office) -> str:
    return code_digest(office.application.package)


def _window(start: datetime, end: datetime) -> Window:
    if start.tzinfo is not None or end.tzinfo is not None:
        raise UsageError("--from and --to are times on the clock of the place; give them without a zone")
    if end <= start:
        raise UsageError(f"--to {end} does not lie after --from {start}; exchange them")
    return Window(start, end)


def _table(office: Office, found: Evaluation, digest: str, facts: Facts, zones: str) -> Table:
    kind = "generated data" if facts.summary.generated else facts.summary.name
    apart = f", {found.rows_without_history:,} of them without lookback" if found.rows_without_history else ""
    title = f"release {digest[:12]} · {kind} · slice: {zones} · {found.rows:,} rows{apart}"
    named = {"model": found.model, **found.baselines}
    return scores(office.application.words, office.plan.metrics, named, title)
