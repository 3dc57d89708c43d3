"""ONNX graphs of fitted classifiers: float32 rows in, one probability of shape (n,) out for each class."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from afield.training.graphs import Linear, Tree, ensemble, line, line_constants, written

BINARY = "probability"


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
    nodes: list[onnx.NodeProto] = []
    constants: dict[str, NDArray[np.generic]] = {
        "slope": np.array(calibration.slope, np.float32),
        "shift": np.array(calibration.shift, np.float32),
    }
    if trees:
        nodes.append(ensemble(trees, starts))
    if linear:
        nodes += line()
        constants |= line_constants(linear)
    if tokens:
        nodes += _tokens()
        constants |= _token_constants(tokens, width)
    terms = [*(["grown"] if trees else []), *(["line"] if linear else []), *(["told"] if tokens else [])]
    nodes.append(helper.make_node("Sum", terms, ["score"]))
    nodes.append(helper.make_node("Mul", ["score", "slope"], ["steep"]))
    nodes.append(helper.make_node("Add", ["steep", "shift"], ["calibrated"]))
    if not classes:
        nodes.append(helper.make_node("Sigmoid", ["calibrated"], ["column"]))
        constants["flat"] = np.array([-1], np.int64)
        nodes.append(helper.make_node("Reshape", ["column", "flat"], [BINARY]))
        return written(nodes, constants, width, {BINARY: 0})
    nodes.append(helper.make_node("Softmax", ["calibrated"], ["shares"], axis=1))
    columns = [f"column {name}" for name in classes]
    nodes.append(helper.make_node("Split", ["shares"], columns, axis=1))
    constants["flat"] = np.array([-1], np.int64)
    nodes += [
        helper.make_node("Reshape", [column, "flat"], [name]) for column, name in zip(columns, classes, strict=True)
    ]
    return written(nodes, constants, width, dict.fromkeys(classes, 0))


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
