"""Models: any recipe, examples and a seed give a trained model, with what the training cost."""

from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.training.class_graphs import Calibration
from afield.training.classes import features as class_features
from afield.training.classes import train_classes
from afield.training.cost import measured
from afield.training.recipes import AnyRecipe, BoostedTrees, PoissonRegression
from afield.training.scoring import probabilities
from afield.training.train import Constants, Trained, train

Values = NDArray[np.float64]


def train_recipe(
    recipe: AnyRecipe,
    examples: pl.DataFrame,
    seed: int,
    *,
    label: str = "truth",
    origin: str = "slot",
    constants: Constants | None = None,
    held: pl.DataFrame | None = None,
    before: Trained | None = None,
) -> Trained:
    """The recipe's model of the label, exported to ONNX and checked against the learner.

    Its report tells `learner`, `rows`, `export_difference`, `seconds` (wall time) and `memory` (bytes beyond what
    was held before), whatever the recipe.

    Args:
        recipe: what to fit.
        examples: the columns that `needs` names, and the label.
        seed: of every draw; the same examples and seed give the same bytes.
        label: the column to learn.
        origin: the moment of each row, for recipes that weigh by age.
        constants: `(first output, truth) -> name → number`, fitted on `held`.
        held: rows held back from the examples: calibration and constants are fitted on them.
        before: the same recipe fitted without the rows held, where `examples` contain them: its calibration and its
            constants are kept.

    Raises:
        TrainingError: the examples cannot teach the recipe, or the exported model differs from the learner.
    """
    with measured() as cost:
        if isinstance(recipe, BoostedTrees | PoissonRegression):
            trained = train(recipe, examples, seed, label=label, origin=origin)
        else:
            line = Calibration(float(before.report["slope"]), float(before.report["shift"])) if before else None
            trained = train_classes(recipe, examples, seed, label=label, calibration=held, line=line)
        fitted = (
            before.constants if before else _constants(constants, trained, examples if held is None else held, label)
        )
    report = {**trained.report, "seconds": cost.seconds, "memory": cost.memory}
    return replace(trained, constants=dict(fitted), report=report)


def needs(recipe: AnyRecipe, origin: str = "slot") -> tuple[str, ...]:
    """The columns of the examples that a recipe reads, but for the label."""
    if isinstance(recipe, BoostedTrees | PoissonRegression):
        return tuple(dict.fromkeys((origin, *recipe.columns)))
    return (*class_features(recipe), *([recipe.weight] if recipe.weight else []))


def outputs(trained: Trained, rows: pl.DataFrame) -> Values:
    """The first output of the model for each row, shape `(len(rows),)`."""
    return probabilities(trained.model, trained.features, trained.outputs[:1], rows)[:, 0]


def _constants(constants: Constants | None, trained: Trained, rows: pl.DataFrame, label: str) -> dict[str, float]:
    return dict(constants(outputs(trained, rows), rows[label].cast(pl.Float64).to_numpy())) if constants else {}
