"""Incremental learning: a model that goes on from its parent's state, which stands in the parent's graph."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import polars as pl
from numpy.typing import NDArray
from onnx import helper
from scipy.special import expit
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

from afield.errors import TrainingError
from afield.training.boosting import THREADS
from afield.training.class_graphs import BINARY
from afield.training.drawing import numbers, there
from afield.training.graphs import written
from afield.training.prepared import IncrementalRegression
from afield.training.preparing import PREPARED, Prepared, prepare
from afield.training.scoring import matrix, probabilities
from afield.training.states import Moment, State, gone_on_from, preparation_of, with_states
from afield.training.train import CHECKED, Trained, export_difference

Values = NDArray[np.float64]

STEPS, CLOSE = 50, 1e-10
FURTHEST = 20.0
"""Bound on the linear term while the solver is on its way: beyond it a count would overflow."""


@dataclass(frozen=True, slots=True)
class _Belief:
    """A normal distribution of the weights."""

    weights: Values
    precision: Values


def train_incremental(
    recipe: IncrementalRegression,
    examples: pl.DataFrame,
    seed: int,
    *,
    label: str = "truth",
    origin: str = "slot",
    parent: bytes | None = None,
) -> Trained:
    """The recipe's model: the parent's where there is one, moved by the examples that are newer than what it has seen.

    Args:
        recipe: what to fit.
        examples: feature columns, the label and the origin; those that the parent has seen are left out.
        seed: of the sample on which the export is checked.
        label: the column to learn.
        origin: the moment of each row.
        parent: an ONNX graph of the same recipe; of its states the newest that saw nothing after the examples' end
            is gone on from. None, or a graph without one: everything is learnt from the examples.

    Raises:
        TrainingError: the examples cannot teach the recipe, or the fit does not settle.
    """
    state = gone_on_from(recipe, parent, _newest(recipe, examples, origin))
    fresh = examples.filter(pl.col(origin) > state.until) if state else examples
    reached, messages = _reached(recipe, state, fresh, label, origin)
    model = with_states(_graph(recipe, preparation_of(reached), np.asarray(reached.weights)), [reached])
    output = BINARY if recipe.family == "binary" else "forecast"
    sample = examples.sample(min(CHECKED, len(examples)), seed=seed)
    made = probabilities(model, recipe.columns, (output,), sample)[:, 0]
    line = _seen(preparation_of(reached), matrix(sample, recipe.columns)) @ np.asarray(reached.weights)
    report: dict[str, float | str] = {
        "learner": f"incremental {recipe.family} regression",
        "rows": float(len(fresh)),
        "rows_before": float(state.rows if state else 0),
        "export_difference": export_difference(recipe.name, made, _mean(recipe, line)),
    }
    return Trained(recipe.name, model, recipe.columns, {}, report, messages, (output,))


def _newest(recipe: IncrementalRegression, examples: pl.DataFrame, origin: str) -> Moment:
    """The last moment of the examples.

    Raises:
        TrainingError: they have none.
    """
    there(recipe.name, examples, (origin,))
    found = examples[origin].max()
    if isinstance(found, datetime):
        return found
    if isinstance(found, int | float):
        return float(found)
    raise TrainingError(f"recipe {recipe.name}: {origin} is {found!r} at last; it tells new rows from old ones")


def _reached(
    recipe: IncrementalRegression, state: State | None, fresh: pl.DataFrame, label: str, origin: str
) -> tuple[State, tuple[str, ...]]:
    """What is known after the fresh rows, and what a person should know of them."""
    if state and fresh.is_empty():
        return state, (f"recipe {recipe.name}: nothing is newer than its parent has seen; it stays as it is",)
    truth = _labels(recipe, fresh, label, first=state is None)
    rows = matrix(fresh, recipe.columns)
    if state:
        prepared, messages = preparation_of(state), tuple[str, ...]()
    else:
        prepared, messages = prepare(recipe.preparation, rows, recipe.columns, recipe.name)
    seen = _seen(prepared, rows)
    with threadpool_limits(THREADS):
        belief = _updated(recipe, _belief(state) if state else _first(recipe, seen.shape[1]), seen, truth)
    known = State(
        recipe=recipe.name,
        columns=recipe.columns,
        family=recipe.family,
        until=_newest(recipe, fresh, origin),
        rows=(state.rows if state else 0) + len(fresh),
        prepared={name: values.tolist() for name, values in prepared.numbers().items()},
        weights=belief.weights.tolist(),
        precision=belief.precision.tolist(),
    )
    return known, messages


def _seen(prepared: Prepared, rows: NDArray[np.float32]) -> Values:
    """The rows prepared, and a column of ones for the intercept."""
    return np.column_stack([prepared.apply(rows).astype(np.float64), np.ones(len(rows))])


def _labels(recipe: IncrementalRegression, fresh: pl.DataFrame, label: str, *, first: bool) -> Values:
    """The labels; only the first rows have to hold two different ones."""
    truth = numbers(recipe.name, fresh, recipe.columns, label, differ=first)
    if recipe.family == "poisson" and (truth < 0).any():
        raise TrainingError(f"recipe {recipe.name}: {label} holds negative counts; clean it first")
    if recipe.family == "binary" and not np.isin(truth, (0.0, 1.0)).all():
        raise TrainingError(f"recipe {recipe.name}: {label} must be 0 or 1")
    return truth


def _first(recipe: IncrementalRegression, width: int) -> _Belief:
    """Before anything was learnt: weights near 0, an intercept that may be anything."""
    return _Belief(np.zeros(width), np.diag([*[recipe.penalty] * (width - 1), 1e-9]))


def _updated(recipe: IncrementalRegression, prior: _Belief, seen: Values, truth: Values) -> _Belief:
    """The belief after the rows: Newton's method to the most probable weights, and the curvature there."""
    kept = prior.precision * recipe.memory
    weights = prior.weights.copy()
    for _ in range(STEPS):
        line = np.clip(seen @ weights, -FURTHEST, FURTHEST) if recipe.family != "normal" else seen @ weights
        mean = _mean(recipe, line)
        curvature = {"normal": np.ones(len(mean)), "poisson": mean, "binary": mean * (1 - mean)}[recipe.family]
        precision = kept + (seen * curvature[:, None]).T @ seen
        slope = seen.T @ (truth - mean) - kept @ (weights - prior.weights)
        step = np.linalg.solve(precision, slope)
        # A long step of a count's logarithm overshoots; a short one in the same direction does not.
        weights = weights + step * min(1.0, 3.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) <= CLOSE * (1.0 + float(np.abs(weights).max())):
            return _Belief(weights, precision)
    raise TrainingError(
        f"recipe {recipe.name}: the weights do not settle after {STEPS} steps; raise its penalty or clip its columns"
    )


def _mean(recipe: IncrementalRegression, line: Values) -> Values:
    if recipe.family == "normal":
        return line
    return np.asarray(np.exp(line) if recipe.family == "poisson" else expit(line))


def _graph(recipe: IncrementalRegression, prepared: Prepared, weights: Values) -> bytes:
    """The ONNX bytes of the model."""
    nodes = [
        *prepared.nodes(),
        helper.make_node("MatMul", [PREPARED, "weights"], ["product"]),
        helper.make_node("Add", ["product", "intercept"], ["line"]),
    ]
    constants = {
        **prepared.constants(),
        "weights": weights[:-1, None].astype(np.float32),
        "intercept": weights[-1:].astype(np.float32),
    }
    if recipe.family == "binary":
        nodes += [
            helper.make_node("Sigmoid", ["line"], ["column"]),
            helper.make_node("Reshape", ["column", "flat"], [BINARY]),
        ]
        return written(nodes, constants | {"flat": np.array([-1], np.int64)}, len(recipe.columns), {BINARY: 0})
    nodes.append(helper.make_node("Exp" if recipe.family == "poisson" else "Identity", ["line"], ["forecast"]))
    return written(nodes, constants, len(recipe.columns), {"forecast": 1})


def _belief(state: State) -> _Belief:
    return _Belief(np.asarray(state.weights), np.asarray(state.precision))
