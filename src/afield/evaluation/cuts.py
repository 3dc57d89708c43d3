"""Cuts: the rows of a frame told apart by their values in one column or two, as numbers with words for them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
import polars as pl

from afield.errors import EvaluationError

BINS = 5
DISTINCT = 24
MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Cut:
    """The values of one column.

    Attributes:
        name: of the column.
        codes: the place of each row's value among the labels.
        labels: words for each value, e.g. `= 7` or `in (0.5, 1.2]`.
    """

    name: str
    codes: pl.Series
    labels: tuple[str, ...]


def cut(values: pl.Series) -> Cut:
    """The values of a column as they are; numbers with a fraction and more than 24 values between their quintiles.

    What is null or not a number is a value of its own; an infinite number lies in the outermost bin.

    Raises:
        EvaluationError: the column holds neither numbers nor texts nor Booleans nor days.
    """
    kind = values.dtype
    if kind.is_float():
        values = values.fill_nan(None)
        if values.n_unique() > DISTINCT:
            return _binned(values)
    elif not (kind.is_integer() or kind.is_temporal() or kind in (pl.String, pl.Boolean, pl.Categorical, pl.Enum)):
        raise EvaluationError(f"column {values.name!r} holds {kind}; slices are made of numbers, texts, Booleans, days")
    levels = values.drop_nulls().unique().sort()
    codes = levels.search_sorted(values.fill_null(levels[0]) if levels.len() else values).cast(pl.Int64)
    labels = [f"= {level:g}" if isinstance(level, float) else f"= {level}" for level in levels]
    return _with_missing(values, codes, labels)


def crossed(cuts: Sequence[Cut]) -> Iterator[tuple[Cut, ...]]:
    """Each cut alone, then each pair."""
    yield from ((each,) for each in cuts)
    yield from combinations(cuts, 2)


def code(cuts: Sequence[Cut]) -> pl.Expr:
    """The number of each row's slice, over columns `code:NAME` that hold the codes of each cut."""
    made = pl.lit(0, pl.Int64)
    for each in cuts:
        made = made * len(each.labels) + pl.col(f"code:{each.name}")
    return made


def words(cuts: Sequence[Cut], number: int) -> str:
    """What the rows of a slice have in common, from its number."""
    parts: list[str] = []
    for each in reversed(cuts):
        number, place = divmod(number, len(each.labels))
        parts.insert(0, f"{each.name} {each.labels[place]}")
    return ", ".join(parts)


def _binned(values: pl.Series) -> Cut:
    known = values.drop_nulls().to_numpy()
    edges = np.unique(np.quantile(known[np.isfinite(known)], np.arange(1, BINS) / BINS))
    filled = values.fill_null(0.0).to_numpy()
    codes = pl.Series(values.name, np.searchsorted(edges, filled, side="left").astype(np.int64))
    ends = [f"{edge:.4g}" for edge in edges]
    between = [f"in ({low}, {high}]" for low, high in pairwise(ends)]
    return _with_missing(values, codes, [f"≤ {ends[0]}", *between, f"> {ends[-1]}"])


def _with_missing(values: pl.Series, codes: pl.Series, labels: list[str]) -> Cut:
    if not values.null_count():
        return Cut(values.name, codes, tuple(labels))
    absent = pl.Series(values.name, np.where(values.is_null().to_numpy(), len(labels), codes.to_numpy()))
    return Cut(values.name, absent, (*labels, MISSING))
