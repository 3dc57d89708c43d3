"""Labels: what is said to be true of an item; natural ones and those of people in one append-only table."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

import msgspec
import polars as pl

from afield.errors import LabellingError

LABELS = "labels"
"""Name of the table."""

NATURAL = "natural"
"""Source of labels that came true by themselves."""

SCHEMA: dict[str, pl.DataType] = {
    "id": pl.String(),
    "item": pl.String(),
    "label": pl.Float64(),
    "who": pl.String(),
    "known_at": pl.Datetime("us"),
    "source": pl.String(),
    "confidence": pl.Float64(),
    "supersedes": pl.String(),
}


class Label(msgspec.Struct, frozen=True):
    """What one person, or the course of things, says of one item.

    Attributes:
        id: unique; sent again it changes nothing.
        item: what it is about.
        label: what is said: a number, or the number of a class.
        who: says so.
        known_at: when it was said or became known, on the clock of the place.
        source: how it came about, e.g. "natural", "asked", "review".
        confidence: how sure who says so is; in [0, 1].
        supersedes: the id of the label that this one corrects.
    """

    id: str
    item: str
    label: float
    who: str
    known_at: datetime
    source: str
    confidence: float = 1.0
    supersedes: str | None = None


def label_id(item: str, label: float, who: str, known_at: datetime, source: str) -> str:
    """An id that follows from what is said, so that what is imported twice counts once."""
    said = msgspec.json.encode((item, label, who, known_at, source))
    return hashlib.sha256(said).hexdigest()[:24]


def label_rows(labels: Sequence[Label]) -> pl.DataFrame:
    """A row a label, in the columns of `SCHEMA`."""
    return pl.DataFrame({name: [getattr(each, name) for each in labels] for name in SCHEMA}, schema=SCHEMA)


def check_labels(new: pl.DataFrame, items: pl.Series, classes: Sequence[float], there: pl.DataFrame) -> None:
    """Refuse labels that mean nothing.

    Args:
        new: rows of `SCHEMA`.
        items: every item that there is.
        classes: the labels that an item may have; empty: any finite number.
        there: rows with `id` and `item` of the labels that are there already.

    Raises:
        LabellingError: a label is of an unknown item, is none of the classes, carries no name, is surer than certain
            or supersedes what is not there or is about something else.
    """
    _refuse(new, ~pl.col("item").is_in(items.implode()), "names an item that does not exist", "`label list` shows some")
    _refuse(new, pl.col("who").str.strip_chars() == "", "says nobody's name", "say who labelled")
    _refuse(new, ~pl.col("label").is_finite().fill_null(value=False), "is no number", "leave such items unlabelled")
    if classes:
        known = ", ".join(f"{each:g}" for each in classes)
        _refuse(new, ~pl.col("label").is_in(list(classes)), "is none of the classes", f"give one of {known}")
    sure = pl.col("confidence").is_between(0.0, 1.0).fill_null(value=False)
    _refuse(new, ~sure, "has a confidence outside [0, 1]", "give a probability")
    about = pl.concat([there.select("id", "item"), new.select("id", "item")]).unique("id").rename({"item": "_about"})
    joined = new.join(about, left_on="supersedes", right_on="id", how="left", maintain_order="left")
    corrects = pl.col("supersedes").is_not_null()
    _refuse(
        joined, corrects & pl.col("_about").is_null(), "supersedes a label that does not exist", "give an id that does"
    )
    astray = corrects & ((pl.col("_about") != pl.col("item")) | (pl.col("supersedes") == pl.col("id")))
    _refuse(joined, astray, "supersedes itself, or a label of another item", "name the label of this item")


def in_force(labels: pl.LazyFrame, as_of: datetime | None = None) -> pl.LazyFrame:
    """What each says of each item now, or said at `as_of`: a row per item and person.

    A label counts once per id; one that a later label supersedes is left out; of several that one person gave an item
    the last stands.
    """
    known = labels if as_of is None else labels.filter(pl.col("known_at") <= as_of)
    once = known.sort("known_at", maintain_order=True).unique("id", keep="first", maintain_order=True)
    gone = once.filter(pl.col("supersedes").is_not_null()).select(id="supersedes")
    standing = once.join(gone, on="id", how="anti", maintain_order="left")
    return standing.unique(["item", "who"], keep="last", maintain_order=True)


def _refuse(rows: pl.DataFrame, bad: pl.Expr, what: str, advice: str) -> None:
    found = rows.with_row_index("row").filter(bad)
    if not found.is_empty():
        first = found.row(0, named=True)
        more = f"; so do {found.height - 1} more" if found.height > 1 else ""
        raise LabellingError(
            f"label {first['row']} (item {first['item']!r}, label {first['label']}, by {first['who']!r}) {what}{more}; "
            f"{advice}, nothing was stored"
        )
