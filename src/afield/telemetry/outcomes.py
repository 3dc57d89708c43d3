"""Outcomes: what came true, late and sometimes corrected, joined to what was predicted."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from afield.errors import StoreError
from afield.records.facts import Window
from afield.records.traffic import Outcome
from afield.store.tables import Tables
from afield.telemetry import delivery

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


def latest(outcomes: pl.DataFrame, as_of: datetime | None = None) -> pl.DataFrame:
    """One row per key and event time: the outcome that held at `as_of` (known at or before it), or that holds now.

    An outcome counts once per id; one that another supersedes is left out; of several that remain, the one that
    became known last stands.
    """
    if as_of is not None:
        outcomes = outcomes.filter(pl.col("known_at") <= as_of)
    # Repetitions and corrections are rare, and to look for them costs a tenth of sorting them out.
    if outcomes["id"].n_unique() < outcomes.height:
        outcomes = outcomes.sort("known_at", maintain_order=True).unique("id", keep="first", maintain_order=True)
    replaced = outcomes.select(id="supersedes").drop_nulls()
    if replaced.height:
        outcomes = outcomes.join(replaced, on="id", how="anti")
    if outcomes.select(pl.struct("key", "event_time").n_unique()).item() < outcomes.height:
        outcomes = outcomes.sort("known_at", "id").unique(["key", "event_time"], keep="last", maintain_order=True)
    return outcomes


def joined(
    tables: Tables,
    window: Window,
    as_of: datetime | None = None,
    *,
    pending: bool = False,
    events: str = delivery.EVENTS,
    outcomes: str = OUTCOMES,
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

    Returns:
        The columns of the events (`delivery.SCHEMA`, `output_NAME`), `truth` (f64) and `known_at`, by tick and arm.

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
    true = latest(reported, as_of).select("key", "event_time", truth="value", known_at="known_at")
    found = made.join(true, left_on=["unit", "tick"], right_on=["key", "event_time"], how="left", maintain_order="left")
    own = true.join(made.select("id"), left_on="key", right_on="id", how="semi")
    if own.height:
        own = own.select("key", own_truth="truth", own_known_at="known_at")
        found = found.join(own, left_on="id", right_on="key", how="left", maintain_order="left").with_columns(
            truth=pl.coalesce("own_truth", "truth"), known_at=pl.coalesce("own_known_at", "known_at")
        )
        found = found.drop("own_truth", "own_known_at")
    if not pending:
        found = found.filter(pl.col("truth").is_not_null())
    return found.sort("tick", "arm", maintain_order=True)


def _within(column: str, window: Window) -> pl.Expr:
    return (pl.col(column) >= window.start) & (pl.col(column) < window.end)


def _scan(tables: Tables, name: str, schema: pl.Schema) -> pl.LazyFrame:
    return tables.scan(name) if tables.exists(name) else pl.LazyFrame(schema=schema)
