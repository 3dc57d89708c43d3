"""ONNX graphs of fitted models: float32 rows in, `forecast` of shape (n, 1) out.

Trees are written node by node, because the converters at hand misroute a value that lies within float32
rounding of a threshold, and know scikit-learn's Poisson boosting not at all.
"""

from collections.abc import Sequence
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
        weights, centre, scale: one number per column.
        logs: the columns whose x is `log(value + 0.1)`.
        intercept: what is added.
    """

    weights: NDArray[np.float64]
    centre: NDArray[np.float64]
    scale: NDArray[np.float64]
    logs: NDArray[np.bool_]
    intercept: float


def graph(width: int, trees: Sequence[Tree], start: float, linear: Linear | None, exposure: int | None) -> bytes:
    """The ONNX bytes of `exp(start + sum of trees + linear term)`, times the column `exposure` where there is one.

    Args:
        width: columns of a row.
        trees: added up; none is allowed where there is a linear term.
        start: what the sum of trees starts from.
        linear: the linear term, or None.
        exposure: index of the column that the result is a multiple of, or None.
    """
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[np.generic]] = {}
    terms = [*(["grown"] if trees else []), *(["line"] if linear else [])]
    if trees:
        nodes.append(_ensemble(trees, start))
    if linear:
        nodes += _line()
        constants |= _line_constants(linear)
    nodes.append(helper.make_node("Sum", terms, ["raw"]))
    nodes.append(helper.make_node("Exp", ["raw"], ["forecast" if exposure is None else "ratio"]))
    if exposure is not None:
        constants["place"] = np.array([exposure], np.int64)
        nodes.append(helper.make_node("Gather", ["rows", "place"], ["exposure"], axis=1))
        nodes.append(helper.make_node("Mul", ["ratio", "exposure"], ["forecast"]))
    return _model(nodes, constants, width)


def _ensemble(trees: Sequence[Tree], start: float) -> onnx.NodeProto:
    sizes = [len(tree.feature) for tree in trees]
    ids = np.repeat(np.arange(len(trees)), sizes)
    nodes = np.concatenate([np.arange(size) for size in sizes])
    leaf = np.concatenate([tree.left < 0 for tree in trees])
    threshold = np.where(leaf, 0.0, np.concatenate([tree.threshold for tree in trees]))
    return helper.make_node(
        "TreeEnsembleRegressor",
        ["rows"],
        ["grown"],
        domain="ai.onnx.ml",
        n_targets=1,
        aggregate_function="SUM",
        post_transform="NONE",
        base_values=[start],
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
        target_ids=[0] * int(leaf.sum()),
        target_weights=np.concatenate([tree.value for tree in trees])[leaf].tolist(),
    )


def _line() -> list[onnx.NodeProto]:
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


def _line_constants(linear: Linear) -> dict[str, NDArray[np.generic]]:
    return {
        "offset": np.array(OFFSET, np.float32),
        "logs": linear.logs,
        "centre": linear.centre.astype(np.float32),
        "zero": np.array(0.0, np.float32),
        "weights": (linear.weights / linear.scale).astype(np.float32)[:, None],
        "intercept": np.array([linear.intercept], np.float32),
    }


def _rounded_down(threshold: NDArray[np.float64]) -> NDArray[np.float32]:
    """The greatest float32 at or below each threshold: on float32 rows the test is then the same."""
    limit = float(np.finfo(np.float32).max)
    rounded = np.clip(threshold, -limit, limit).astype(np.float32)
    return np.where(rounded > threshold, np.nextafter(rounded, np.float32(-np.inf)), rounded).astype(np.float32)


def _model(nodes: list[onnx.NodeProto], constants: dict[str, NDArray[np.generic]], width: int) -> bytes:
    whole = helper.make_graph(
        nodes,
        "forecast",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, width])],
        [helper.make_tensor_value_info("forecast", TensorProto.FLOAT, [None, 1])],
        [numpy_helper.from_array(values, name) for name, values in constants.items()],
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid("ai.onnx.ml", TREES_OPSET)]
    model = helper.make_model(whole, opset_imports=opsets, ir_version=IR, producer_name="afield")
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString(deterministic=True)
    return serialised
