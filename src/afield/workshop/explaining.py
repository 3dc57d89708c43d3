"""Why the champion answers what it answers about one key at one tick, beside what is usual there."""

import io
import math
from collections.abc import Mapping
from datetime import datetime

import msgspec
import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import DataError, EvaluationError, ReleaseError
from afield.evaluation.explanation import Explanation, explain
from afield.features.compute import compute, known
from afield.serving.inference import Infer, Parts, Rows
from afield.store.tables import Tables
from afield.workshop.plan import Build

USUAL = "usual.arrow"
"""File of a release under `tables/`: for each kind of row, the median of every feature in the test window."""

History = Mapping[str, pl.LazyFrame]


class Explained(msgspec.Struct, frozen=True):
    """One answer and its reasons.

    Attributes:
        key: what the answer is about.
        at: its tick.
        target: what is answered, in words.
        outputs: everything that the release says of the row.
        row: its features; null where one is not known.
        explanation: how it differs from the usual.
    """

    key: str
    at: datetime
    target: str
    outputs: dict[str, float]
    row: dict[str, float]
    explanation: Explanation


def usual_rows(plan: Build, examples: pl.LazyFrame) -> bytes:
    """The usual row of each kind, as an Arrow file: medians over the examples that share `Assessment.usual`.

    A feature that is unknown in half of the rows or more is unknown in the usual one.
    """
    kinds = plan.assessment.usual
    if unknown := [name for name in kinds if name not in plan.features.names]:
        raise EvaluationError(f"the usual row is asked for by {', '.join(unknown)}, which is no feature")
    values = [
        pl.when(pl.col(name).is_not_null().mean() > 0.5).then(pl.col(name).fill_nan(None).median()).alias(name)
        for name in plan.features.names
        if name not in kinds
    ]
    known = examples.filter("has_history")
    rows = known.group_by(kinds).agg(values).sort(kinds) if kinds else known.select(values)
    stream = io.BytesIO()
    rows.select(plan.features.names).cast(pl.Float32).collect().write_ipc(stream, compression="zstd")
    return stream.getvalue()


def facts(plan: Build, store: Tables, at: datetime) -> dict[str, pl.LazyFrame]:
    """The store's facts that a tick at `at` may look at.

    Raises:
        StoreError: a table is stored in another form.
    """
    found = {
        name: table.once(table.cast(store.scan(name), name))
        if store.exists(name)
        else pl.LazyFrame(schema=dict(table.schema))
        for name, table in plan.tables.items()
    }
    cut = known(found, since=at - plan.features.lookback, before=at)
    return {name: table.collect().lazy() for name, table in cut.items()}


def explained(
    plan: Build, history: History, key: str, at: datetime, infer: Infer, parts: Parts, usual: bytes
) -> Explained:
    """The answer about `key` at the tick `at`, explained.

    Args:
        plan: how the application is built.
        history: the facts of the lookback.
        key: what is asked about, as text.
        at: the tick.
        infer: the application's inference.
        parts: of the release.
        usual: its file of usual rows.

    Raises:
        DataError: nothing is known of the key at that tick.
        ReleaseError: the file is no table of usual rows.
        EvaluationError: the model gives no number.
    """
    features, assessment = plan.features, plan.assessment
    keys = plan.keys(history, at).cast(plan.key_type)
    names = keys.cast(pl.String).to_list()
    if key not in names:
        few = ", ".join(names[:5]) or "none"
        raise DataError(f"nothing is known of {key!r} at {at}; there is, for instance: {few}")
    moments = pl.Series(features.origin, [at] * len(names), dtype=pl.Datetime("us"))
    spine = pl.DataFrame([keys.alias(features.keys[0]), moments])
    named = compute(features, spine, history).row(names.index(key), named=True)
    row = {name: math.nan if named[name] is None else float(named[name]) for name in features.names}
    said = infer(Rows.of({name: np.array([value]) for name, value in row.items()}), parts)
    held = _usual_row(usual, row, assessment.usual)

    def answer(columns: Mapping[str, NDArray[np.float64]]) -> NDArray[np.float64]:
        count = len(next(iter(columns.values())))
        whole = {name: np.full(count, value) for name, value in row.items()}
        return parts[plan.part].predict(Rows.of({**whole, **columns}))

    reads = tuple(name for name in parts[plan.part].features if name in features.names)
    found = explain(row, held, assessment.groups, reads, answer, assessment.causes)
    outputs = {name: float(values[0]) for name, values in said.items()}
    return Explained(key, at, plan.target, outputs, row, found)


def _usual_row(usual: bytes, row: Mapping[str, float], kinds: tuple[str, ...]) -> dict[str, float]:
    """The usual row of the kind of `row`; of all kinds together where it is a new one."""
    try:
        rows = pl.read_ipc(io.BytesIO(usual))
        same = rows.filter(pl.col(name) == row[name] for name in kinds) if kinds else rows
    except (pl.exceptions.PolarsError, OSError, KeyError) as error:
        raise ReleaseError(f"the release's table of usual rows cannot be read ({error}); build it again") from error
    found = (same if same.height else rows.median()).row(0, named=True)
    return {name: math.nan if value is None else float(value) for name, value in found.items()}
