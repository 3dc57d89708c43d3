"""What people say of lines, in the one table of labels: travellers who were asked or complain, and reviewers."""

from collections.abc import Mapping

import polars as pl

from afield.labelling.conflicts import Policy, resolve
from afield.labelling.contests import CONTESTED
from afield.labelling.items import Labelling
from afield.labelling.labels import LABELS, SCHEMA, in_force
from signs.operating import STEP

History = Mapping[str, pl.LazyFrame]

ASKED, UNASKED = "asked", "unasked"
"""Sources of what travellers say: the lot fell on the line, or they spoke by themselves, which is no fair sample."""

SOMEBODY = "somebody"
MEAN_SCORE = 0
POLICY = Policy("priority", ranks=("review", CONTESTED, "label_studio", ASKED))
"""A reviewer has the last word; then the traveller who was asked; a complaint stands where nobody else spoke."""


def said(history: History) -> pl.LazyFrame:
    """Every verdict as a label by the device (hashed) that read the line, and what reviewers added."""
    read = history["lines"].select("line", "device").unique("line", keep="first", maintain_order=True)
    once = (
        history["verdicts"].sort("known_at", maintain_order=True).unique("verdict", keep="first", maintain_order=True)
    )
    verdicts = once.join(read, on="line", how="left", maintain_order="left").select(
        id="verdict",
        item="line",
        label=pl.col("right").cast(pl.Float64),
        who=pl.col("device").fill_null(SOMEBODY),
        known_at="known_at",
        source=pl.when(pl.col("asked").fill_null(value=False)).then(pl.lit(ASKED)).otherwise(pl.lit(UNASKED)),
        confidence=pl.lit(1.0),
        supersedes=pl.lit(None, pl.String),
    )
    reviewed = history.get(LABELS, pl.LazyFrame(schema=SCHEMA))
    return pl.concat([verdicts, reviewed.select(pl.col(name).cast(kind) for name, kind in SCHEMA.items())])


def standing(history: History) -> pl.LazyFrame:
    """The label of each line that a model may learn: `item`, `label`; what was said unasked does not count."""
    return resolve(in_force(said(history).filter(pl.col("source") != UNASKED)), POLICY).select("item", "label")


def items(history: History) -> pl.LazyFrame:
    """Every line that was read, the least certain first; no pixels and no text are kept of it."""
    scores = pl.col("features").str.json_decode(pl.List(pl.Float64))
    return history["lines"].select(
        "line",
        "at",
        "script",
        "language",
        "place",
        "shown",
        item="line",
        tick=pl.col("at").dt.truncate(STEP) + STEP,
        frame=pl.col("line").str.split("/").list.first(),
        priority=(1.0 - scores.list.get(MEAN_SCORE, null_on_oob=True)).fill_null(1.0).clip(0.0, 1.0),
    )


LABELLING = Labelling(
    item=pl.col("line"),
    question="Was the line read as it stands on the sign?",
    classes={"wrong": 0.0, "right": 1.0},
    items=items,
    said=said,
    policy=POLICY,
    together=("frame",),
)
