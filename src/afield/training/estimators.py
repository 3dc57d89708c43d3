"""Estimators: prepared columns, any learner of scikit-learn's kind, and the ONNX nodes that answer as it does."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, TypeAlias

import numpy as np
import onnx
import skl2onnx
from numpy.typing import ArrayLike, NDArray
from onnx import TensorProto, compose, helper, numpy_helper
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import TweedieRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

from afield.errors import TrainingError
from afield.training.graphs import OPSET, TREES_OPSET
from afield.training.prepared import Estimator, LinearRegression, NeuralNetwork
from afield.training.preparing import PREPARED, prepare

Rows = NDArray[np.float32]
Values = NDArray[np.float64]
PreparedRecipe: TypeAlias = LinearRegression | Estimator | NeuralNetwork

POWERS = {"normal": 0.0, "poisson": 1.0, "tweedie": 1.5, "gamma": 2.0}
STEPS = 300
"""Most steps of a generalised linear model's solver."""


class Learner(Protocol):
    """What an estimator must be able to do; one of classes has `predict_proba` too."""

    def fit(self, rows: Rows, truth: ArrayLike) -> object:
        """Learn."""
        ...

    def predict(self, rows: Rows) -> NDArray[np.generic]:
        """Answer."""
        ...


@dataclass(frozen=True, slots=True)
class Learnt:
    """A fitted estimator with its preparation.

    Attributes:
        learner: its name.
        predict: float32 rows → numbers of shape `(n, 1)`, or probabilities of shape `(n, classes)`.
        nodes, constants: the same as a graph from `rows` to `learnt`.
        messages: what a person should know of the fit.
    """

    learner: str
    predict: Callable[[Rows], Values]
    nodes: tuple[onnx.NodeProto, ...]
    constants: Mapping[str, NDArray[np.generic]]
    messages: tuple[str, ...]


def learn(recipe: PreparedRecipe, rows: Rows, truth: NDArray[np.generic], weight: Values, seed: int) -> Learnt:
    """The recipe fitted on rows of shape `(n, columns)` and as many truths and weights, with its graph.

    Raises:
        TrainingError: the estimator is none, refuses the rows, or does not convert to ONNX.
    """
    prepared, notes = prepare(recipe.preparation, rows, recipe.columns, recipe.name)
    learner, several = _learner(recipe, seed), _several(recipe)
    seen = prepared.apply(rows)
    weights = {"sample_weight": weight} if recipe.weight else {}
    with threadpool_limits(1), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            learner.fit(seen, truth, **weights)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise TrainingError(f"recipe {recipe.name}: {type(learner).__name__} cannot be fitted: {error}") from error
    unfinished = any(issubclass(each.category, ConvergenceWarning) for each in caught)
    if unfinished and not isinstance(recipe, NeuralNetwork):  # a network ends with its rounds
        notes = (
            *notes,
            f"recipe {recipe.name}: {type(learner).__name__} had not converged when its steps were used up",
        )
    ask = getattr(learner, "predict_proba" if several else "predict")
    nodes, constants = _converted(recipe, learner, seen, several)

    def predict(some: Rows) -> Values:
        with threadpool_limits(1):
            found = np.asarray(ask(prepared.apply(some)), np.float64)
        return found if several else found.reshape(-1, 1)

    return Learnt(
        f"{type(learner).__module__.partition('.')[0]} {type(learner).__name__}",
        predict,
        (*prepared.nodes(), *nodes),
        {**prepared.constants(), **constants},
        notes,
    )


def _several(recipe: PreparedRecipe) -> bool:
    """Whether classes are learnt."""
    return not isinstance(recipe, LinearRegression) and recipe.task == "classes"


def _learner(recipe: PreparedRecipe, seed: int) -> Learner:
    if isinstance(recipe, LinearRegression):
        power = POWERS[recipe.family]
        return TweedieRegressor(power=power, alpha=recipe.penalty, solver="newton-cholesky", max_iter=STEPS)  # type: ignore[no-any-return]
    if isinstance(recipe, NeuralNetwork):
        kind = MLPClassifier if recipe.task == "classes" else MLPRegressor
        return kind(  # type: ignore[no-any-return]
            hidden_layer_sizes=recipe.hidden,
            alpha=recipe.penalty,
            learning_rate_init=recipe.rate,
            max_iter=recipe.rounds,
            random_state=seed,
        )
    made = _made(recipe, seed)
    wanted = ("fit", "predict_proba" if recipe.task == "classes" else "predict")
    lacks = [name for name in wanted if not callable(getattr(made, name, None))]
    if lacks:
        raise TrainingError(f"recipe {recipe.name}: a {type(made).__name__} has no {' and no '.join(lacks)}")
    return made  # type: ignore[return-value]  # its methods were just looked for


def _made(recipe: Estimator, seed: int) -> object:
    make = recipe.make
    if isinstance(make, str):
        module, _, name = make.partition(":")
        try:
            make = getattr(import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise TrainingError(
                f"recipe {recipe.name}: cannot load {recipe.make!r}: {error}; write it as module:function"
            ) from error
    return make(seed)


def _converted(
    recipe: PreparedRecipe, learner: Learner, seen: Rows, several: bool
) -> tuple[list[onnx.NodeProto], dict[str, NDArray[np.generic]]]:
    """Nodes from `prepared` to `learnt`, and their numbers; those of other outputs are left out."""
    options = {id(learner): {"zipmap": False}} if several else None
    opsets = {"": OPSET, "ai.onnx.ml": TREES_OPSET}
    try:
        model = skl2onnx.to_onnx(learner, seen[:1], target_opset=opsets, options=options)
        graph = compose.add_prefix_graph(model.graph, "learner/")
    except Exception as error:  # skl2onnx raises many unrelated classes
        said = str(error).partition("\n")[0][:200]
        raise TrainingError(
            f"recipe {recipe.name}: {type(learner).__name__} does not convert to ONNX, so it cannot be released: "
            f"{said} (see skl2onnx's supported estimators; a custom one needs a registered converter)"
        ) from error
    wanted = graph.output[-1].name if several else graph.output[0].name
    nodes = _leading_to(wanted, graph.node)
    nodes.insert(0, helper.make_node("Identity", [PREPARED], [graph.input[0].name]))
    nodes.append(helper.make_node("Cast", [wanted], ["cast"], to=TensorProto.FLOAT))
    nodes.append(helper.make_node("Reshape", ["cast", "shape"], ["learnt"]))
    used = {name for node in nodes for name in node.input}
    held = {each.name: numpy_helper.to_array(each) for each in graph.initializer if each.name in used}
    width = len(recipe.classes) or 2 if several and not isinstance(recipe, LinearRegression) else 1
    return nodes, {**held, "shape": np.array([-1, width], np.int64)}


def _leading_to(output: str, nodes: list[onnx.NodeProto]) -> list[onnx.NodeProto]:
    """The nodes that an output depends on, in their order."""
    needed, kept = {output}, []
    for node in reversed(nodes):
        if needed & set(node.output):
            kept.append(node)
            needed |= set(node.input)
    return kept[::-1]
