"""Train an order: a recipe, examples in groups and a seed give exported scores by which the rows of a group stand."""

import numpy as np
import polars as pl
from numpy.typing import NDArray
from onnx import helper

from afield.errors import TrainingError
from afield.training.boosting import THREADS, WITHOUT, booster_settings, lightgbm
from afield.training.drawing import numbers
from afield.training.graphs import ensemble, written
from afield.training.preparing import refuse_infinite
from afield.training.recipes import BoostedRanking
from afield.training.scoring import matrix, probabilities
from afield.training.train import CHECKED, Trained, export_difference
from afield.training.trees import from_lightgbm

SCORE = "score"
MOST = 30
"""The highest relevance: its gain, 2³⁰ − 1, is the largest that LightGBM knows."""
LARGEST = 10_000
"""Most rows of a group that LightGBM takes."""


def train_ranking(recipe: BoostedRanking, examples: pl.DataFrame, seed: int, *, label: str = "truth") -> Trained:
    """The recipe's scores, exported to ONNX as the output `score` and checked against the learner.

    Args:
        recipe: what to fit.
        examples: feature columns, the column of the group, and the label: whole numbers from 0 to 30.
        seed: of every draw; the same examples and seed give the same bytes.
        label: how relevant a row is within its group.

    Raises:
        TrainingError: the examples cannot teach an order, LightGBM is missing, or the exported model differs from it.
    """
    if lightgbm is None:
        raise TrainingError(f"recipe {recipe.name}: ranking needs LightGBM: {WITHOUT.partition(';')[0]}; install it")
    relevance = numbers(recipe.name, examples, (*recipe.columns, recipe.group), label)
    if not (np.isin(relevance, np.arange(MOST + 1))).all():
        raise TrainingError(
            f"recipe {recipe.name}: {label} must be whole numbers from 0 to {MOST}: how relevant a row is"
        )
    ordered = examples.sort(recipe.group, maintain_order=True)
    sizes = _sizes(recipe, ordered, label)
    rows = matrix(ordered, recipe.columns)
    refuse_infinite(rows, recipe.columns, recipe.name)
    settings = {"objective": "lambdarank", **booster_settings(recipe, seed)}
    data = lightgbm.Dataset(rows, ordered[label].cast(pl.Int64).to_numpy(), group=sizes, params=settings)
    booster = lightgbm.train(settings, data, recipe.trees)
    trees = [from_lightgbm(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    nodes = [ensemble(trees, [0.0]), helper.make_node("Reshape", ["grown", "flat"], [SCORE])]
    model = written(nodes, {"flat": np.array([-1], np.int64)}, len(recipe.columns), {SCORE: 0})
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    made = probabilities(model, recipe.columns, (SCORE,), sample)[:, 0]
    expected = np.asarray(booster.predict(matrix(sample, recipe.columns), num_threads=THREADS))
    report: dict[str, float | str] = {
        "learner": f"LightGBM {lightgbm.__version__}",
        "rows": float(len(examples)),
        "groups": float(len(sizes)),
        "export_difference": export_difference(recipe.name, made, expected),
    }
    return Trained(recipe.name, model, recipe.columns, {}, report, outputs=(SCORE,))


def _sizes(recipe: BoostedRanking, ordered: pl.DataFrame, label: str) -> NDArray[np.int64]:
    """Rows of each group, in order.

    Raises:
        TrainingError: a group is too large, or none holds two rows of different relevance.
    """
    groups = ordered.group_by(recipe.group, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("rows"), (pl.col(label).max() > pl.col(label).min()).alias("tells")
    )
    largest = groups.sort("rows")[-1]
    if int(largest["rows"].item()) > LARGEST:
        raise TrainingError(
            f"recipe {recipe.name}: group {largest[recipe.group].item()} has {largest['rows'].item():,} rows; at most "
            f"{LARGEST:,} can be ordered together: choose a finer group"
        )
    if not groups["tells"].any():
        raise TrainingError(
            f"recipe {recipe.name}: in none of the {groups.height} groups of {recipe.group} does {label} differ; "
            "there is no order to learn"
        )
    return groups["rows"].to_numpy()
