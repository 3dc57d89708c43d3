"""Ablation: a recipe without some of its columns, or with more, fitted and held against it on unseen rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import EvaluationError
from afield.evaluation.importance import raised, spread_of_fits
from afield.records.evidence import Comparison
from afield.training.models import needs, outputs, train_recipe
from afield.training.recipes import AnyRecipe, PlainRecipe, Tuned
from afield.workshop.plan import Build

Floats = NDArray[np.float64]
Chosen = TypeVar("Chosen")

SEEDS = (17, 18)
"""Every recipe is fitted with each: what the draws of one fit do is told apart from what the columns do."""


@dataclass(frozen=True, slots=True)
class Ablated:
    """What leaving columns out, or adding them, did.

    Attributes:
        comparisons: name → the loss without against the loss with the columns; a difference above 0: they help.
        spread: standard error that the draws of the fits add to each difference.
    """

    comparisons: Mapping[str, Comparison]
    spread: float


@dataclass(frozen=True, slots=True)
class Fits:
    """Rows to fit on, to calibrate on and to be judged on, in memory.

    Attributes:
        plan: how the application is built.
        early: of the training window, with history.
        held: of the validation window, with history.
        late: of the test window, with history.
        blocks: label of the block of each late row.
    """

    plan: Build
    early: pl.DataFrame
    held: pl.DataFrame
    late: pl.DataFrame
    blocks: NDArray[np.int64]


def plain(recipe: AnyRecipe) -> PlainRecipe:
    """The recipe itself: of one that is tuned, with the settings that it is declared with, not searched for again."""
    return recipe.recipe if isinstance(recipe, Tuned) else recipe


def without(recipe: Chosen, names: Sequence[str]) -> Chosen:
    """The recipe without some columns, in whatever it uses them for."""
    if not is_dataclass(recipe) or isinstance(recipe, type):
        return recipe
    changed: dict[str, object] = {}
    for field in fields(recipe):
        value = getattr(recipe, field.name)
        if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
            changed[field.name] = tuple(each for each in value if each not in names)
        elif isinstance(value, str) and value in names:
            changed[field.name] = ""
        elif is_dataclass(value):
            changed[field.name] = without(value, names)
    return replace(recipe, **changed)


def with_more(recipe: PlainRecipe, names: Sequence[str]) -> PlainRecipe:
    """The recipe with further columns behind its own."""
    return replace(recipe, columns=(*recipe.columns, *(name for name in names if name not in recipe.columns)))


def ablate(
    fits: Fits, recipe: AnyRecipe, groups: Mapping[str, Sequence[str]], metric: str, tell: Callable[[str], None]
) -> Ablated:
    """Each group left out of the recipe, or added where the recipe uses none of it, and both held against each other.

    The loss of a row is the mean over fits with each of `SEEDS`.

    Args:
        fits: the rows.
        recipe: what is examined.
        groups: name → columns.
        metric: name of the loss.
        tell: is told what happens.

    Raises:
        EvaluationError: the recipe uses none of the columns.
    """
    whole = plain(recipe)
    used = {name: [each for each in columns if each in whole.columns] for name, columns in groups.items()}
    if not any(used.values()):
        raise EvaluationError(f"recipe {whole.name} uses none of the columns of the groups; check Assessment.groups")
    tell(f"fitting {whole.name} {len(SEEDS)} × {len(groups) + 1} times: with everything, and by group")
    losses = {"": _losses(fits, whole)}
    for name, columns in groups.items():
        if used[name]:
            changed = without(whole, columns)
            if not changed.columns:
                continue  # nothing is left to learn from
        else:
            changed = with_more(whole, columns)
        losses[name] = _losses(fits, changed)
        tell(f"  {'without' if used[name] else 'with'} {name}: loss {losses[name].mean():.4f}, {losses[''].mean():.4f}")
    spread = spread_of_fits([each.mean(axis=1) for each in losses.values()])
    mean = {name: each.mean(axis=0) for name, each in losses.items()}
    pairs = {name: (each, mean[""]) if used[name] else (mean[""], each) for name, each in mean.items() if name}
    return Ablated(
        {
            name: raised(fewer, more, fits.blocks, metric=metric, name=name, spread=spread)
            for name, (fewer, more) in pairs.items()
        },
        spread,
    )


def _losses(fits: Fits, recipe: AnyRecipe) -> Floats:
    """The loss of each late row under a fit with each seed, shape `(seeds, rows)`."""
    plan = fits.plan
    columns = list(dict.fromkeys(("truth", *needs(recipe, plan.features.origin))))
    truth = fits.late["truth"].cast(pl.Float64).to_numpy()
    found = []
    for seed in SEEDS:
        trained = train_recipe(
            recipe, fits.early.select(columns), seed, origin=plan.features.origin, held=fits.held.select(columns)
        )
        found.append(plan.loss(outputs(trained, fits.late), truth))
    return np.stack(found)
