"""Train classes: a recipe, examples and a seed give an exported classifier whose probabilities are calibrated."""

from time import perf_counter

import numpy as np
import polars as pl
from numpy.typing import NDArray

from afield.errors import TrainingError
from afield.training.calibration import platt, temperature
from afield.training.class_graphs import BINARY, Calibration, squashed
from afield.training.class_learners import ClassesRecipe, Fit, fit
from afield.training.prepared import Estimator, NeuralNetwork
from afield.training.preparing import refuse_infinite
from afield.training.recipes import LogisticRegression
from afield.training.scoring import matrix, probabilities
from afield.training.train import Trained

EXPORT_TOLERANCE = 2e-5
CHECKED = 5000


def train_classes(
    recipe: ClassesRecipe,
    examples: pl.DataFrame,
    seed: int,
    *,
    label: str = "truth",
    calibration: pl.DataFrame | None = None,
    line: Calibration | None = None,
) -> Trained:
    """The recipe's model of the label, calibrated, exported to ONNX and checked against the learner.

    Its outputs are named as the classes, or `probability` where the recipe names none.

    Args:
        recipe: what to fit.
        examples: feature columns and the label: the name of a class, or 0 and 1 where the recipe names none.
        seed: of every draw; the same examples and seed give the same bytes.
        label: the column to learn.
        calibration: rows held back from the examples, on which the probabilities are calibrated (Platt's line for
            two classes, a temperature for several); None leaves them as they are fitted.
        line: a calibration that was fitted before, for a model whose examples leave no row to calibrate it on.

    Raises:
        TrainingError: the examples cannot teach the recipe, or the exported model differs from the learner.
    """
    started = perf_counter()
    inputs, names = features(recipe), outputs(recipe)
    _check(recipe, examples, label, "examples")
    truth = _truth(recipe, examples, label)
    _check_classes(recipe, truth)
    rows = matrix(examples, inputs)
    if not isinstance(recipe, Estimator | NeuralNetwork):
        refuse_infinite(rows, inputs, recipe.name)
    fitted = fit(recipe, rows, truth, _weight(recipe, examples), seed)
    given, line, messages = line, line or Calibration(), fitted.messages
    if calibration is not None and given is None:
        _check(recipe, calibration, label, "held rows")
        line = _calibrated(recipe, fitted, calibration, label)
    if line.slope <= 0:
        line = Calibration()
        messages = (*messages, f"recipe {recipe.name}: the held rows contradict its scores; they are not calibrated")
    model = squashed(fitted.nodes, fitted.constants, len(inputs), recipe.classes, line)
    report: dict[str, float | str] = {
        "learner": fitted.learner,
        "rows": float(len(examples)),
        "slope": line.slope,
        "shift": line.shift,
        "export_difference": _export_difference(recipe, model, fitted, line, examples, seed),
        "seconds": perf_counter() - started,
    }
    return Trained(recipe.name, model, inputs, {}, report, messages, names)


def features(recipe: ClassesRecipe) -> tuple[str, ...]:
    """The columns of a recipe's model, in the order of its inputs."""
    return (*recipe.columns, *recipe.tokens) if isinstance(recipe, LogisticRegression) else recipe.columns


def outputs(recipe: ClassesRecipe) -> tuple[str, ...]:
    """The outputs of a recipe's model: its classes, or `probability`."""
    return recipe.classes or (BINARY,)


def _check(recipe: ClassesRecipe, rows: pl.DataFrame, label: str, what: str) -> None:
    """Refuse rows that do not fit the recipe.

    Raises:
        TrainingError: a column is missing, there is no row, or a label, weight or token is none.
    """
    wanted = (*features(recipe), label, *([recipe.weight] if recipe.weight else []))
    missing = [name for name in wanted if name not in rows.columns]
    if missing:
        raise TrainingError(f"recipe {recipe.name}: the {what} lack {', '.join(missing)}")
    if rows.is_empty():
        raise TrainingError(f"recipe {recipe.name}: no {what}; widen the training window")
    allowed = pl.Series(recipe.classes) if recipe.classes else pl.Series([0.0, 1.0])
    unknown = ~rows[label].cast(allowed.dtype).is_in(allowed.implode()).fill_null(value=False)
    if unknown.any():
        row = int(unknown.arg_true()[0])
        listed = ", ".join(recipe.classes or ("0", "1"))
        raise TrainingError(f"recipe {recipe.name}: {label} of row {row} is {rows[label][row]!r}, not one of {listed}")
    weight = _weight(recipe, rows)
    if not (np.isfinite(weight).all() and (weight >= 0).all() and weight.any()):
        raise TrainingError(f"recipe {recipe.name}: the weights {recipe.weight} must be finite, ≥ 0 and not all 0")
    if isinstance(recipe, LogisticRegression) and recipe.tokens:
        tokens = matrix(rows, recipe.tokens)
        if not ((tokens >= 0) & (tokens <= recipe.buckets) & (tokens == np.rint(tokens))).all():
            raise TrainingError(
                f"recipe {recipe.name}: tokens must be whole numbers from 0 (none) to {recipe.buckets}, its buckets"
            )


def _check_classes(recipe: ClassesRecipe, truth: NDArray[np.int64]) -> None:
    """Refuse what has less than two classes to tell apart.

    Raises:
        TrainingError: a class has no example, or the recipe names one or two classes.
    """
    if recipe.classes and len(recipe.classes) < 3:
        raise TrainingError(f"recipe {recipe.name}: for two classes leave `classes` empty and label rows 0 and 1")
    names = recipe.classes or ("0", "1")
    absent = [name for index, name in enumerate(names) if not (truth == index).any()]
    if absent:
        raise TrainingError(f"recipe {recipe.name}: no example of {', '.join(absent)} in {len(truth)} rows")


def _truth(recipe: ClassesRecipe, rows: pl.DataFrame, label: str) -> NDArray[np.int64]:
    """Index of each row's class."""
    if not recipe.classes:
        return rows[label].cast(pl.Int64).to_numpy()
    places = {name: index for index, name in enumerate(recipe.classes)}
    return np.array([places[name] for name in rows[label]], np.int64)


def _weight(recipe: ClassesRecipe, rows: pl.DataFrame) -> NDArray[np.float64]:
    """What each row weighs; NaN where that is null."""
    return rows[recipe.weight].cast(pl.Float64).to_numpy() if recipe.weight else np.ones(len(rows))


def _calibrated(recipe: ClassesRecipe, fitted: Fit, held: pl.DataFrame, label: str) -> Calibration:
    scores = fitted.score(matrix(held, features(recipe)))
    truth, weight = _truth(recipe, held, label), _weight(recipe, held)
    if recipe.classes:
        return temperature(scores, truth, weight)
    return platt(scores[:, 0], truth.astype(np.float64), weight)


def _export_difference(
    recipe: ClassesRecipe, model: bytes, fitted: Fit, line: Calibration, examples: pl.DataFrame, seed: int
) -> float:
    """The largest difference between a probability of the exported model and of its learner, on a sample.

    Raises:
        TrainingError: it is more than rounding.
    """
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    raised = line.slope * fitted.score(matrix(sample, features(recipe))) + line.shift
    against = raised if recipe.classes else np.hstack([np.zeros_like(raised), raised])
    powers = np.exp(against - against.max(axis=1, keepdims=True))
    expected = (powers / powers.sum(axis=1, keepdims=True))[:, -raised.shape[1] :]
    difference = float(np.abs(probabilities(model, features(recipe), outputs(recipe), sample) - expected).max())
    if not difference <= EXPORT_TOLERANCE:
        raise TrainingError(
            f"recipe {recipe.name}: the exported model differs from the learner by {difference:.1e}; "
            f"at most {EXPORT_TOLERANCE:.0e} is rounding: do not release it, report it"
        )
    return difference
