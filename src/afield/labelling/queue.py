"""The queue: which items a person should label next, why, and which first."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from afield.errors import LabellingError

QUEUE = "label_queue"
"""Name of the table of what was put into the queue on purpose."""

SCHEMA: dict[str, pl.DataType] = {
    "item": pl.String(),
    "reason": pl.String(),
    "priority": pl.Float64(),
    "at": pl.Datetime("us"),
    "who": pl.String(),
    "inclusion": pl.Float64(),
}
SUSPECT, CONFLICT, UNLABELLED, REPORTED = "suspect", "conflict", "unlabelled", "reported"


def requests(
    items: Sequence[str],
    priorities: Sequence[float],
    reason: str | Sequence[str],
    at: datetime,
    who: str,
    inclusion: Sequence[float] | None = None,
) -> pl.DataFrame:
    """Rows of the table `QUEUE`: items that somebody should look at.

    Args:
        items: which.
        priorities: one an item, in [0, 1].
        reason: why, of all or of each.
        at: when it was asked.
        who: asked.
        inclusion: the probability with which each came to be drawn; None: it was not by lot, and no fair sample.

    Raises:
        LabellingError: a priority lies outside [0, 1], or there is not one an item.
    """
    if len(items) != len(priorities):
        raise LabellingError(f"{len(items)} items but {len(priorities)} priorities; give one an item")
    if not all(0.0 <= each <= 1.0 for each in priorities):
        raise LabellingError("a priority lies outside [0, 1]; 1 is the most urgent")
    rows = {
        "item": list(items),
        "reason": reason if isinstance(reason, str) else list(reason),
        "priority": list(priorities),
        "at": at,
        "who": who,
        "inclusion": None if inclusion is None else list(inclusion),
    }
    return pl.DataFrame(rows, schema=SCHEMA)


def waiting(
    items: pl.LazyFrame,
    labels: pl.LazyFrame,
    unresolved: pl.LazyFrame,
    asked: pl.LazyFrame,
    reported: pl.LazyFrame | None = None,
) -> pl.LazyFrame:
    """The queue: `item`, `reason`, `priority`, the most urgent first, each item once for its most urgent reason.

    What people reported comes first, until a person labels it. What was put into the queue leaves it when somebody
    labels the item later. What is in conflict stays until the policy resolves it. Items that nobody labelled come last,
    by their own priority where they have one.

    Args:
        items: every item: `item`, and `priority` in [0, 1] where the application declares one.
        labels: in force: `item`, `known_at`.
        unresolved: `item` and `share` that say the same, as `conflicts.conflicts` gives them.
        asked: the table `QUEUE`.
        reported: items that were contested and that nobody has looked at since: `item`.
    """
    newest = labels.group_by("item").agg(pl.col("known_at").max())
    open_still = (
        asked.join(items.select("item"), on="item", how="semi")
        .join(newest, on="item", how="left")
        .filter(pl.col("known_at").is_null() | (pl.col("known_at") <= pl.col("at")))
        .select("item", "reason", priority=1.0 + pl.col("priority"), rank=pl.lit(0))
    )
    contested = unresolved.select(
        "item", reason=pl.lit(CONFLICT), priority=1.0 + (1.0 - pl.col("share")), rank=pl.lit(1)
    )
    own = pl.col("priority") if "priority" in items.collect_schema() else pl.lit(0.0)
    fresh = items.join(newest, on="item", how="anti").select(
        "item", reason=pl.lit(UNLABELLED), priority=own.cast(pl.Float64), rank=pl.lit(2)
    )
    told = (
        pl.LazyFrame(schema={"item": pl.String})
        if reported is None
        else reported.select("item").join(items.select("item"), on="item", how="semi")
    )
    said = told.select("item", reason=pl.lit(REPORTED), priority=pl.lit(2.0), rank=pl.lit(-1))
    every = pl.concat([said, open_still, contested, fresh])
    ordered = every.sort(pl.col("rank") >= 0, -pl.col("priority"), "rank", "item")
    first = ordered.unique("item", keep="first", maintain_order=True)
    # Whoever was asked for, or is contested, goes before what nobody has looked at.
    return first.select("item", "reason", priority=pl.col("priority") / 2)
