"""Delivery: sealed segments of events become rows of a Delta table, each segment in one transaction, once."""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import numpy as np
import polars as pl

from afield.errors import TelemetryError
from afield.records.traffic import Event, EventBatch
from afield.store.tables import Tables
from afield.telemetry.encoding import Record, decode
from afield.telemetry.settlement import drain
from afield.telemetry.sketched import Sketched
from afield.telemetry.summaries import SKETCHES, sketch_rows

EVENTS = "predictions"
OUTPUT = "output_"
"""What the column of an output begins with: `forecast` is stored as `output_forecast`."""

SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "unit": pl.String(),
        "arm": pl.String(),
        "release": pl.String(),
        "tick": pl.Datetime("us"),
        "inclusion": pl.Float64(),
        "assignment": pl.Float64(),
        "policy": pl.String(),
        "rows": pl.String(),
        "at": pl.Datetime("us"),
        "applied": pl.List(pl.String()),
        "mode": pl.String(),
        "kind": pl.String(),
    }
)
"""The columns of every event; one per output name comes beside them."""

TOOK = "took"
"""The column of seconds that answers took, in rows of a canary."""

_SHARED = tuple(name for name in SCHEMA if name not in {"id", "unit", "kind"})


def deliver(folder: Path, tables: Tables, table: str = EVENTS) -> int:
    """Deliver every sealed segment of a spool, events and sketches; the number of events that were.

    Each segment is committed durably to the table and unlinked after that. Interrupted anywhere, the next call goes
    on and doubles nothing: the segment's number is the application transaction of its writer.

    Raises:
        TelemetryError: a segment is damaged or of a newer Afield.
        ConflictError: others kept committing to the table; the segments stay.
        StoreError: the table cannot be written; the segments stay.
    """

    def commit(writer: str, number: int, records: list[bytes]) -> None:
        found = [decode(record) for record in records]
        sketched = [record for record in found if isinstance(record, Sketched)]
        if sketched:
            tables.append(SKETCHES, sketch_rows(sketched), writer=writer, transaction=number)
        rows = event_rows([record for record in found if not isinstance(record, Sketched)])
        if rows.height:
            tables.append(table, rows, writer=writer, transaction=number)

    return drain(folder, commit)


def event_rows(records: Sequence[Record]) -> pl.DataFrame:
    """One row per event in the columns of `SCHEMA`, with a float64 column `output_NAME` per output.

    Raises:
        TelemetryError: there is something else among the records.
    """
    events: list[Event] = []
    # Batches of the same outputs expand together; each has a value per unit for every one of them.
    batches: dict[tuple[str, ...], list[EventBatch]] = {}
    for record in records:
        if isinstance(record, EventBatch):
            batches.setdefault(tuple(sorted(record.output)), []).append(record)
        elif isinstance(record, Event):
            events.append(record)
        else:
            raise TelemetryError(f"a {type(record).__name__} stands among the events; it belongs into another spool")
    frames = [_single_rows(events), *(_batch_rows(names, group) for names, group in batches.items())]
    return pl.concat(frames, how="diagonal")


def _single_rows(events: Sequence[Event]) -> pl.DataFrame:
    names = sorted({name for event in events for name in event.output})
    columns = {name: [getattr(event, name) for event in events] for name in SCHEMA}
    outputs = {OUTPUT + name: [event.output.get(name) for event in events] for name in names}
    if any(event.took is not None for event in events):
        outputs[TOOK] = [event.took for event in events]
    schema: dict[str, pl.DataType] = {**SCHEMA, **dict.fromkeys(outputs, pl.Float64())}
    return pl.DataFrame({**columns, **outputs}, schema=schema)


def _batch_rows(names: Sequence[str], batches: Sequence[EventBatch]) -> pl.DataFrame:
    for batch in batches:
        lengths = {len(batch.units), *map(len, batch.output.values())}
        if len(lengths) > 1:
            raise TelemetryError(f"batch {batch.id}: its units and outputs have different lengths, {sorted(lengths)}")
    shared = pl.DataFrame(
        {name: [getattr(batch, name) for batch in batches] for name in _SHARED},
        schema={name: SCHEMA[name] for name in _SHARED},
    ).with_columns(batch=pl.Series([batch.id for batch in batches], dtype=pl.String))
    # Flat columns beside an index of batches: no list is exploded, and each value is touched once.
    index = np.repeat(np.arange(len(batches)), [len(batch.units) for batch in batches])
    units = pl.Series("unit", list(chain.from_iterable(batch.units for batch in batches)), dtype=pl.String)
    outputs = [
        pl.Series(OUTPUT + name, np.fromiter(chain.from_iterable(batch.output[name] for batch in batches), np.float64))
        for name in names
    ]
    return (
        shared[index]
        .with_columns(units, *outputs, kind=pl.lit("tick"))
        .with_columns(id=pl.concat_str("batch", pl.lit(":"), "unit"))
        .select(*SCHEMA, *(OUTPUT + name for name in names))
    )
