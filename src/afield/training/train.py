"""Train: a recipe, examples and a seed give an exported model that answers as the learner does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.linear_model import PoissonRegressor

from afield.errors import TrainingError
from afield.training.boosting import WITHOUT, Grown, Predict, grow
from afield.training.drawing import MULTIPLYING, Drawn, Values, check, draw, truth
from afield.training.graphs import OFFSET, Linear, graph
from afield.training.recipes import BoostedTrees, PlainRecipe, PoissonRegression, Recipe
from afield.training.scoring import forecast, matrix
from afield.training.tuning import Trial

Constants = Callable[[Values, Values], Mapping[str, float]]

EXPORT_TOLERANCE = 2e-5
CHECKED = 5000


@dataclass(frozen=True, slots=True)
class Trained:
    """A fitted and exported model.

    Attributes:
        recipe: name of the recipe.
        model: the ONNX graph: float32 `rows` (n, features) → `forecast` (n, 1).
        features: its input columns, in order.
        constants: fitted numbers that inference needs beside the graph.
        report: learner, rows, rows drawn of them, seconds, largest relative difference of the export.
        messages: what a person should know, e.g. that another learner stood in.
        outputs: names of the graph's outputs.
        settled: the recipe with the settings that a search chose; None where nothing was searched for.
        trials: what the search tried.
    """

    recipe: str
    model: bytes
    features: tuple[str, ...]
    constants: Mapping[str, float]
    report: Mapping[str, float | str]
    messages: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("forecast",)
    settled: PlainRecipe | None = None
    trials: tuple[Trial, ...] = ()


def train(
    recipe: Recipe,
    examples: pl.DataFrame,
    seed: int,
    *,
    label: str = "truth",
    origin: str = "slot",
    constants: Constants | None = None,
    calibration: pl.DataFrame | None = None,
) -> Trained:
    """The recipe's model of the label, exported to ONNX and checked against the learner.

    Args:
        recipe: what to fit.
        examples: feature columns, the label (counts) and the origin (for a recipe that weighs by age).
        seed: of every draw; the same examples and seed give the same bytes.
        label: the column to learn.
        origin: the moment of each row.
        constants: `(forecast, truth) -> name → number`, fitted on `calibration`.
        calibration: rows held back from the examples; the examples themselves where None.

    Raises:
        TrainingError: the examples cannot teach the recipe, or the exported model differs from the learner.
    """
    started = perf_counter()
    check(recipe, examples, label)
    drawn = draw(recipe, examples, label, origin, seed)
    regression = recipe if isinstance(recipe, PoissonRegression) else recipe.start
    line = _regress(regression, recipe.columns, drawn) if regression else None
    if isinstance(recipe, BoostedTrees):
        grown = grow(recipe, drawn.beyond(_along(line, drawn.rows)) if line else drawn, seed)
    else:
        grown = Grown("scikit-learn PoissonRegressor", [], 0.0, lambda rows: np.ones(len(rows)))
    exposure = recipe.columns.index(recipe.exposure) if recipe.exposure else None
    multiplies = isinstance(recipe, PoissonRegression) or recipe.loss in MULTIPLYING
    model = graph(len(recipe.columns), grown.trees, grown.start, line, exposure, exponential=multiplies)
    difference = _difference(recipe, model, grown.predict, line, examples, seed)
    held = examples if calibration is None else calibration
    fitted = dict(constants(forecast(model, recipe.columns, held), truth(held, label))) if constants else {}
    report: dict[str, float | str] = {
        "learner": grown.learner,
        "rows": float(len(examples)),
        "drawn": float(len(drawn.target)),
        "seconds": perf_counter() - started,
        "export_difference": difference,
    }
    messages = (WITHOUT,) if WITHOUT and isinstance(recipe, BoostedTrees) else ()
    return Trained(recipe.name, model, recipe.columns, fitted, report, messages)


def _regress(recipe: PoissonRegression, columns: tuple[str, ...], drawn: Drawn) -> Linear:
    """The Poisson regression as a linear term over all `columns`; those it does not use weigh nothing."""
    used = np.array([name in recipe.columns for name in columns])
    logs = np.array([name in recipe.logs for name in columns])
    taken = _taken(drawn.rows, logs)
    known = np.isfinite(taken)
    counts = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, taken, 0.0).sum(axis=0) / counts
    spread = np.sqrt((np.where(known, taken - centre, 0.0) ** 2).sum(axis=0) / counts)
    scale = np.where(spread > 0, spread, 1.0)
    standard = np.nan_to_num((taken - centre) / scale, nan=0.0)[:, used]
    learner = PoissonRegressor(alpha=recipe.penalty, solver="newton-cholesky", max_iter=100)
    learner.fit(standard, drawn.target, sample_weight=drawn.weight)
    weights = np.zeros(len(columns))
    weights[used] = learner.coef_
    return Linear(weights, centre, scale, logs, float(learner.intercept_))


def _taken(rows: NDArray[np.float32], logs: NDArray[np.bool_]) -> Values:
    taken = rows.astype(np.float64)
    taken[:, logs] = np.log(taken[:, logs] + OFFSET)
    return taken


def _along(line: Linear, rows: NDArray[np.float32]) -> Values:
    standard = np.nan_to_num((_taken(rows, line.logs) - line.centre) / line.scale, nan=0.0)
    return np.asarray(np.exp(standard @ line.weights + line.intercept))


def export_difference(recipe: str, made: Values, expected: Values, tolerance: float = EXPORT_TOLERANCE) -> float:
    """The largest difference between the exported model and its learner, relative to the size of its answers.

    Args:
        recipe: its name, for the message.
        made: answers of the exported model, shape `(n,)`.
        expected: those of the learner.
        tolerance: what counts as rounding.

    Raises:
        TrainingError: it is more than rounding.
    """
    size = max(float(np.abs(expected).mean()), float(np.finfo(np.float32).tiny))
    difference = float(np.max(np.abs(made - expected) / np.maximum(np.abs(expected), size)))
    if not difference <= tolerance:
        raise TrainingError(
            f"recipe {recipe}: the exported model differs from the learner by {difference:.1e} (relative); "
            f"at most {tolerance:.0e} is rounding: do not release it, report it"
        )
    return difference


def _difference(
    recipe: Recipe, model: bytes, predict: Predict, line: Linear | None, examples: pl.DataFrame, seed: int
) -> float:
    """The export difference on a sample of the examples."""
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    rows = matrix(sample, recipe.columns)
    expected = predict(rows) * (_along(line, rows) if line else 1.0)
    if recipe.exposure:
        expected = expected * rows[:, recipe.columns.index(recipe.exposure)]
    return export_difference(recipe.name, forecast(model, recipe.columns, sample), expected)
