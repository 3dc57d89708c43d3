"""Boosting: trees grown by LightGBM on one thread, or by scikit-learn where LightGBM cannot be loaded."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

from afield.training.drawing import MULTIPLYING, Drawn, Values
from afield.training.graphs import Tree
from afield.training.recipes import BoostedClasses, BoostedRanking, BoostedTrees
from afield.training.trees import from_lightgbm, from_scikit

Predict = Callable[[NDArray[np.float32]], Values]

OBJECTIVES = {"poisson": "poisson", "gamma": "gamma", "squared": "regression", "absolute": "regression_l1"}
THREADS = 1
"""One thread: two that wait for each other by spinning take many times as long once a core is shared with the
service, and the sums of one are the same on every machine."""

lightgbm: ModuleType | None
try:
    lightgbm = import_module("lightgbm")
except (ImportError, OSError) as error:
    lightgbm = None
    WITHOUT = f"LightGBM cannot be loaded ({error}); scikit-learn's boosting stands in"
else:
    WITHOUT = ""


@dataclass(frozen=True, slots=True)
class Grown:
    """Fitted trees, the value that their sum starts from, and what the learner itself predicts."""

    learner: str
    trees: list[Tree]
    start: float
    predict: Predict


def grow(recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    """The trees of a recipe, grown by LightGBM, or by scikit-learn where that cannot be loaded."""
    return _grow_with_scikit(recipe, drawn, seed) if lightgbm is None else _grow_with(lightgbm, recipe, drawn, seed)


def booster_settings(
    recipe: BoostedTrees | BoostedClasses | BoostedRanking, seed: int
) -> dict[str, float | int | bool]:
    """LightGBM's settings for a recipe, but for its objective: on one thread, the same trees every time."""
    return {
        "learning_rate": recipe.rate,
        "num_leaves": recipe.leaves,
        "min_data_in_leaf": recipe.leaf_rows,
        "feature_fraction": recipe.column_share,
        "bagging_fraction": recipe.row_share,
        "bagging_freq": 1 if recipe.row_share < 1 else 0,
        "seed": seed,
        "num_threads": THREADS,
        "deterministic": True,
        "force_row_wise": True,
        "verbosity": -1,
    }


def _grow_with(library: ModuleType, recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    settings = {"objective": OBJECTIVES[recipe.loss], **booster_settings(recipe, seed)}
    data = library.Dataset(drawn.rows, drawn.target, weight=drawn.weight, params=settings)
    booster = library.train(settings, data, recipe.trees)
    trees = [from_lightgbm(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    name = f"LightGBM {library.__version__}"
    return Grown(name, trees, 0.0, lambda rows: np.asarray(booster.predict(rows, num_threads=THREADS)))


def _grow_with_scikit(recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    """Trees of scikit-learn, which draws columns per split and no rows."""
    learner = HistGradientBoostingRegressor(
        loss=recipe.loss if recipe.loss in MULTIPLYING else f"{recipe.loss}_error",
        learning_rate=recipe.rate,
        max_iter=recipe.trees,
        max_leaf_nodes=recipe.leaves,
        min_samples_leaf=recipe.leaf_rows,
        max_features=recipe.column_share,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(THREADS):
        learner.fit(drawn.rows, drawn.target, sample_weight=drawn.weight)
    trees, (start,) = from_scikit(learner)
    name = "scikit-learn HistGradientBoostingRegressor"
    return Grown(name, trees, start, lambda rows: np.asarray(learner.predict(rows)))
