"""A release of a home compiled into the files of a product: a table in four forms, or a bundle of a smaller edition."""

import tempfile
from datetime import datetime
from pathlib import Path

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.compiled import TABLE
from afield.control.office import Office
from afield.errors import ReleaseError
from afield.exchange.editing import edition_files
from afield.exchange.forms import as_arrow, as_javascript, as_python, described
from afield.records.facts import Window
from afield.records.table import Table
from afield.release.bundle import Bundle
from afield.serving.static import Lookup
from afield.statistics.losses import LOSSES
from afield.workshop.examples import open_examples, write_examples
from afield.workshop.production import Production
from afield.workshop.rows import seen
from afield.workshop.tabulating import Subject, tabulate


def compile_release(office: Office, digest: str) -> dict[str, bytes]:
    """The files of the product, by name, that a release compiles into.

    Raises:
        ReleaseError: the release does not verify, or there are no rows to make a table of.
        DataError: this home has no facts.
    """
    bundle = office.shelf.bundle(digest)
    if office.operate.from_input is not None:
        return edition_files(office, bundle)
    table = table_of(office, bundle)
    name = f"{office.application.name}_table"
    return {
        TABLE: msgspec.json.encode(table),
        "table.arrow": as_arrow(table),
        f"{name}.py": as_python(table).encode(),
        f"{name}.mjs": as_javascript(table).encode(),
        "README.md": described(table, name).encode(),
    }


def table_of(office: Office, bundle: Bundle) -> Table:
    """The table of a release, from the newest cycles that this home knows, with what it costs on the test window."""
    plan, edition = office.plan, office.operate.designs.static
    history = Production(office.tables, plan.tables).read().tables
    start, end = plan.period(history)
    test = Window(*bundle.manifest.windows["test"])
    newest = Window(max(start, end - edition.rounds * edition.cycle), end)
    before = Window(max(start, test.start - edition.rounds * edition.cycle), test.start)
    subject = Subject(office.application.name, bundle.digest, office.shelf.release(bundle.digest).parts, office.operate)
    with tempfile.TemporaryDirectory() as kept:
        folder, whole = Path(kept), Window(min(newest.start, before.start), max(newest.end, test.end))
        office.tell(f"making the rows from {whole.start} to {whole.end}")
        write_examples(folder, plan.features, plan.spine, plan.labels, history, whole)
        examples = {
            name: open_examples(folder, plan.features.origin, window).filter("has_history").collect()
            for name, window in {"newest": newest, "before": before, "test": test}.items()
        }
    office.tell(f"asking release {bundle.digest[:12]} about {examples['newest'].height:,} rows in each regime")
    measured = _measured(office, subject, examples["before"], examples["test"], before)
    if measured and office.operate.loss in bundle.manifest.evaluation:
        measured["release"] = bundle.manifest.evaluation[office.operate.loss]
    return tabulate(subject, seen(plan.features, examples["newest"], newest.end), measured)


def _measured(
    office: Office, subject: Subject, before: pl.DataFrame, test: pl.DataFrame, window: Window
) -> dict[str, float]:
    """The mean loss on the test window of a table made of the rows before it, and how often the truth lay within.

    The loss of the baseline on the same rows stands beside it.
    """
    truths = test.drop_nulls("truth")
    if before.is_empty() or truths.is_empty():
        return {}
    try:
        lookup = Lookup(tabulate(subject, seen(office.plan.features, before, window.end), decide=False))
    except ReleaseError:
        return {}
    plan, operate = office.plan, office.operate
    keys = truths[plan.features.keys[0]].cast(pl.String)
    found: dict[str, list[NDArray[np.float64]]] = {}
    for (tick,), rows in truths.with_columns(key=keys).group_by(plan.features.origin, maintain_order=True):
        if not isinstance(tick, datetime):
            continue
        columns = dict(lookup.outputs(tuple(rows["key"].to_list()), tick))
        columns |= {"truth": rows["truth"].to_numpy(), "baseline": rows[operate.baseline].to_numpy()}
        for name, values in columns.items():
            found.setdefault(name, []).append(values)
    whole = {name: np.concatenate(values) for name, values in found.items()}
    known = np.isfinite(whole[operate.output]) & np.isfinite(whole["baseline"])
    truth, loss = whole["truth"][known], LOSSES[operate.loss]
    measured = {
        "table": float(loss(whole[operate.output][known], truth).mean()),
        "baseline": float(loss(whole["baseline"][known], truth).mean()),
    }
    if operate.interval is not None:
        low, high = (whole[name][known] for name in operate.interval)
        measured["coverage"] = float(((truth >= low) & (truth <= high)).mean())
    return measured
