"""The recipes of a tabular application: one that is plain, and one with room for what depends on several columns."""

from afield.tabular.columns import Columns
from afield.training.recipes import (
    BoostedClasses,
    BoostedTrees,
    ClassRecipe,
    LogisticRegression,
    PoissonRegression,
    Recipe,
)

LEAVES, LEAF_ROWS, TREES, RATE = 15, 20, 150, 0.05


def plain(columns: Columns, features: tuple[str, ...] = ()) -> Recipe | ClassRecipe:
    """A linear model of the features, or of these few of them."""
    chosen, name = features or columns.features, f"linear_on_{features[0]}" if features else "linear"
    if columns.kind == "yes_or_no":
        return LogisticRegression(name, chosen, penalty=1e-3)
    return PoissonRegression(name, chosen, penalty=1e-3)


def rich(columns: Columns) -> Recipe | ClassRecipe:
    """Boosted trees of the features, small enough for some thousand rows."""
    if columns.kind == "yes_or_no":
        return BoostedClasses("boosted_trees", columns.features, trees=TREES, rate=RATE, leaves=LEAVES)
    return BoostedTrees("boosted_trees", columns.features, trees=TREES, rate=RATE, leaves=LEAVES, leaf_rows=LEAF_ROWS)
