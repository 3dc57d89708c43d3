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
    opset: int = 17,
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
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset), *opsets], ir_version=8)
    if features is not None:
        helper.set_model_props(model, {"features": msgspec.json.encode(features).decode()})
    return model


def endless() -> onnx.ModelProto:
    """A small file that asks for four tebibytes of memory."""
    size = numpy_helper.from_array(np.array([2**20, 2**20], np.int64), "size")
    model = linear(
        nodes=[
            helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
            helper.make_node("ReduceSum", ["zeros"], ["none"], keepdims=0),
            helper.make_node("MatMul", ["rows", "weights"], ["sum"]),
            helper.make_node("Add", ["sum", "none"], ["answer"]),
        ]
    )
    model.graph.initializer.append(size)
    return model


def classifier(*, opset: bool = True, dictionaries: bool = False) -> onnx.ModelProto:
    """Two classes by the sum of two columns, as scikit-learn exports them: a label, and the probabilities of both.

    `opset`: whether the operators of ONNX itself are imported beside those for learners. `dictionaries`: whether the
    probabilities come as a list of dictionaries, as they do by default.
    """
    learner = "ai.onnx.ml"
    scores = helper.make_node(
        "LinearClassifier",
        ["rows"],
        ["label", "probabilities"],
        domain=learner,
        coefficients=[-1.0, -1.0, 1.0, 1.0],
        intercepts=[0.0, 0.0],
        classlabels_ints=[0, 1],
        post_transform="LOGISTIC",
    )
    floats = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, [None, 2])
    told = helper.make_value_info(
        "told",
        helper.make_sequence_type_proto(
            helper.make_map_type_proto(TensorProto.INT64, helper.make_tensor_type_proto(TensorProto.FLOAT, []))
        ),
    )
    zipped = helper.make_node("ZipMap", ["probabilities"], ["told"], domain=learner, classlabels_int64s=[0, 1])
    graph = helper.make_graph(
        [scores, zipped] if dictionaries else [scores],
        "classifier",
        [helper.make_tensor_value_info("rows", TensorProto.FLOAT, [None, 2])],
        [helper.make_tensor_value_info("label", TensorProto.INT64, [None]), told if dictionaries else floats],
    )
    imported = [helper.make_opsetid(learner, 3), *([helper.make_opsetid("", 17)] if opset else [])]
    return helper.make_model(graph, opset_imports=imported, ir_version=8)


def written(model: onnx.ModelProto) -> bytes:
    """Its bytes."""
    content: bytes = model.SerializeToString()
    return content
