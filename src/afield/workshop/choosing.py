"""Which recipe becomes the model: the best on the validation window; the simplest where chance may explain it."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.statistics.bootstrap import paired
from afield.training.models import outputs
from afield.training.recipes import AnyRecipe
from afield.training.simplicity import simplest
from afield.training.train import Trained
from afield.workshop.plan import Build


def choose(
    plan: Build,
    recipes: Sequence[AnyRecipe],
    tried: Mapping[str, Trained],
    held: pl.LazyFrame,
    seed: int,
    tell: Callable[[str], None],
) -> str:
    """Name of the recipe with the smallest mean loss on the rows held, if it beats the simplest beyond chance there.

    Otherwise the simplest is chosen: what is no better is not worth being harder to understand and to serve. Blocks
    of time are drawn as a whole, as where a release is judged.

    Args:
        plan: says the loss, and what is drawn as a whole.
        recipes: of which one is chosen.
        tried: name → each of them, fitted without the rows held.
        held: examples of the validation window.
        seed: of the draws.
        tell: is told how they did.
    """
    losses = {}
    for name, trained in tried.items():
        losses[name] = losses_of(plan, trained, held)
        tell(f"fitted {name}: validation loss {losses[name].mean():.4f}, {trained.report['seconds']:.1f} s")
    best = min(losses, key=lambda name: losses[name].mean())
    least = simplest(recipes).name
    if best == least:
        return best
    blocks = held.select(pl.col(plan.features.origin).dt.truncate(plan.block)).collect().to_series().to_numpy()
    if len(np.unique(blocks)) < 2:
        tell(f"the validation window holds one stretch of {plan.block}: {best} cannot be told from {least}")
        return least
    ratio = paired(losses[best], losses[least], blocks, metric="loss", names=(best, least), seed=seed).ratio
    if ratio is not None and ratio.interval.high < 1:
        return best
    between = "" if ratio is None else f": {ratio.interval.low:.3f} to {ratio.interval.high:.3f} times its loss"
    tell(f"{best} is not better than {least} beyond chance there{between}; the simplest is taken")
    return least


def losses_of(plan: Build, trained: Trained, held: pl.LazyFrame) -> NDArray[np.float64]:
    """The loss of each row held."""
    rows = held.select("truth", *trained.features).collect()
    return np.asarray(plan.loss(outputs(trained, rows), rows["truth"].to_numpy()))
