"""Named slices: the parts of the rows that are judged on their own."""

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from afield.errors import EvaluationError

Keys = tuple[str, ...] | tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """A part of the rows: those that `keep` is true for.

    Attributes:
        name: what reports and gates call it.
        keep: a Boolean expression over the columns of the frame.
    """

    name: str
    keep: pl.Expr


def of_keys(name: str, keys: Collection[str] | Collection[int]) -> Slice:
    """The rows of some keys."""
    return Slice(name, pl.col("key").is_in(list(keys)))


def holding(training: pl.DataFrame, share: float) -> Keys:
    """The fewest keys that hold at least `share` of the training truth, busiest first; 0.95 names `busy`.

    Args:
        training: columns `key` and `truth`, any number of rows a key.
        share: in (0, 1].

    Raises:
        EvaluationError: nothing happened in training, or the share lies outside (0, 1].
    """
    if not 0 < share <= 1:
        raise EvaluationError(f"a share of {share} lies outside (0, 1]")
    totals = _totals(training)
    before = pl.col("truth").cum_sum() - pl.col("truth")
    return tuple(totals.filter((pl.col("truth") > 0) & (before < share * pl.col("truth").sum()))["key"].to_list())


def busiest(training: pl.DataFrame, count: int) -> Keys:
    """The `count` keys with most training truth, busiest first (equal ones: the smaller key); 10 names `top10`.

    Raises:
        EvaluationError: nothing happened in training.
    """
    return tuple(_totals(training)["key"].head(count).to_list())


def _totals(training: pl.DataFrame) -> pl.DataFrame:
    totals = training.group_by("key").agg(pl.col("truth").sum()).sort(["truth", "key"], descending=[True, False])
    if totals.is_empty() or totals["truth"][0] <= 0:
        raise EvaluationError("nothing happened in the training window, so no key is busy; choose a longer one")
    return totals
