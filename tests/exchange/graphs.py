"""Small ONNX graphs: what a model from elsewhere may look like."""

from collections.abc import Sequence

import msgspec
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str | None]


def linear(
    width: int | None = 2,
    *,
    kind: int = TensorProto.FLOAT,
    rows: int | None = None,
    shape: Shape | None = None,
    features: object = None,
    outputs: Sequence[tuple[str, Shape]] = (("answer", (None, 1)),),
    nodes: Sequence[onnx.NodeProto] | None = None,
    further: Sequence[onnx.ValueInfoProto] = (),
    opsets: Sequence[onnx.OperatorSetIdProto] = (),
) -> onnx.ModelProto:
    """The sum of the columns, (n, width) → (n, 1), changed as a test wants it."""
    weights = numpy_helper.from_array(np.ones((width or 2, 1), np.float32), "weights")
    graph = helper.make_graph(
        nodes or [helper.make_node("MatMul", ["rows", "weights"], [outputs[0][0]])],
        "linear",
        [helper.make_tensor_value_info("rows", kind, shape if shape is not None else [rows, width]), *further],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in outputs],
        [weights],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17), *opsets], ir_version=8)
    if features is not None:
        helper.set_model_props(model, {"features": msgspec.json.encode(features).decode()})
    return model


def written(model: onnx.ModelProto) -> bytes:
    """Its bytes."""
    content: bytes = model.SerializeToString()
    return content
