"""Outcomes: what came true, late and sometimes corrected, joined to what was predicted."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from afield.errors import StoreError
from afield.records.facts import Window
from afield.records.traffic import Outcome
from afield.store.tables import Tables
from afield.telemetry import delivery
from afield.telemetry.expected import ANY, Expectation
from afield.telemetry.sifting import sift

OUTCOMES = "outcomes"

SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "key": pl.String(),
        "event_time": pl.Datetime("us"),
        "known_at": pl.Datetime("us"),
        "source": pl.String(),
        "value": pl.Float64(),
        "supersedes": pl.String(),
    }
)


def outcome_rows(outcomes: Sequence[Outcome]) -> pl.DataFrame:
    """One row per outcome, in the columns of `SCHEMA`."""
    return pl.DataFrame({name: [getattr(one, name) for one in outcomes] for name in SCHEMA}, schema=SCHEMA)


def store_outcomes(
    tables: Tables,
    outcomes: Sequence[Outcome] | pl.DataFrame,
    *,
    table: str = OUTCOMES,
    writer: str | None = None,
    transaction: int | None = None,
) -> int:
    """Append outcomes, given as records or as rows of `SCHEMA`; the table's version.

    An outcome that is sent again is stored again and read once.

    Raises:
        StoreError: the rows have other columns, or the table cannot be written.
    """
    rows = outcomes if isinstance(outcomes, pl.DataFrame) else outcome_rows(outcomes)
    if set(rows.columns) != set(SCHEMA):
        raise StoreError(f"outcomes have the columns {', '.join(SCHEMA)}; these have {', '.join(rows.columns)}")
    return tables.append(table, rows, writer=writer, transaction=transaction)


def latest(outcomes: pl.DataFrame, as_of: datetime | None = None, expected: Expectation = ANY) -> pl.DataFrame:
    """One row per key and event time: the outcome that held at `as_of` (known at or before it), or that holds now.

    An outcome counts once per id; one that another supersedes is left out, and so is what `sift` sets aside. Of several
    sources the truth stands before a proxy, and then the one that became known last.
    """
    if as_of is not None:
        outcomes = outcomes.filter(pl.col("known_at") <= as_of)
    good = sift(outcomes, expected).good
    if good.select(pl.struct("key", "event_time").n_unique()).item() < good.height:
        truth = ~pl.col("source").is_in(expected.proxies)
        good = good.sort(truth, "known_at", "id").unique(["key", "event_time"], keep="last", maintain_order=True)
    return good


def joined(
    tables: Tables,
    window: Window,
    as_of: datetime | None = None,
    *,
    pending: bool = False,
    events: str = delivery.EVENTS,
    outcomes: str = OUTCOMES,
    expected: Expectation = ANY,
) -> pl.DataFrame:
    """The events with a tick in the window, each once, with what came true.

    An outcome answers an event by its id, or by unit and tick; where there are both, by its id.

    Args:
        tables: where both are.
        window: of ticks.
        as_of: outcomes known at or before this moment count; all where it is None.
        pending: also give events whose outcome is not known; their `truth` is null.
        events: name of the table of events; empty where it is not there yet.
        outcomes: name of the table of outcomes; empty where it is not there yet.
        expected: what outcomes are to be like; others are not joined.

    Returns:
        The columns of the events (`delivery.SCHEMA`, `output_NAME`), `truth` (f64), `known_at` and `source`, by tick
        and arm.

    Raises:
        StoreError: a table cannot be read.
    """
    made, reported = pl.collect_all(
        [
            _scan(tables, events, delivery.SCHEMA).filter(_within("tick", window)),
            _scan(tables, outcomes, SCHEMA).filter(_within("event_time", window)),
        ]
    )
    if made.select(pl.struct("id", "arm").n_unique()).item() < made.height:
        made = made.unique(["id", "arm"], keep="first", maintain_order=True)
    true = latest(reported, as_of, expected).select(
        "key", "event_time", truth="value", known_at="known_at", by="source"
    )
    found = made.join(true, left_on=["unit", "tick"], right_on=["key", "event_time"], how="left", maintain_order="left")
    own = true.join(made.select("id"), left_on="key", right_on="id", how="semi")
    if own.height:
        own = own.select("key", own_truth="truth", own_known_at="known_at", own_by="by")
        found = found.join(own, left_on="id", right_on="key", how="left", maintain_order="left")
        known = pl.col("own_truth").is_not_null()
        found = found.with_columns(
            pl.when(known).then(f"own_{name}").otherwise(name).alias(name) for name in ("truth", "known_at", "by")
        ).drop("own_truth", "own_known_at", "own_by")
    found = found.rename({"by": "source"})
    if not pending:
        found = found.filter(pl.col("truth").is_not_null())
    return found.sort("tick", "arm", maintain_order=True)


def _within(column: str, window: Window) -> pl.Expr:
    return (pl.col(column) >= window.start) & (pl.col(column) < window.end)


def _scan(tables: Tables, name: str, schema: pl.Schema) -> pl.LazyFrame:
    return tables.scan(name) if tables.exists(name) else pl.LazyFrame(schema=schema)
