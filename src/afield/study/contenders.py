"""Contenders: what `afield compare` puts side by side: recipes, baselines, feature sets and releases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from afield.errors import UsageError
from afield.study.ablation import plain, without
from afield.training.prepared import IncrementalRegression, LinearRegression
from afield.training.recipes import (
    AnyRecipe,
    BoostedClasses,
    BoostedRanking,
    BoostedTrees,
    LogisticRegression,
    PlainRecipe,
    PoissonRegression,
)
from afield.workshop.plan import Build

FULL, WITHOUT = "full", "without:"
LINEAR = (PoissonRegression, LogisticRegression, LinearRegression, IncrementalRegression)
TREES = (BoostedTrees, BoostedClasses, BoostedRanking)

Kind = Literal["recipe", "features", "baseline", "release"]


@dataclass(frozen=True, slots=True)
class Contender:
    """One option.

    Attributes:
        name: unique among those compared.
        kind: of option.
        says: what it is, in words.
        recipe: what is fitted; None for a baseline and a release.
        column: the feature column that is a baseline's forecast, or "".
        release: digest, or "".
    """

    name: str
    kind: Kind
    says: str
    recipe: AnyRecipe | None = None
    column: str = ""
    release: str = ""


def every(plan: Build) -> tuple[Contender, ...]:
    """The rival, the build's recipes, the further ones that the application declares, and the baselines."""
    recipes = {each.name: each for each in (plan.rival, *plan.recipes, *plan.assessment.compared)}
    columns = [
        Contender(name, "baseline", _of_column(column), column=column) for name, column in plan.baselines.items()
    ]
    return (*(_of_recipe(recipe) for recipe in recipes.values()), *columns)


def named(plan: Build, text: str, release: Callable[[str], str]) -> Contender:
    """The contender that a person names: a recipe, a baseline, `full`, `without:GROUP` or the digits of a release.

    Args:
        plan: names recipes, baselines and groups of features.
        text: what was typed.
        release: the first digits of a release → its digest; raises UsageError where there is no such release.

    Raises:
        UsageError: nothing is called so.
    """
    known = {each.name: each for each in every(plan)}
    if text in known:
        return known[text]
    if text == FULL:
        return replace(_of_recipe(plan.recipes[0]), name=FULL, kind="features")
    if text.startswith(WITHOUT):
        return _without(plan, text.removeprefix(WITHOUT))
    try:
        digest = release(text)
    except UsageError as error:
        sets = (FULL, *(f"{WITHOUT}{group}" for group in plan.assessment.groups))
        raise UsageError(
            f"nothing to compare is called {text!r}. Recipes and baselines: {', '.join(known)}. Feature sets: "
            f"{', '.join(sets)}. Releases, by their first digits: see afield release list"
        ) from error
    return Contender(digest[:12], "release", f"release {digest[:12]}", release=digest)


def check_pair(first: Contender, second: Contender) -> None:
    """Return if the two can be compared.

    Raises:
        UsageError: they are the same, or one is a release and the other is not.
    """
    if first.name == second.name:
        raise UsageError(f"{first.name} twice: name two different options, or none for all of them")
    if (first.kind == "release") != (second.kind == "release"):
        raise UsageError(
            f"{first.name} ({first.kind}) and {second.name} ({second.kind}): a release was fitted on rows of its own, "
            "so it is compared with releases alone; name two releases, or two recipes or feature sets"
        )


def narrowed(recipe: AnyRecipe, dropped: Sequence[str]) -> PlainRecipe:
    """The recipe without these columns; of one that is tuned, with the settings that it is declared with.

    Raises:
        UsageError: the recipe reads none of them, or nothing but them.
    """
    whole = plain(recipe)
    kept = without(whole, dropped)
    if kept.columns == whole.columns:
        raise UsageError(f"{whole.name} reads none of {', '.join(dropped)}; leaving them out changes nothing")
    if not kept.columns:
        raise UsageError(f"{whole.name} reads nothing but {', '.join(dropped)}; there would be nothing left")
    return kept


def incremental(recipe: AnyRecipe) -> bool:
    """Whether it learns from new rows without seeing the old ones again."""
    return isinstance(recipe, IncrementalRegression)


def explainable(contender: Contender) -> str:
    """How an answer is explained, in words."""
    if contender.kind == "baseline":
        return "is one column: explains itself"
    if contender.recipe is None:
        return "as its recipe is"
    recipe = plain(contender.recipe)
    if isinstance(recipe, LINEAR):
        return "by its weights: what each column adds before the link"
    if isinstance(recipe, TREES):
        return "by Shapley values, exact for trees"
    return "from outside: by changing inputs"


def _of_recipe(recipe: AnyRecipe) -> Contender:
    kind = type(plain(recipe)).__name__
    words = "".join(f" {each.lower()}" if each.isupper() else each for each in kind).strip()
    return Contender(recipe.name, "recipe", f"{words}, {len(recipe.columns)} columns", recipe)


def _of_column(column: str) -> str:
    return f"the column {column}"


def _without(plan: Build, group: str) -> Contender:
    groups: Mapping[str, Sequence[str]] = plan.assessment.groups
    if group not in groups:
        known = ", ".join(groups) or "none; declare them in Assessment.groups"
        raise UsageError(f"no group of features called {group!r}; there is: {known}")
    recipe = narrowed(plan.recipes[0], groups[group])
    return Contender(f"{WITHOUT}{group}", "features", f"{plan.recipes[0].name}, {len(recipe.columns)} columns", recipe)
