"""Cleaning: rules split a frame into rows that are kept and rows set aside with rule, reason and position."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from afield.data.sources import QUARANTINE


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason not to believe a row.

    Attributes:
        name: short, stable; counts are reported by it.
        field: the column that it is about, by the name that the source's reader knows.
        reason: one sentence for whoever looks at the row.
        bad: Boolean expression; true sets the row aside, null keeps it.
    """

    name: str
    field: str
    reason: str
    bad: pl.Expr


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What cleaning made of a frame: `kept.height + quarantined.height` is the height that came in."""

    kept: pl.DataFrame
    quarantined: pl.DataFrame


def clean(frame: pl.DataFrame, rules: Sequence[Rule], raw: Sequence[str]) -> Cleaned:
    """Kept and quarantined rows of `frame`; a row is set aside once, by the first rule that it breaks.

    Args:
        frame: rows with their position in columns `source` (String) and `row` (integer, from 1).
        rules: in order of precedence.
        raw: columns whose values are kept as JSON text with a quarantined row.
    """
    broken = pl.coalesce(
        *(pl.when(rule.bad).then(pl.lit(position, dtype=pl.Int32)) for position, rule in enumerate(rules)),
        pl.lit(None, dtype=pl.Int32),
    )
    marked = frame.with_columns(broken.alias("_broken"))
    numbers = list(range(len(rules)))

    def told(texts: list[str]) -> pl.Expr:
        return pl.col("_broken").replace_strict(numbers, texts, return_dtype=pl.String)

    quarantined = marked.filter(pl.col("_broken").is_not_null()).select(
        pl.col("source"),
        pl.col("row").cast(pl.Int64),
        told([rule.name for rule in rules]).alias("rule"),
        told([rule.field for rule in rules]).alias("field"),
        told([rule.reason for rule in rules]).alias("reason"),
        as_raw(marked, raw).alias("raw"),
    )
    kept = marked.filter(pl.col("_broken").is_null()).drop("_broken")
    return Cleaned(kept, quarantined.match_to_schema(QUARANTINE))


def as_raw(frame: pl.DataFrame, columns: Sequence[str]) -> pl.Expr:
    """These columns as JSON text; of a column in which a number is not finite, all numbers as text."""
    odd = [name for name in columns if frame[name].dtype.is_float() and not frame[name].is_finite().all()]
    return pl.struct(pl.col(name).cast(pl.String) if name in odd else name for name in columns).struct.json_encode()
