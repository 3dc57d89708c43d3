"""Suspects: items whose label contradicts a model that was fitted without them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from afield.curation.labels import LabelBook
from afield.data.sides import folds
from afield.errors import LabellingError
from afield.labelling.quality import suspects
from afield.records.facts import Window
from afield.training.models import needs, outputs, train_recipe
from afield.workshop.examples import open_examples, write_examples
from afield.workshop.plan import SEED, Build

FOLD = "fold"


@dataclass(frozen=True, slots=True)
class Found:
    """What a search for label errors found.

    Attributes:
        rows: `item`, `label` and `quality` in [0, 1] of each suspect, the worst first.
        looked: how many labels were looked at.
        folds: how many models were fitted, each without the labels that it was asked about.
        recipe: which.
    """

    rows: pl.DataFrame
    looked: int
    folds: int
    recipe: str


def find_suspects(
    folder: Path,
    plan: Build,
    book: LabelBook,
    history: Mapping[str, pl.LazyFrame],
    count: int,
    tell: Callable[[str], None],
) -> Found:
    """The labelled examples whose label is likely wrong, by the first recipe of the build, out of fold.

    Args:
        folder: empty, for the examples while they are needed.
        plan: how the application is built.
        book: its labels.
        history: the facts.
        count: of folds; what belongs together falls into one.
        tell: is told what happens.

    Raises:
        LabellingError: labels are numbers, of one class only, or none.
        DataError: there are fewer groups of items than folds.
    """
    classes = sorted(book.labelling.classes.values())
    if classes != [0.0, 1.0]:
        raise LabellingError(
            "the search tells two classes, 0 and 1, from each other; this application's labels are "
            f"{', '.join(f'{each:g}' for each in classes) or 'numbers: look at the rows that a release missed most'}"
        )
    rows = _labelled(folder, plan, book, history)
    rows = rows.with_columns(folds(rows, book.labelling.together or ("item",), count, SEED))
    recipe, chance = plan.recipes[0], np.zeros(rows.height)
    columns = ["truth", *needs(recipe, plan.features.origin)]
    for fold in range(count):
        inside = (rows[FOLD] == fold).to_numpy()
        tell(f"fold {fold + 1} of {count}: {recipe.name} is fitted without {int(inside.sum()):,} labels")
        learned = train_recipe(recipe, rows.filter(~inside).select(columns), SEED, origin=plan.features.origin)
        chance[inside] = outputs(learned, rows.filter(inside))
    found = suspects(rows["item"], rows["truth"].cast(pl.Int64).to_numpy(), np.column_stack([1 - chance, chance]))
    return Found(found, rows.height, count, recipe.name)


def _labelled(folder: Path, plan: Build, book: LabelBook, history: Mapping[str, pl.LazyFrame]) -> pl.DataFrame:
    """Examples with the label that stands in the table of labels, and what they are grouped by."""
    write_examples(folder, plan.features, plan.spine, plan.labels, history, Window(*plan.period(history)))
    together = book.labelling.together
    standing = book.resolved(book.labelling.policy).select("item", _stands="label")
    groups = book.items.select("item", *together).unique("item", keep="first")
    rows = (
        open_examples(folder, plan.features.origin)
        .filter("has_history")
        .with_columns(item=book.labelling.item)
        .join(standing, on="item", how="left", maintain_order="left")
        .with_columns(truth=pl.coalesce("_stands", "truth"))
        .join(groups, on="item", how="left", maintain_order="left")
        .filter(pl.col("truth").is_not_null())
        .collect()
    )
    if rows["truth"].n_unique() < 2:
        raise LabellingError(
            f"the {rows.height} labelled examples hold {rows['truth'].n_unique()} classes, so nothing can contradict "
            "them; label items of each class first"
        )
    return rows
