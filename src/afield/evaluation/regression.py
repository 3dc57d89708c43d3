"""Regression tests: answers that people contested and were right about, which later releases must get right."""

from collections.abc import Callable

import numpy as np
import polars as pl

from afield.evaluation.behaviour import Outputs
from afield.records.examination import Promise
from afield.statistics.shares import share

NAME = "contested answers"


def contested(
    cases: pl.DataFrame, rows: pl.DataFrame, output: str, answer: Callable[[pl.DataFrame], Outputs]
) -> Promise | None:
    """The share of contested cases that a candidate gets right; all of them are asked for. None where there is no row.

    Args:
        cases: `key` (text), `tick`, and between what the answer must lie, `low` and `high`; one a row.
        rows: `tick`, `key` and the features of those cases whose facts are still there.
        output: name of the output that is looked at.
        answer: rows → what the candidate says of them.
    """
    joined = rows.with_columns(_key=pl.col("key").cast(pl.String)).join(
        cases.select("tick", "low", "high", _key="key"), on=["_key", "tick"], how="inner", maintain_order="left"
    )
    if joined.is_empty():
        return None
    said = np.asarray(answer(joined.drop("_key", "low", "high"))[output], np.float64)
    low, high = joined["low"].to_numpy(), joined["high"].to_numpy()
    # What is no number gets nothing right.
    beyond = np.where(np.isfinite(said), np.maximum(low - said, said - high), np.inf)
    kept = beyond <= 0
    worst = int(beyond.argmax())
    told = f"{joined['key'][worst]} at {joined['tick'][worst]:%Y-%m-%d %H:%M}: {said[worst]:.4g}"
    return Promise(
        name=NAME,
        kind="minimum functionality",
        says="what people contested, and a person confirmed, is answered right",
        rows=joined.height,
        kept=share(kept, np.arange(joined.height)),
        effect=None,
        worst="" if kept.all() else f"{told}, not in {low[worst]:.4g} to {high[worst]:.4g}",
        least=1.0,
    )
