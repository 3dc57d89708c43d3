"""An application's stored fields weighed: what they cost and narrow, and which unused ones would explain more."""

from datetime import timedelta

import msgspec
import polars as pl

from afield.control.office import Office
from afield.custody.fields import LEAST, PRICE, Candidate, Field, candidates, stored_fields
from afield.custody.outcomes import CHAMPION
from afield.errors import DataError
from afield.features.compute import compute
from afield.records.facts import Window
from afield.statistics.losses import LOSSES
from afield.telemetry.delivery import EVENTS, OUTPUT
from afield.telemetry.outcomes import joined

_OWN = ("mode", "policy", "applied", "hour", "weekday", "key")


class Worth(msgspec.Struct, frozen=True):
    """What an application stores of its predictions.

    Attributes:
        window: first and last moment of the ticks looked at.
        rows: predictions stored in it, of all arms.
        known: those of the champion with an outcome.
        loss: whose interval is narrowed.
        fields: what is stored.
        candidates: what the champion's model does not use, the most telling first; none where too little is known.
    """

    window: tuple[str, str]
    rows: int
    known: int
    loss: str
    fields: tuple[Field, ...]
    candidates: tuple[Candidate, ...]


def worth(office: Office, days: float, price: float = PRICE) -> Worth:
    """What the fields of the last days of predictions are worth.

    Candidates are the features that are computed and that no part of the champion reads, the key, the hour and the
    weekday, and what is stored beside the outputs.

    Raises:
        DataError: no prediction of the champion has an outcome.
        StoreError: a table cannot be read.
    """
    newest = office.tables.scan(EVENTS).select(pl.col("tick").max()).collect().item()
    if newest is None:
        raise DataError(f"{office.home.folder}: the table {EVENTS} is empty; serve, and look again")
    end = newest + timedelta(microseconds=1)
    window = Window(end - timedelta(days=days), end)
    inside = pl.col("tick").is_between(window.start, window.end, closed="left")
    rows = office.tables.scan(EVENTS).filter(inside).collect()
    output = f"{OUTPUT}{office.operate.output}"
    found = joined(office.tables, window, expected=office.operate.outcomes).filter(pl.col("arm") == CHAMPION)
    if output in found.columns:
        found = found.filter(pl.col(output).is_finite())
    if not found.height or output not in found.columns:
        raise DataError(
            f"{office.home.folder}: no prediction of the champion in the last {days:g} days has an outcome, so nothing "
            f"can be weighed; wait, or look further back: --days"
        )
    loss = LOSSES[office.operate.loss](found[output].to_numpy(), found["truth"].to_numpy())
    known = found.with_columns(
        loss=pl.Series(loss, dtype=pl.Float64),
        residual=pl.col("truth") - pl.col(output),
        hour=pl.col("tick").dt.hour(),
        weekday=pl.col("tick").dt.weekday(),
        key=pl.col("unit"),
    )
    others = [name for name in known.columns if name.startswith(OUTPUT) and name != output]
    known, unused = _with_unused(office, known)
    return Worth(
        (window.start.isoformat(), window.end.isoformat()),
        rows.height,
        known.height,
        office.operate.loss,
        stored_fields(rows, known, days, price),
        candidates(known, [*unused, *_OWN, *others]) if known["tick"].n_unique() >= LEAST else (),
    )


def _with_unused(office: Office, known: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """The rows with the features that no part of the champion reads; none where requests bring their own."""
    plan, features = office.plan, office.plan.features
    if office.operate.from_input is not None:
        return known, []
    parts = office.shelf.bundle(office.actions.state.champion).manifest.parts
    unused = sorted(set(features.names) - {name for part in parts for name in part.features})
    if not unused:
        return known, []
    history = {
        name: table.once(table.cast(office.tables.scan(name), name))
        for name, table in plan.tables.items()
        if office.tables.exists(name)
    }
    key, origin = features.keys[0], features.origin
    spine = known.select(pl.col("unit").cast(plan.key_type).alias(key), pl.col("tick").alias(origin)).unique()
    made = compute(features, spine, history).with_columns(pl.col(key).cast(pl.String).alias("unit"))
    there = made.select("unit", pl.col(origin).alias("tick"), *unused).unique(["unit", "tick"])
    return known.join(there, on=["unit", "tick"], how="left", maintain_order="left"), unused
