"""The probability of yes out of a classifier of two classes: the second column of what it gives as the only output."""

import onnx
from onnx import TensorProto, helper

YES = "probability_of_yes"
PLAIN = ("", "ai.onnx")
GATHER = 1
"""The version of ONNX's own operators from which on `Gather` is there."""


def of_yes(content: bytes, output: str) -> bytes:
    """The graph in `content` with the second column of `output`, shape `(n, 2)`, as its only output, `(n, 1)`.

    Classes stand in ascending order (0 before 1, no before yes), as scikit-learn and LightGBM export them.
    """
    made = onnx.load_model_from_string(content)
    if not any(each.domain in PLAIN for each in made.opset_import):
        made.opset_import.append(helper.make_opsetid("", GATHER))
    second = helper.make_tensor("second", TensorProto.INT64, [1], [1])
    made.graph.node.extend(
        (
            helper.make_node("Constant", [], [f"{YES}_column"], value=second),
            helper.make_node("Gather", [output, f"{YES}_column"], [YES], axis=1),
        )
    )
    del made.graph.output[:]
    made.graph.output.append(helper.make_tensor_value_info(YES, TensorProto.FLOAT, [None, 1]))
    written: bytes = made.SerializeToString()
    return written
