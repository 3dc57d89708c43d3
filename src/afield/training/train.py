"""Train: a recipe, examples and a seed give an exported model that answers as the learner does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from time import perf_counter
from types import ModuleType

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import PoissonRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

from afield.errors import TrainingError
from afield.training.drawing import Drawn, Values, check, draw, truth
from afield.training.graphs import OFFSET, Linear, Tree, graph
from afield.training.recipes import BoostedClasses, BoostedTrees, PoissonRegression, Recipe
from afield.training.scoring import forecast, matrix
from afield.training.trees import from_lightgbm, from_scikit

Constants = Callable[[Values, Values], Mapping[str, float]]
Predict = Callable[[NDArray[np.float32]], Values]

EXPORT_TOLERANCE = 2e-5
CHECKED = 5000
THREADS = 1
"""One thread: two that wait for each other by spinning take many times as long once a core is shared with the
service, and the sums of one are the same on every machine."""

lightgbm: ModuleType | None
try:
    lightgbm = import_module("lightgbm")
except (ImportError, OSError) as error:
    lightgbm = None
    WITHOUT = f"LightGBM cannot be loaded ({error}); scikit-learn's Poisson boosting stands in"
else:
    WITHOUT = ""


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
    """

    recipe: str
    model: bytes
    features: tuple[str, ...]
    constants: Mapping[str, float]
    report: Mapping[str, float | str]
    messages: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ("forecast",)


@dataclass(frozen=True, slots=True)
class Grown:
    """Fitted trees, the value that their sum starts from, and what the learner itself predicts."""

    learner: str
    trees: list[Tree]
    start: float
    predict: Predict


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
        grown = _grow(recipe, drawn.beyond(_along(line, drawn.rows)) if line else drawn, seed)
    else:
        grown = Grown("scikit-learn PoissonRegressor", [], 0.0, lambda rows: np.ones(len(rows)))
    exposure = recipe.columns.index(recipe.exposure) if recipe.exposure else None
    model = graph(len(recipe.columns), grown.trees, grown.start, line, exposure)
    difference = _export_difference(recipe, model, grown.predict, line, examples, seed)
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


def booster_settings(recipe: BoostedTrees | BoostedClasses, seed: int) -> dict[str, float | int | bool]:
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


def _grow(recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    return _grow_with_scikit(recipe, drawn, seed) if lightgbm is None else _grow_with(lightgbm, recipe, drawn, seed)


def _grow_with(library: ModuleType, recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    settings = {"objective": recipe.loss, **booster_settings(recipe, seed)}
    data = library.Dataset(drawn.rows, drawn.target, weight=drawn.weight, params=settings)
    booster = library.train(settings, data, recipe.trees)
    trees = [from_lightgbm(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    name = f"LightGBM {library.__version__}"
    return Grown(name, trees, 0.0, lambda rows: np.asarray(booster.predict(rows, num_threads=THREADS)))


def _grow_with_scikit(recipe: BoostedTrees, drawn: Drawn, seed: int) -> Grown:
    """Trees of scikit-learn, which draws columns per split and no rows."""
    learner = HistGradientBoostingRegressor(
        loss=recipe.loss,
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


def _export_difference(
    recipe: Recipe, model: bytes, predict: Predict, line: Linear | None, examples: pl.DataFrame, seed: int
) -> float:
    """The largest relative difference between the exported model and its learner on a sample of the examples.

    Raises:
        TrainingError: it is more than rounding.
    """
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    rows = matrix(sample, recipe.columns)
    expected = predict(rows) * (_along(line, rows) if line else 1.0)
    if recipe.exposure:
        expected = expected * rows[:, recipe.columns.index(recipe.exposure)]
    difference = float(np.max(np.abs(forecast(model, recipe.columns, sample) / expected - 1.0)))
    if not difference <= EXPORT_TOLERANCE:
        raise TrainingError(
            f"recipe {recipe.name}: the exported model differs from the learner by {difference:.1e} (relative); "
            f"at most {EXPORT_TOLERANCE:.0e} is rounding: do not release it, report it"
        )
    return difference
