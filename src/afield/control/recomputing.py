"""Features of rows that were served, computed again from a history of facts."""

from collections.abc import Mapping, Sequence

import polars as pl

from afield.features.compute import compute
from afield.workshop.plan import Build


def recomputed(
    plan: Build, history: Mapping[str, pl.LazyFrame], rows: pl.DataFrame, names: Sequence[str]
) -> pl.DataFrame:
    """The features `names` of each row's `key` at its `tick`, as the history gives them now.

    Args:
        plan: names the features.
        history: facts by table, as far back as the features look from the first tick on.
        rows: with columns `key` and `tick`.
        names: of features.

    Returns:
        Columns `key`, `tick` and the names, each key and tick once.
    """
    key, origin = plan.features.keys[0], plan.features.origin
    spine = rows.select(pl.col("key").cast(plan.key_type).alias(key), pl.col("tick").alias(origin)).unique(
        maintain_order=True
    )
    made = compute(plan.features, spine, history)
    return made.select(pl.col(key).cast(pl.String).alias("key"), pl.col(origin).alias("tick"), *names)
