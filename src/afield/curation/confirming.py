"""Confirming a contest: what a person says of a contested item is an outcome too, and a case for later releases."""

import numpy as np
import polars as pl

from afield.curation.labels import LabelBook
from afield.labelling.contests import CASE_SCHEMA as SCHEMA
from afield.labelling.contests import CASES, CONTESTED
from afield.labelling.labels import Label
from afield.records.traffic import Outcome
from afield.telemetry.delivery import EVENTS
from afield.telemetry.outcomes import OUTCOMES, store_outcomes
from afield.workshop.plan import Build

HALF = 0.5


def confirm(book: LabelBook, plan: Build, output: str, label: Label) -> bool:
    """Keep what a confirmed contest teaches beyond its label; whether it gave a case.

    The outcome supersedes what came true before. The case: of classes, a release must come down on the label's side of
    one half; of numbers, it must lie no farther from the label than the answer that was contested. A label said again
    later stands in place of the one before.

    Args:
        book: the labels of the application.
        plan: how it is built.
        output: name of the output that outcomes are compared with.
        label: what a person said of a contested item.

    Raises:
        StoreError: a table cannot be read or written.
    """
    origin, key = plan.features.origin, plan.features.keys[0]
    (row,) = book.items.filter(pl.col("item") == label.item).select(key, origin).head(1).collect().rows()
    unit, tick = str(row[0]), row[1]
    held: str | None = None
    if book.tables.exists(OUTCOMES):
        same = book.tables.scan(OUTCOMES).filter(pl.col("key") == unit, pl.col("event_time") == tick).collect()
        held = str(same.sort("known_at")["id"][-1]) if same.height else None
    outcome = Outcome(f"{CONTESTED}/{label.id}", unit, tick, label.known_at, CONTESTED, label.label, held)
    store_outcomes(book.tables, (outcome,))
    away = HALF if book.labelling.classes else _missed(book, unit, tick, f"output_{output}", label.label)
    if away is None:
        return False
    case = {
        "item": label.item,
        "key": unit,
        "tick": tick,
        "low": label.label - away,
        "high": label.label + away,
        "at": label.known_at,
        "who": label.who,
    }
    book.tables.append(CASES, pl.DataFrame([case], schema=SCHEMA))
    return True


def _missed(book: LabelBook, unit: str, tick: object, output: str, label: float) -> float | None:
    """How far the champion's forecast lay from the label; None where none was recorded."""
    if not book.tables.exists(EVENTS):
        return None
    same = (pl.col("unit") == unit) & (pl.col("tick") == pl.lit(tick)) & (pl.col("arm") == "champion")
    events = book.tables.scan(EVENTS)
    if output not in events.collect_schema():
        return None
    said = events.filter(same & (pl.col("kind") == "tick")).select(pl.col(output).last()).collect().to_series().first()
    return float(abs(said - label)) if isinstance(said, float) and np.isfinite(said) else None
