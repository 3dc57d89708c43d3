"""Fitted trees as arrays, read from the learners' own structures; no learner is imported here."""

from collections.abc import Mapping
from itertools import chain
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from afield.training.graphs import Tree

Node: TypeAlias = Mapping[str, "str | float | bool | Node"]
Row: TypeAlias = tuple[int, float, int, int, bool, float]


class ScikitTrees(Protocol):
    """What is read of a fitted scikit-learn `HistGradientBoostingRegressor` or `…Classifier`."""

    _predictors: list[list["ScikitTree"]]
    _baseline_prediction: NDArray[np.float64]


class ScikitTree(Protocol):
    """One of its trees: a structured array of nodes."""

    nodes: NDArray[np.void]


def from_lightgbm(root: Node) -> Tree:
    """The tree of one `tree_structure` of `Booster.dump_model()`."""
    rows: list[Row] = []
    _grow(root, rows)
    feature, threshold, left, right, missing_left, value = zip(*rows, strict=True)
    return Tree(
        np.array(feature, np.int64),
        np.array(threshold, np.float64),
        np.array(left, np.int64),
        np.array(right, np.int64),
        np.array(missing_left, np.bool_),
        np.array(value, np.float64),
    )


def from_scikit(learner: ScikitTrees) -> tuple[list[Tree], list[float]]:
    """The trees of a fitted booster, round by round, and what the sum of each target starts from, before the link."""
    trees = []
    for predictor in chain.from_iterable(learner._predictors):
        nodes = predictor.nodes
        inner = nodes["is_leaf"] == 0
        trees.append(
            Tree(
                nodes["feature_idx"].astype(np.int64),
                nodes["num_threshold"].astype(np.float64),
                np.where(inner, nodes["left"].astype(np.int64), -1),
                np.where(inner, nodes["right"].astype(np.int64), -1),
                nodes["missing_go_to_left"].astype(np.bool_),
                nodes["value"].astype(np.float64),
            )
        )
    return trees, [float(start) for start in np.asarray(learner._baseline_prediction).reshape(-1)]


def _grow(node: Node, rows: list[Row]) -> int:
    """Append the node and what hangs below it; its place. A missing value reads as 0 where training saw none."""
    place = len(rows)
    if "split_feature" not in node:
        rows.append((0, 0.0, -1, -1, False, _number(node["leaf_value"])))
        return place
    threshold = _number(node["threshold"])
    missing_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else threshold >= 0
    rows.append((0, 0.0, 0, 0, False, 0.0))
    left, right = (_grow(_node(node[side]), rows) for side in ("left_child", "right_child"))
    rows[place] = (int(_number(node["split_feature"])), threshold, left, right, missing_left, 0.0)
    return place


def _number(value: "str | float | bool | Node") -> float:
    if not isinstance(value, int | float):
        raise TypeError(f"a number is expected in a dumped tree, not {value!r}")
    return float(value)


def _node(value: "str | float | bool | Node") -> Node:
    if not isinstance(value, Mapping):
        raise TypeError(f"a node is expected in a dumped tree, not {value!r}")
    return value
