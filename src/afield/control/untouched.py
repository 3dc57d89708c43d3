"""Which rows the lot left alone: it is drawn again, from unit and tick."""

import polars as pl

from afield.rollout.assignment import Untouched

TOUCHED, CHANCE = "touched", "touched_chance"
"""Columns for `afield.monitoring.feedback.Feedback`: 1 where the decision acted, and the probability of that side."""


def with_lot(rows: pl.DataFrame, untouched: Untouched | None) -> pl.DataFrame:
    """The rows with `TOUCHED` and `CHANCE` beside `unit` and `tick`; as they are where nothing is left untouched."""
    if untouched is None:
        return rows
    drawn = [untouched.drawn(unit, tick) for unit, tick in rows.select("unit", "tick").iter_rows()]
    return rows.with_columns(
        pl.Series(TOUCHED, [float(not left) for left, _ in drawn], pl.Float64),
        pl.Series(CHANCE, [chance for _, chance in drawn], pl.Float64),
    )
