"""Which of several recipes is the simplest: the one that all others have to be worth it against."""

from collections.abc import Sequence

from afield.errors import TrainingError
from afield.training.prepared import IncrementalRegression, LinearRegression
from afield.training.recipes import AnyRecipe, BoostedTrees, LogisticRegression, PoissonRegression, Tuned

LINEAR = (PoissonRegression, LogisticRegression, LinearRegression, IncrementalRegression)


def simplest(recipes: Sequence[AnyRecipe]) -> AnyRecipe:
    """The least complex of the recipes: linear before others, fewer columns before more; the first of equals.

    Raises:
        TrainingError: there are none.
    """
    if not recipes:
        raise TrainingError("there is no recipe to choose from; a build declares at least one")
    return min(recipes, key=complexity)


def complexity(recipe: AnyRecipe) -> tuple[int, int]:
    """A recipe's rank among kinds of models, 0 for one that a person can read; and the columns that it reads."""
    plain = recipe.recipe if isinstance(recipe, Tuned) else recipe
    if isinstance(plain, LINEAR):
        tokens = plain.tokens if isinstance(plain, LogisticRegression) else ()
        return 0, len(plain.columns) + len(tokens)
    start = plain.start if isinstance(plain, BoostedTrees) else None
    return (2 if start else 1), len(plain.columns)
