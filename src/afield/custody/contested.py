"""Contests as a proxy: people who say that an answer was wrong, held against what came true."""

from datetime import datetime

import msgspec
import polars as pl

from afield.labelling.contests import CONTESTED, CONTESTS, SCHEMA
from afield.records.evidence import Estimate
from afield.store.tables import Tables
from afield.telemetry.completeness import Agreement, accuracy, agreement


class Contested(msgspec.Struct, frozen=True):
    """What people said was wrong, and what came true of it.

    Attributes:
        answers: recorded answers that were contested, each once.
        known: of these, those whose truth is known.
        loss: mean loss of these; None where there are none.
        others: mean loss of the answers that nobody contested and whose truth is known; None where there are none.
        value: the values that people said, held against the truth; None where none can be.
    """

    answers: int
    known: int
    loss: Estimate | None
    others: Estimate | None
    value: Agreement | None


def contested(tables: Tables, answers: pl.DataFrame, losses: pl.DataFrame, as_of: datetime) -> Contested | None:
    """What was contested of these answers by a moment; None where nothing was.

    Args:
        tables: of the application.
        answers: `id` of those that were recorded.
        losses: `id`, `tick`, `truth`, `loss` and `inclusion` of those whose truth is known, no proxy among it.
        as_of: what was said later does not count.

    Raises:
        StoreError: a table cannot be read.
    """
    said = tables.scan(CONTESTS) if tables.exists(CONTESTS) else pl.LazyFrame(schema=SCHEMA)
    once = said.filter(pl.col("at") <= as_of).sort("at", maintain_order=True).unique("about", keep="first").collect()
    about = once.join(answers.select("id").unique(), left_on="about", right_on="id", how="semi")
    if not about.height:
        return None
    own = losses.join(about, left_on="id", right_on="about", how="semi")
    others = losses.join(about, left_on="id", right_on="about", how="anti")
    valued = about.drop_nulls("value").join(losses.select("id", "tick", "truth"), left_on="about", right_on="id")
    value, true = (valued.select(key="about", event_time="tick", value=name) for name in ("value", "truth"))
    return Contested(
        about.height,
        own.height,
        accuracy(own) if own.height else None,
        accuracy(others) if others.height else None,
        agreement(value, true, CONTESTED),
    )
