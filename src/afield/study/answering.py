"""What contenders answer, and what an answer costs: each fitted or opened, fed as it would be served."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.evaluation.tradeoffs import median
from afield.records.evidence import Estimate
from afield.serving.inference import Columns, Rows
from afield.study.contenders import Contender
from afield.study.learning import Learnt

Floats = NDArray[np.float64]
Asked = Callable[[Columns], Floats]

BATCH, CALLS, BATCHES, ROUNDS = 1000, 400, 40, 20
WARM = 5
AT_ONCE = 100_000


@dataclass(frozen=True, slots=True)
class Ready:
    """A contender that answers.

    Attributes:
        contender: who.
        features: the columns that it reads.
        ask: feature columns of shape `(n,)` → answers of shape `(n,)`, on the path that serves them.
        size: bytes of its graph.
        learnt: its fits on ever less data, the one on all rows first; none where it was not fitted here.
        earlier: rows of training data → the model that was fitted on them.
    """

    contender: Contender
    features: tuple[str, ...]
    ask: Asked
    size: int = 0
    learnt: tuple[Learnt, ...] = ()
    earlier: Mapping[int, Asked] | None = None


def answers(ask: Asked, features: Sequence[str], rows: pl.DataFrame) -> Floats:
    """The answer to each row, shape `(len(rows),)`; NaN where there is none."""
    parts = [ask(columns(features, part)) for part in rows.iter_slices(AT_ONCE)]
    return np.concatenate(parts) if parts else np.empty(0)


def columns(features: Sequence[str], rows: pl.DataFrame) -> Rows:
    """The feature columns of a frame, as a service holds them."""
    block = rows.select(pl.col(list(features)).cast(pl.Float64)).to_numpy(order="c")
    return Rows({name: place for place, name in enumerate(features)}, np.ascontiguousarray(block))


def latencies(ready: Sequence[Ready], rows: pl.DataFrame) -> dict[str, tuple[Estimate, Estimate]]:
    """Who → seconds to answer one row, and `BATCH` rows at once: medians over many calls, everybody in turn.

    Turns of a few calls each, round after round, so that what else the machine does meets everybody alike.
    """
    held = {each.contender.name: columns(each.features, rows.head(BATCH)) for each in ready}
    single: dict[str, list[float]] = {name: [] for name in held}
    batch: dict[str, list[float]] = {name: [] for name in held}
    for each in ready:
        _timed(each.ask, [held[each.contender.name].take(0)] * WARM)
        _timed(each.ask, [held[each.contender.name]])
    for turn in range(ROUNDS):
        for each in ready:
            name, whole = each.contender.name, held[each.contender.name]
            calls = CALLS // ROUNDS
            single[name] += _timed(each.ask, [whole.take((turn * calls + n) % whole.count) for n in range(calls)])
            batch[name] += _timed(each.ask, [whole] * (BATCHES // ROUNDS))
    return {name: (median(single[name]), median(batch[name])) for name in held}


def _timed(ask: Asked, asked: Sequence[Rows]) -> list[float]:
    spent = []
    for rows in asked:
        started = perf_counter()
        ask(rows)
        spent.append(perf_counter() - started)
    return spent
