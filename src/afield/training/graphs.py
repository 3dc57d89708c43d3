"""ONNX graphs of fitted models: float32 rows in, `forecast` of shape (n, 1) out.

Trees are written node by node, because the converters at hand misroute a value that lies within float32
rounding of a threshold, and know scikit-learn's Poisson boosting not at all.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
TREES_OPSET = 3
IR = 9
OFFSET = 0.1


@dataclass(frozen=True, slots=True)
class Tree:
    """One regression tree as arrays over its nodes; the root is node 0.

    Attributes:
        feature: column that an inner node tests.
        threshold: an inner node goes left where `value <= threshold`.
        left, right: children of an inner node; -1 in a leaf.
        missing_left: whether a missing value goes left.
        value: of a leaf; 0 in inner nodes.
    """

    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """A linear term: `intercept + weights · (x - centre) / scale`, a missing x at its centre.

    Attributes:
        weights: one number per column, or one row per column with a number for each class.
        centre, scale: one number per column.
        logs: the columns whose x is `log(value + 0.1)`.
        intercept: what is added, one number for each class.
    """

    weights: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    logs: NDArray[np.bool_]
    intercept: float | NDArray[np.float64]


def graph(
    width: int,
    trees: Sequence[Tree],
    start: float,
    linear: Linear | None,
    exposure: int | None,
    *,
    exponential: bool = True,
) -> bytes:
    """The ONNX bytes of `exp(start + sum of trees + linear term)`, times the column `exposure` where there is one.

    Args:
        width: columns of a row.
        trees: added up; none is allowed where there is a linear term.
        start: what the sum of trees starts from.
        linear: the linear term, or None.
        exposure: index of the column that the result is a multiple of, or None.
        exponential: whether the sum is the logarithm of the result; else it is the result itself.
    """
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[np.generic]] = {}
    terms = [*(["grown"] if trees else []), *(["line"] if linear else [])]
    if trees:
        nodes.append(ensemble(trees, [start]))
    if linear:
        nodes += line()
        constants |= line_constants(linear)
    nodes.append(helper.make_node("Sum", terms, ["raw"]))
    link = "Exp" if exponential else "Identity"
    nodes.append(helper.make_node(link, ["raw"], ["forecast" if exposure is None else "ratio"]))
    if exposure is not None:
        constants["place"] = np.array([exposure], np.int64)
        nodes.append(helper.make_node("Gather", ["rows", "place"], ["exposure"], axis=1))
        nodes.append(helper.make_node("Mul", ["ratio", "exposure"], ["forecast"]))
    return written(nodes, constants, width, {"forecast": 1})


def ensemble(trees: Sequence[Tree], starts: Sequence[float]) -> onnx.NodeProto:
    """The node that adds trees up to `grown`, shape (n, targets): they belong to the targets in turn.

    Args:
        trees: as many for each target.
        starts: what the sum of each target starts from.
    """
    sizes = [len(tree.feature) for tree in trees]
    ids = np.repeat(np.arange(len(trees)), sizes)
    nodes = np.concatenate([np.arange(size) for size in sizes])
    leaf = np.concatenate([tree.left < 0 for tree in trees])
    targets = np.arange(len(trees)) % len(starts)
    threshold = np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["rows"],
        ["grown"],
        domain="ai.onnx.ml",
        n_targets=len(starts),
        aggregate_function="SUM",
        post_transform="NONE",
        base_values=list(starts),
        nodes_treeids=ids.tolist(),
        nodes_nodeids=nodes.tolist(),
        nodes_featureids=np.where(leaf, 0, np.concatenate([tree.feature for tree in trees])).tolist(),
        nodes_modes=["LEAF" if end else "BRANCH_LEQ" for end in leaf],
        nodes_values=_rounded_down(threshold).tolist(),
        nodes_truenodeids=np.where(leaf, 0, np.concatenate([tree.left for tree in trees])).tolist(),
        nodes_falsenodeids=np.where(leaf, 0, np.concatenate([tree.right for tree in trees])).tolist(),
        nodes_missing_value_tracks_true=np.concatenate([tree.missing_left for tree in trees]).astype(int).tolist(),
        target_treeids=ids[leaf].tolist(),
        target_nodeids=nodes[leaf].tolist(),
        target_ids=targets[ids[leaf]].tolist(),
        target_weights=np.concatenate([tree.value for tree in trees])[leaf].tolist(),
    )


def line() -> list[onnx.NodeProto]:
    """The nodes of a linear term, `line`, shape (n, 1) or (n, classes)."""
    return [
        helper.make_node("Add", ["rows", "offset"], ["shifted"]),
        helper.make_node("Log", ["shifted"], ["logged"]),
        helper.make_node("Where", ["logs", "logged", "rows"], ["taken"]),
        helper.make_node("Sub", ["taken", "centre"], ["centred"]),
        helper.make_node("IsNaN", ["centred"], ["missing"]),
        helper.make_node("Where", ["missing", "zero", "centred"], ["filled"]),
        helper.make_node("MatMul", ["filled", "weights"], ["product"]),
        helper.make_node("Add", ["product", "intercept"], ["line"]),
    ]


def line_constants(linear: Linear) -> dict[str, NDArray[np.generic]]:
    """The numbers of a linear term, by the names that its nodes know them by."""
    return {
        "offset": np.array(OFFSET, np.float32),
        "logs": linear.logs,
        "centre": linear.centre.astype(np.float32),
        "zero": np.array(0.0, np.float32),
        "weights": (linear.weights.reshape(len(linear.scale), -1) / linear.scale[:, None]).astype(np.float32),
        "intercept": np.atleast_1d(np.asarray(linear.intercept, np.float32)),
    }


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 at or below each threshold: on float32 rows the test is then the same."""
    limit = float(np.finfo(np.float32).max)
    rounded = np.clip(threshold, -limit, limit).astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)


def written(
    nodes: list[onnx.NodeProto], constants: dict[str, NDArray[np.generic]], width: int, outputs: Mapping[str, int]
) -> bytes:
    """The ONNX bytes of a graph over float32 `rows` of shape (n, width).

    Args:
        nodes: in an order in which they can run.
        constants: by name.
        width: columns of a row.
        outputs: name → columns; 0: of shape (n,).
    """
    whole = helper.make_graph(
        nodes,
        "forecast",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, width])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, columns] if columns else [None])
            for name, columns in outputs.items()
        ],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    model = helper.make_model(whole, opset_imports=opsets, ir_version=IR, producer_name="afield")
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised
