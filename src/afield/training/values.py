"""Train numbers by an estimator: a recipe, examples and a seed give an exported regression."""

import numpy as np
import polars as pl
from onnx import helper

from afield.training.drawing import numbers, truth
from afield.training.estimators import PreparedRecipe, learn
from afield.training.graphs import written
from afield.training.prepared import NeuralNetwork
from afield.training.scoring import forecast, matrix
from afield.training.train import CHECKED, EXPORT_TOLERANCE, Trained, export_difference


def train_values(recipe: PreparedRecipe, examples: pl.DataFrame, seed: int, *, label: str = "truth") -> Trained:
    """The recipe's model of the label, a number, exported to ONNX and checked against the learner.

    Args:
        recipe: what to fit.
        examples: feature columns and the label.
        seed: of every draw; the same examples and seed give the same bytes.
        label: the column to learn.

    Raises:
        TrainingError: the examples cannot teach the recipe, the estimator does not convert, or the exported model
            differs from the learner.
    """
    values = numbers(recipe.name, examples, (*recipe.columns, *([recipe.weight] if recipe.weight else [])), label)
    weight = truth(examples, recipe.weight) if recipe.weight else np.ones(len(values))
    # A network learns a number of about the size of its weights.
    centre, spread = (float(values.mean()), float(values.std())) if isinstance(recipe, NeuralNetwork) else (0.0, 1.0)
    learnt = learn(recipe, matrix(examples, recipe.columns), (values - centre) / spread, weight, seed)
    floor = -np.inf if recipe.floor is None else recipe.floor
    constants = {
        "centre of truth": np.array(centre, np.float32),
        "spread of truth": np.array(spread, np.float32),
        "floor": np.array(floor, np.float32),
    }
    nodes = [
        *learnt.nodes,
        helper.make_node("Mul", ["learnt", "spread of truth"], ["spread out"]),
        helper.make_node("Add", ["spread out", "centre of truth"], ["found"]),
        helper.make_node("Max", ["found", "floor"], ["forecast"]),
    ]
    model = written(nodes, {**learnt.constants, **constants}, len(recipe.columns), {"forecast": 1})
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    expected = np.maximum(learnt.predict(matrix(sample, recipe.columns))[:, 0] * spread + centre, floor)
    report: dict[str, float | str] = {
        "learner": learnt.learner,
        "rows": float(len(examples)),
        "export_difference": export_difference(
            recipe.name, forecast(model, recipe.columns, sample), expected, tolerance=10 * EXPORT_TOLERANCE
        ),
    }
    return Trained(recipe.name, model, recipe.columns, {}, report, learnt.messages)
