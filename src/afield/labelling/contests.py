"""Contests: what people say was wrong, waiting for a person, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from afield.labelling.labels import NATURAL
from afield.records.traffic import Contest

CONTESTS = "contests"
"""Name of the table."""
CONTESTED = "contested"
"""Source of labels and outcomes that a person confirmed."""

SCHEMA: dict[str, pl.DataType] = {
    "about": pl.String(),
    "value": pl.Float64(),
    "reason": pl.String(),
    "at": pl.Datetime("us"),
}

CASES = "cases"
"""Name of the table of confirmed contests, which later releases must get right."""
CASE_SCHEMA: dict[str, pl.DataType] = {
    "item": pl.String(),
    "key": pl.String(),
    "tick": pl.Datetime("us"),
    "low": pl.Float64(),
    "high": pl.Float64(),
    "at": pl.Datetime("us"),
    "who": pl.String(),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Contests by what they are about.

    Attributes:
        known: `item`, `about`, `value`, `reason`, `at`; the first contest of each item.
        unknown: contests that name no answer and no item that there is, in the columns of `SCHEMA`.
    """

    known: pl.DataFrame
    unknown: pl.DataFrame


def contest_rows(contests: Sequence[Contest]) -> pl.DataFrame:
    """A row a contest, in the columns of `SCHEMA`."""
    return pl.DataFrame({name: [getattr(each, name) for each in contests] for name in SCHEMA}, schema=SCHEMA)


def found(contests: pl.LazyFrame, items: pl.LazyFrame, answers: pl.LazyFrame, together: Sequence[str] = ()) -> Found:
    """The items that were contested: by their own name, by an answer that was about them, or with all that it held.

    Args:
        contests: rows of `SCHEMA`; said again, a contest counts once.
        items: every item: `item`, and the columns named by `together`.
        answers: `id` of recorded answers, and the `item` that each was about.
        together: columns of the items that hold the id of an answer with several items.
    """
    once = contests.sort("at", maintain_order=True).unique("about", keep="first", maintain_order=True).collect()
    by_name = items.select(about="item", item="item")
    by_answer = answers.select(about="id", item="item").join(items.select("item"), on="item", how="semi")
    by_whole = [items.select(about=pl.col(column).cast(pl.String), item="item") for column in together]
    places = pl.concat([by_name, by_answer, *by_whole]).filter(pl.col("about").is_in(once["about"].implode()))
    joined = once.join(places.unique().collect(), on="about", how="inner", maintain_order="left")
    known = joined.sort("at", maintain_order=True).unique("item", keep="first", maintain_order=True)
    unknown = once.join(joined.select("about").unique(), on="about", how="anti", maintain_order="left")
    return Found(known.select("item", *SCHEMA), unknown)


def confirmed(known: pl.DataFrame, labels: pl.DataFrame) -> pl.DataFrame:
    """The contested items that a person has labelled since: `item`, `about`, `at`, `label`, `who`, `known_at`.

    Args:
        known: as `Found.known`.
        labels: in force: `item`, `label`, `who`, `source`, `known_at`. What came true by itself confirms nothing.
    """
    people = labels.filter(pl.col("source") != NATURAL).select("item", "label", "who", "known_at")
    joined = known.select("item", "about", "at").join(people, on="item", how="inner", maintain_order="left")
    since = joined.filter(pl.col("known_at") >= pl.col("at")).sort("known_at", maintain_order=True)
    return since.unique("item", keep="last", maintain_order=True)


def cases(rows: pl.LazyFrame) -> pl.DataFrame:
    """The cases in force, in the columns of `CASE_SCHEMA`: of an item that was confirmed again, the last."""
    typed = rows.select(pl.col(name).cast(kind) for name, kind in CASE_SCHEMA.items())
    return typed.sort("at", maintain_order=True).unique("item", keep="last", maintain_order=True).sort("item").collect()
