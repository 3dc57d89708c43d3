"""Learners of classes: rows, their classes and weights give what a classifier's graph is made of."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TypeAlias

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper
from scipy.sparse import csr_array, hstack
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression as LogisticLearner
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # it comes with scikit-learn

from afield.training.boosting import THREADS, WITHOUT, booster_settings, lightgbm
from afield.training.class_graphs import Constant, Tokens, score_nodes
from afield.training.estimators import learn
from afield.training.graphs import OFFSET, Linear
from afield.training.prepared import Estimator, NeuralNetwork
from afield.training.recipes import BoostedClasses, LogisticRegression
from afield.training.trees import from_lightgbm, from_scikit

Values = NDArray[np.float64]
Rows = NDArray[np.float32]
Truth = NDArray[np.int64]
Sparse: TypeAlias = csr_array[np.float64, tuple[int, int]]

ClassesRecipe: TypeAlias = BoostedClasses | LogisticRegression | Estimator | NeuralNetwork

DOUBT = 1e-6
"""The smallest probability that an estimator is believed: a forest that has never seen a class says 0."""
STEPS = 500
"""Most steps of the logistic regression's solver."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted classifier: what its graph is made of, and the scores that the learner itself gives.

    Attributes:
        learner: its name.
        score: rows → scores before squashing, shape `(n, classes)`, `(n, 1)` for two.
        nodes, constants: of the graph from `rows` to `score`.
        messages: what a person should know of the fit.
    """

    learner: str
    score: Callable[[Rows], Values]
    nodes: Sequence[onnx.NodeProto]
    constants: Mapping[str, Constant]
    messages: tuple[str, ...] = ()


def fit(recipe: ClassesRecipe, rows: Rows, truth: Truth, weight: Values, seed: int) -> Fit:
    """The recipe fitted on rows of shape `(n, features)`, the index of the class of each, and its weight.

    Raises:
        TrainingError: an estimator cannot be fitted or exported.
    """
    if isinstance(recipe, Estimator | NeuralNetwork):
        return _estimate(recipe, rows, truth, weight, seed)
    if isinstance(recipe, LogisticRegression):
        return _regress(recipe, rows, truth, weight)
    if lightgbm is None:
        return _grow_with_scikit(recipe, rows, truth, weight, seed)
    return _grow_with(lightgbm, recipe, rows, truth, weight, seed)


def _regress(recipe: LogisticRegression, rows: Rows, truth: Truth, weight: Values) -> Fit:
    dense = len(recipe.columns)
    logs = np.array([name in recipe.logs for name in recipe.columns], np.bool_)
    taken = _taken(rows[:, :dense], logs)
    known = np.isfinite(taken)
    counts = np.maximum(known.sum(axis=0), 1)
    centre = np.where(known, taken, 0.0).sum(axis=0) / counts
    spread = np.sqrt((np.where(known, taken - centre, 0.0) ** 2).sum(axis=0) / counts)
    scale = np.where(spread > 0, spread, 1.0)

    def standard(some: Rows) -> Sparse:
        plain = np.nan_to_num((_taken(some[:, :dense], logs) - centre) / scale, nan=0.0)
        return csr_array(hstack([csr_array(plain), _shares(some[:, dense:], recipe.buckets)]))

    learner = LogisticLearner(C=1.0 / (recipe.penalty * float(weight.sum())), max_iter=STEPS)
    with threadpool_limits(THREADS), warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # it becomes a message of the fit
        learner.fit(standard(rows), truth, sample_weight=weight)
    weights, told = learner.coef_[:, :dense].T, learner.coef_[:, dense:].T
    # The graph's linear term runs over whole rows: tokens weigh nothing in it.
    idle = rows.shape[1] - dense
    linear = Linear(
        np.pad(weights, ((0, idle), (0, 0))),
        np.pad(centre, (0, idle)),
        np.pad(scale, (0, idle), constant_values=1.0),
        np.pad(logs, (0, idle)),
        np.asarray(learner.intercept_, np.float64),
    )
    tokens = Tokens(dense, np.pad(told, ((1, 0), (0, 0)))) if recipe.tokens else None
    unfinished = f"recipe {recipe.name}: the solver had not converged after {STEPS} steps"
    return Fit(
        "scikit-learn LogisticRegression",
        lambda some: _columns(learner.decision_function(standard(some))),
        *score_nodes(rows.shape[1], (), (), linear, tokens),
        messages=(unfinished,) if max(learner.n_iter_) >= STEPS else (),
    )


def _taken(rows: Rows, logs: NDArray[np.bool_]) -> Values:
    taken = rows.astype(np.float64)
    taken[:, logs] = np.log(taken[:, logs] + OFFSET)
    return taken


def _shares(tokens: Rows, buckets: int) -> Sparse:
    """Tokens as a matrix of shape `(n, buckets)`, each weighing one over the root of how many its row has."""
    there = tokens > 0
    row, _ = np.nonzero(there)
    share = 1.0 / np.sqrt(np.maximum(there.sum(axis=1), 1))
    return csr_array((share[row], (row, tokens[there].astype(np.int64) - 1)), shape=(len(tokens), buckets))


def _grow_with(library: ModuleType, recipe: BoostedClasses, rows: Rows, truth: Truth, weight: Values, seed: int) -> Fit:
    several = len(recipe.classes)
    settings = {
        "objective": "multiclass" if several else "binary",
        **({"num_class": several} if several else {}),
        **booster_settings(recipe, seed),
    }
    data = library.Dataset(rows, truth, weight=weight, params=settings)
    booster = library.train(settings, data, recipe.trees)
    trees = [from_lightgbm(tree["tree_structure"]) for tree in booster.dump_model()["tree_info"]]
    return Fit(
        f"LightGBM {library.__version__}",
        lambda some: _columns(booster.predict(some, raw_score=True, num_threads=THREADS)),
        *score_nodes(rows.shape[1], trees, (0.0,) * max(several, 1), None, None),
    )


def _grow_with_scikit(recipe: BoostedClasses, rows: Rows, truth: Truth, weight: Values, seed: int) -> Fit:
    """Trees of scikit-learn, which draws columns per split and no rows."""
    learner = HistGradientBoostingClassifier(
        learning_rate=recipe.rate,
        max_iter=recipe.trees,
        max_leaf_nodes=recipe.leaves,
        min_samples_leaf=recipe.leaf_rows,
        max_features=recipe.column_share,
        early_stopping=False,
        random_state=seed,
    )
    with threadpool_limits(THREADS):
        learner.fit(rows, truth, sample_weight=weight)
    trees, starts = from_scikit(learner)
    return Fit(
        "scikit-learn HistGradientBoostingClassifier",
        lambda some: _columns(learner.decision_function(some)),
        *score_nodes(rows.shape[1], trees, starts, None, None),
        messages=(WITHOUT,),
    )


def _estimate(recipe: Estimator | NeuralNetwork, rows: Rows, truth: Truth, weight: Values, seed: int) -> Fit:
    """An estimator of probabilities, whose logarithms (of two classes: log odds) are the scores."""
    learnt = learn(recipe, rows, truth, weight, seed)
    contrast = np.eye(len(recipe.classes)) if recipe.classes else np.array([[-1.0], [1.0]])
    nodes = [
        *learnt.nodes,
        helper.make_node("Max", ["learnt", "doubt"], ["doubtful"]),
        helper.make_node("Log", ["doubtful"], ["logarithms"]),
        helper.make_node("MatMul", ["logarithms", "contrast"], ["score"]),
    ]
    constants = {"doubt": np.array(DOUBT, np.float32), "contrast": contrast.astype(np.float32)}
    return Fit(
        learnt.learner,
        lambda some: np.log(np.maximum(learnt.predict(some), DOUBT)) @ contrast,
        nodes,
        {**learnt.constants, **constants},
        learnt.messages,
    )


def _columns(scores: Values) -> Values:
    found = np.asarray(scores, np.float64)
    return found[:, None] if found.ndim == 1 else found
