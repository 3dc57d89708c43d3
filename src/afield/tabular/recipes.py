"""The recipes of a tabular application: one that is plain, and one with room for what depends on several columns."""

from dataclasses import replace

from afield.tabular.columns import Columns
from afield.training.prepared import LinearRegression
from afield.training.recipes import (
    AnyRecipe,
    BoostedClasses,
    BoostedTrees,
    LogisticRegression,
    PoissonRegression,
)

TREES, RATE, LEAVES = 150, 0.05, 15


def plain(columns: Columns, features: tuple[str, ...] = ()) -> AnyRecipe:
    """A linear model of the features, or of these few of them."""
    chosen, name = features or columns.features, f"linear_on_{features[0]}" if features else "linear"
    if columns.kind == "yes_or_no":
        return LogisticRegression(name, chosen, penalty=1e-3)
    if columns.kind == "count":
        return PoissonRegression(name, chosen, penalty=1e-3)
    return LinearRegression(name, chosen, penalty=1e-3)


def rich(columns: Columns) -> AnyRecipe:
    """Boosted trees of the features, small enough for some thousand rows."""
    name = "boosted_trees"
    if columns.kind == "yes_or_no":
        return BoostedClasses(name, columns.features, trees=TREES, rate=RATE, leaves=LEAVES)
    trees = BoostedTrees(name, columns.features, trees=TREES, rate=RATE, leaves=LEAVES)
    return trees if columns.kind == "count" else replace(trees, loss="squared")
