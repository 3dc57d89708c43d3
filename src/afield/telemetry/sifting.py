"""Outcomes sifted: those that may be believed, and those set aside, each with its reason."""

from typing import Literal, NamedTuple

import polars as pl

from afield.telemetry.expected import ANY, Expectation

Reason = Literal["impossible", "before", "repeated", "contradiction", "twice", "unknown"]

REASONS: dict[Reason, str] = {
    "impossible": "its value is no number, or outside the declared bounds",
    "before": "it was known before the moment that it answers",
    "repeated": "it was sent again, the same",
    "contradiction": "its id came before, with something else in it; the first stands",
    "twice": "its source had answered already, and it does not say what it corrects; the first stands",
    "unknown": "nothing was recorded that it answers: sampled out, dropped, or never asked",
}
"""Why an outcome is not counted."""


class Sifted(NamedTuple):
    """Outcomes apart.

    Attributes:
        good: those that stand, columns as they came.
        aside: those that do not, with `reason`; an outcome that was corrected is in neither.
        corrected: how many were.
    """

    good: pl.DataFrame
    aside: pl.DataFrame
    corrected: int


def sift(outcomes: pl.DataFrame, expected: Expectation = ANY) -> Sifted:
    """The outcomes that may be believed, one per key, event time and source, and those set aside.

    Args:
        outcomes: rows as in `afield.telemetry.outcomes.SCHEMA`.
        expected: what they are to be like.
    """
    possible = pl.col("value").is_finite() & pl.col("value").is_between(expected.low, expected.high)
    reason = pl.when(~possible.fill_null(False)).then(pl.lit("impossible")).when(_EARLY).then(pl.lit("before"))
    marked = outcomes.with_columns(reason=reason)
    aside = [marked.filter(pl.col("reason").is_not_null())]
    good = marked.filter(pl.col("reason").is_null()) if aside[0].height else marked
    # Repetitions and corrections are rare, and to look for them costs a tenth of sorting them out.
    if good["id"].n_unique() < good.height:
        good, again = _once(good)
        aside.append(again)
    replaced = good.select(id="supersedes").drop_nulls()
    before = good.height
    if replaced.height:
        good = good.join(replaced, on="id", how="anti", maintain_order="left")
    corrected = before - good.height
    answers = ("key", "event_time", "source")
    if good.select(pl.struct(answers).n_unique()).item() < good.height:
        ordered = good.sort(pl.col("supersedes").is_null(), "known_at", "id", maintain_order=True)
        first = pl.struct(answers).is_first_distinct()
        aside.append(ordered.filter(~first).with_columns(reason=pl.lit("twice")))
        good = ordered.filter(first)
    return Sifted(good.drop("reason"), pl.concat(aside), corrected)


_EARLY = pl.col("known_at") < pl.col("event_time")


def _once(outcomes: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first outcome of each id, and those that came under it again."""
    ordered = outcomes.sort("known_at", maintain_order=True)
    said = ("key", "event_time", "value", "supersedes")
    same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).first().over("id")) for name in said)
    repeated = pl.when(same).then(pl.lit("repeated")).otherwise(pl.lit("contradiction"))
    ordered = ordered.with_columns(_first=pl.col("id").is_first_distinct(), _again=repeated)
    again = ordered.filter(~pl.col("_first")).with_columns(reason="_again").drop("_first", "_again")
    return ordered.filter("_first").drop("_first", "_again"), again
