"""ONNX graphs of fitted classifiers: float32 rows in, one probability of shape (n,) out for each class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from afield.training.graphs import Linear, Tree, ensemble, line, line_constants, written

Constant = NDArray[np.generic]

BINARY = "probability"
INSIDE = "inside "


@dataclass(frozen=True, slots=True)
class Tokens:
    """Weights of the tokens that the last columns of a row hold.

    Attributes:
        first: the first of those columns.
        weights: shape `(1 + buckets, classes)`; row 0, of no token, is zero.
    """

    first: int
    weights: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """What a score becomes before it is a probability: `slope · score + shift`."""

    slope: float = 1.0
    shift: float = 0.0


def class_graph(
    width: int,
    classes: Sequence[str],
    trees: Sequence[Tree],
    starts: Sequence[float],
    linear: Linear | None,
    tokens: Tokens | None,
    calibration: Calibration,
) -> bytes:
    """The ONNX bytes of the classes' probabilities: the calibrated sum of trees, linear term and tokens, squashed.

    Args:
        width: columns of a row.
        classes: names of the outputs; none: the one output is `probability`.
        trees: of the classes in turn; none is allowed where there is a linear term.
        starts: what the sum of trees starts from, for each class.
        linear: the linear term, or None.
        tokens: the weights of tokens, or None.
        calibration: of the scores.
    """
    return squashed(*score_nodes(width, trees, starts, linear, tokens), width, classes, calibration)


def score_nodes(
    width: int, trees: Sequence[Tree], starts: Sequence[float], linear: Linear | None, tokens: Tokens | None
) -> tuple[list[onnx.NodeProto], dict[str, Constant]]:
    """Nodes from `rows` to `score`, the sum of trees, linear term and tokens, and their numbers; as `class_graph`."""
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, Constant] = {}
    if trees:
        nodes.append(ensemble(trees, starts))
    if linear:
        nodes += line()
        constants |= line_constants(linear)
    if tokens:
        nodes += _tokens()
        constants |= _token_constants(tokens, width)
    terms = [*(["grown"] if trees else []), *(["line"] if linear else []), *(["told"] if tokens else [])]
    return [*nodes, helper.make_node("Sum", terms, ["score"])], constants


def squashed(
    nodes: Sequence[onnx.NodeProto],
    constants: Mapping[str, Constant],
    width: int,
    classes: Sequence[str],
    calibration: Calibration,
) -> bytes:
    """The ONNX bytes of the classes' probabilities: nodes that end in `score`, calibrated and squashed.

    Args:
        nodes: from `rows` to `score`, shape (n, classes), or (n, 1) for two.
        constants: of the nodes.
        width: columns of a row.
        classes: names of the outputs; none: the one output is `probability`.
        calibration: of the scores.
    """
    nodes = [
        *nodes,
        helper.make_node("Mul", ["score", "slope"], ["steep"]),
        helper.make_node("Add", ["steep", "shift"], ["calibrated"]),
    ]
    constants = {
        **constants,
        "slope": np.array(calibration.slope, np.float32),
        "shift": np.array(calibration.shift, np.float32),
        "flat": np.array([-1], np.int64),
    }
    names = tuple(classes) or (BINARY,)
    columns = [f"column {name}" for name in names]
    if classes:
        nodes.append(helper.make_node("Softmax", ["calibrated"], ["shares"], axis=1))
        nodes.append(helper.make_node("Split", ["shares"], columns, axis=1))
    else:
        nodes.append(helper.make_node("Sigmoid", ["calibrated"], columns))
    inner = [_inside(node) for node in nodes]
    inner += [
        helper.make_node("Reshape", [INSIDE + column, f"{INSIDE}flat"], [name])
        for column, name in zip(columns, names, strict=True)
    ]
    return written(inner, {INSIDE + name: held for name, held in constants.items()}, width, dict.fromkeys(names, 0))


def _inside(node: onnx.NodeProto) -> onnx.NodeProto:
    """The node with names that no class can have."""
    moved = onnx.NodeProto()
    moved.CopyFrom(node)
    for names in (moved.input, moved.output):
        names[:] = [name if name in ("", "rows") else INSIDE + name for name in names]
    return moved


def _tokens() -> list[onnx.NodeProto]:
    """The nodes of the tokens' term, `told`: the sum of their weights over the root of their number."""
    return [
        helper.make_node("Slice", ["rows", "first", "end", "across"], ["noted"]),
        helper.make_node("IsNaN", ["noted"], ["unnoted"]),
        helper.make_node("Where", ["unnoted", "none", "noted"], ["held"]),
        helper.make_node("Clip", ["held", "none", "buckets"], ["marks"]),
        helper.make_node("Cast", ["marks"], ["places"], to=TensorProto.INT64),
        helper.make_node("Gather", ["weights of tokens", "places"], ["each"], axis=0),
        helper.make_node("ReduceSum", ["each", "across"], ["together"], keepdims=0),
        helper.make_node("Greater", ["marks", "none"], ["there"]),
        helper.make_node("Cast", ["there"], ["ones"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["ones", "across"], ["number"], keepdims=1),
        helper.make_node("Max", ["number", "one"], ["number or one"]),
        helper.make_node("Sqrt", ["number or one"], ["root"]),
        helper.make_node("Div", ["together", "root"], ["told"]),
    ]


def _token_constants(tokens: Tokens, width: int) -> dict[str, NDArray[np.generic]]:
    return {
        "first": np.array([tokens.first], np.int64),
        "end": np.array([width], np.int64),
        "across": np.array([1], np.int64),
        "none": np.array(0.0, np.float32),
        "one": np.array(1.0, np.float32),
        "buckets": np.array(len(tokens.weights) - 1, np.float32),
        "weights of tokens": tokens.weights.astype(np.float32),
    }
