"""Models: any recipe, examples and a seed give a trained model, with what the training cost."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import TrainingError
from afield.statistics.losses import squared_error
from afield.training.class_graphs import Calibration
from afield.training.classes import features as class_features
from afield.training.classes import train_classes
from afield.training.cost import measured
from afield.training.incremental import train_incremental
from afield.training.prepared import Estimator, IncrementalRegression, LinearRegression, NeuralNetwork
from afield.training.ranking import train_ranking
from afield.training.recipes import AnyRecipe, BoostedRanking, BoostedTrees, PlainRecipe, PoissonRegression, Tuned
from afield.training.scoring import probabilities
from afield.training.train import Constants, Trained, train
from afield.training.tuning import Remember, Trial, remember_nothing, summary, tune
from afield.training.values import train_values

Values = NDArray[np.float64]
Loss = Callable[[Values, Values], Values]


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
    loss: Loss = squared_error,
    parent: bytes | None = None,
    remember: Remember = remember_nothing,
) -> Trained:
    """The recipe's model of the label, exported to ONNX and checked against the learner.

    Its report tells `learner`, `rows`, `export_difference`, `seconds` (wall time) and `memory` (bytes beyond what
    was held before), whatever the recipe; of one that was tuned they are those of the last training.

    Args:
        recipe: what to fit.
        examples: the columns that `needs` names, and the label.
        seed: of every draw; the same examples and seed give the same bytes.
        label: the column to learn.
        origin: the moment of each row, for recipes that weigh by age or go on from a parent.
        constants: `(first output, truth) -> name → number`, fitted on `held`.
        held: rows held back from the examples: calibration, constants and settings are fitted on them.
        before: the same recipe fitted without the rows held, where `examples` contain them: its calibration, its
            constants and its settings are kept.
        loss: `(first output, truth)` → loss per row, by which settings are chosen.
        parent: the ONNX graph that an incremental recipe goes on from; others do not look at it.
        remember: knows trials of a search that was interrupted.

    Raises:
        TrainingError: the examples cannot teach the recipe, or the exported model differs from the learner.
    """
    if isinstance(recipe, Tuned):
        if before and before.settled:
            settled, trials, report = before.settled, before.trials, {}
        else:
            settled, trials = _search(recipe, examples, seed, label, origin, held, loss, remember)
            report = summary(recipe, trials)
        found = train_recipe(
            settled,
            examples,
            seed,
            label=label,
            origin=origin,
            constants=constants,
            held=held,
            before=before,
            parent=parent,
        )
        return replace(found, settled=settled, trials=trials, report={**found.report, **report})
    with measured() as cost:
        trained = _trained(recipe, examples, seed, label, origin, held, before, parent)
        fitted = (
            before.constants if before else _constants(constants, trained, examples if held is None else held, label)
        )
    return replace(
        trained, constants=dict(fitted), report={**trained.report, "seconds": cost.seconds, "memory": cost.memory}
    )


def needs(recipe: AnyRecipe, origin: str = "slot") -> tuple[str, ...]:
    """The columns of the examples that a recipe reads, but for the label."""
    plain = recipe.recipe if isinstance(recipe, Tuned) else recipe
    if isinstance(plain, BoostedTrees | PoissonRegression | IncrementalRegression):
        return tuple(dict.fromkeys((origin, *plain.columns)))
    if isinstance(plain, BoostedRanking):
        return tuple(dict.fromkeys((*plain.columns, plain.group)))
    columns = plain.columns if isinstance(plain, LinearRegression) else class_features(plain)
    return tuple(dict.fromkeys((*columns, *([plain.weight] if plain.weight else []))))


def outputs(trained: Trained, rows: pl.DataFrame) -> Values:
    """The first output of the model for each row, shape `(len(rows),)`."""
    return probabilities(trained.model, trained.features, trained.outputs[:1], rows)[:, 0]


def _constants(constants: Constants | None, trained: Trained, rows: pl.DataFrame, label: str) -> dict[str, float]:
    return dict(constants(outputs(trained, rows), rows[label].cast(pl.Float64).to_numpy())) if constants else {}


def _trained(
    recipe: PlainRecipe,
    examples: pl.DataFrame,
    seed: int,
    label: str,
    origin: str,
    held: pl.DataFrame | None,
    before: Trained | None,
    parent: bytes | None,
) -> Trained:
    """By the function that knows this kind of recipe."""
    if isinstance(recipe, BoostedTrees | PoissonRegression):
        return train(recipe, examples, seed, label=label, origin=origin)
    if isinstance(recipe, BoostedRanking):
        return train_ranking(recipe, examples, seed, label=label)
    if isinstance(recipe, IncrementalRegression):
        return train_incremental(recipe, examples, seed, label=label, origin=origin, parent=parent)
    if isinstance(recipe, LinearRegression) or (
        isinstance(recipe, Estimator | NeuralNetwork) and recipe.task == "numbers"
    ):
        return train_values(recipe, examples, seed, label=label)
    line = Calibration(float(before.report["slope"]), float(before.report["shift"])) if before else None
    return train_classes(recipe, examples, seed, label=label, calibration=held, line=line)


def _search(
    tuned: Tuned,
    examples: pl.DataFrame,
    seed: int,
    label: str,
    origin: str,
    held: pl.DataFrame | None,
    loss: Loss,
    remember: Remember,
) -> tuple[PlainRecipe, tuple[Trial, ...]]:
    """The recipe with the settings that lose least on the rows held, and what was tried."""
    if held is None:
        raise TrainingError(f"recipe {tuned.name}: its settings are chosen on rows held back; give them as held=")

    def judge(recipe: PlainRecipe) -> tuple[float, float]:
        trained = train_recipe(recipe, examples, seed, label=label, origin=origin, held=held)
        found = loss(outputs(trained, held), held[label].cast(pl.Float64).to_numpy())
        return float(np.mean(found)), float(trained.report["seconds"])

    return tune(tuned, judge, seed, remember)
