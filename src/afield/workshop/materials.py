"""What the chosen recipe is trained on: declared materials held against each other in a backtest."""

from collections.abc import Callable
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.records.facts import Window
from afield.retraining.material import Material
from afield.statistics.bootstrap import paired
from afield.training.train import Trained
from afield.workshop.choosing import losses_of
from afield.workshop.plan import Build

ORIGINS = 3
"""Moments in the validation window at which each material is tried."""

Floats = NDArray[np.float64]
Moments = NDArray[np.datetime64]
Train = Callable[[pl.LazyFrame, pl.LazyFrame], Trained]


def choose_material(
    plan: Build, early: pl.LazyFrame, late: pl.LazyFrame, validation: Window, seed: int, train: Train
) -> tuple[Material, str]:
    """The material with the smallest mean loss on what followed, and what was seen, in words.

    At each of `ORIGINS` moments each material is trained on what was known then and judged on the stretch up to the
    next. The first that is declared is taken unless another is better beyond chance, as of recipes.

    Source: rolling-origin evaluation, Tashman, International Journal of Forecasting 16 (2000).

    Args:
        plan: declares the materials, the loss and what is drawn as a whole.
        early: examples of the training window.
        late: examples of the validation window.
        validation: that window.
        seed: of the draws.
        train: rows to train on, rows held → the fitted recipe.
    """
    usual, *others = plan.materials
    if not others:
        return usual, ""
    origin, length = plan.features.origin, (validation.end - validation.start) / ORIGINS
    starts = [validation.start + place * length for place in range(ORIGINS)]
    losses: dict[str, list[Floats]] = {m.name: [] for m in plan.materials}
    moments: list[pl.Series] = []
    for start in starts:
        held = late.filter(pl.col(origin).is_between(start, start + length, closed="left"))
        if held.select(pl.len()).collect().item() == 0:
            continue
        known = _known(plan, early, late, start)
        moments.append(held.select(pl.col(origin).dt.truncate(plan.block)).collect().to_series())
        for material in plan.materials:
            trained = train(material.of(known, origin, start, seed), held)
            losses[material.name].append(losses_of(plan, trained, held))
    if not moments:
        return usual, f"trained on {usual.name}: there are no rows to try others on"
    whole = {name: np.concatenate(each) for name, each in losses.items()}
    blocks = pl.concat(moments).to_numpy()
    best = min(plan.materials, key=lambda material: whole[material.name].mean())
    told = ", ".join(f"{name} {each.mean():.4f}" for name, each in whole.items())
    seen = f"mean loss in a backtest from {len(moments)} origins: {told}"
    if best is usual:
        return usual, f"trained on {usual.name}; {seen}"
    if not _better(whole[best.name], whole[usual.name], blocks, (best.name, usual.name), seed):
        return usual, f"trained on {usual.name}, as {best.name} is not better beyond chance; {seen}"
    return best, f"trained on {best.name}; {seen}"


def _known(plan: Build, early: pl.LazyFrame, late: pl.LazyFrame, moment: datetime) -> pl.LazyFrame:
    """The examples whose labels were known at the moment: a slot after their row."""
    return pl.concat([early, late.filter(pl.col(plan.features.origin) + plan.slot <= moment)])


def _better(first: Floats, second: Floats, blocks: Moments, names: tuple[str, str], seed: int) -> bool:
    """Whether the first losses are smaller beyond chance; blocks of time are drawn as a whole."""
    if len(np.unique(blocks)) < 2:
        return False
    ratio = paired(first, second, blocks, metric="loss", names=names, seed=seed).ratio
    return ratio is not None and ratio.interval.high < 1
