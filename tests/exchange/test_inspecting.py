import onnx
import pytest
from onnx import TensorProto, helper

from afield.errors import ReleaseError
from afield.exchange.inspecting import inspect
from tests.exchange.graphs import classifier, linear, written

COLUMNS = ("usual", "last_hour")


def test_a_graph_says_what_it_reads_and_gives() -> None:
    found = inspect("model.onnx", written(linear(features=COLUMNS)))
    assert (found.width, found.output, found.classes, found.features) == (2, "answer", False, COLUMNS)


def test_of_a_classifier_of_two_classes_the_probabilities_count() -> None:
    found = inspect("model.onnx", written(classifier()))
    assert (found.output, found.classes) == ("probabilities", True)


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (b"", "no valid ONNX|no ONNX|one matrix"),
        (b"not a graph at all", "no ONNX"),
        (linear(kind=TensorProto.DOUBLE), "no matrix of float32"),
        (linear(kind=TensorProto.STRING), "no matrix of float32"),
        (linear(rows=1), r"shape \[1, 2\]"),
        (linear(shape=[None, 2, 2]), "any number of rows"),
        (linear(shape=[]), "any number of rows"),
        (linear(further=[helper.make_tensor_value_info("more", TensorProto.FLOAT, [None, 1])]), "2 inputs"),
        (linear(outputs=[("answer", (None, 3))]), "no output gives one float32 number a row .* quantiles"),
        (
            linear(
                outputs=[("answer", (None, 1)), ("twice", (None, 1))],
                nodes=[
                    helper.make_node("MatMul", ["rows", "weights"], ["answer"]),
                    helper.make_node("Add", ["answer", "answer"], ["twice"]),
                ],
            ),
            "several outputs give .*--output",
        ),
        (classifier(dictionaries=True), "as dictionaries; .*zipmap=False"),
        (
            linear(
                nodes=[helper.make_node("Own", ["rows", "weights"], ["answer"], domain="com.example")],
                opsets=[helper.make_opsetid("com.example", 1)],
            ),
            "com.example:Own is not of ONNX",
        ),
        (linear(nodes=[helper.make_node("Missing", ["rows"], ["answer"])]), "no valid ONNX graph"),
        (linear(nodes=[helper.make_node("MatMul", ["rows", "nowhere"], ["answer"])]), "no valid ONNX graph"),
        (linear(features={"usual": 1}), "no JSON list of names"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused(model: onnx.ModelProto | bytes, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        inspect("model.onnx", model if isinstance(model, bytes) else written(model))


def test_one_of_several_outputs_may_be_named() -> None:
    two = linear(
        outputs=[("answer", (None, 1)), ("twice", (None,))],
        nodes=[
            helper.make_node("MatMul", ["rows", "weights"], ["answer"]),
            helper.make_node("Add", ["answer", "answer"], ["twice"]),
        ],
    )
    assert inspect("two", written(two), "twice").output == "twice"
    with pytest.raises(ReleaseError, match="'thrice' is none"):
        inspect("two", written(two), "thrice")


def test_weights_in_other_files_are_refused() -> None:
    model = linear(features=COLUMNS)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    with pytest.raises(ReleaseError, match="lie in other files"):
        inspect("model.onnx", written(model))


def test_weights_in_other_files_are_found_within_operators_too() -> None:
    hidden = TensorProto(name="hidden", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    hidden.external_data.add(key="location", value="/etc/passwd")
    nodes = [
        helper.make_node("Constant", [], ["more"], value=hidden),
        helper.make_node("MatMul", ["rows", "more"], ["answer"]),
    ]
    with pytest.raises(ReleaseError, match="lie in other files"):
        inspect("model.onnx", written(linear(nodes=nodes, features=COLUMNS)))


def test_an_operator_within_an_operator_is_looked_at_too() -> None:
    value = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [None, 1])
    branch = helper.make_graph([helper.make_node("Own", ["rows"], ["inner"], domain="com.example")], "b", [], [value])
    choice = helper.make_tensor("choice", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Constant", [], ["choice"], value=choice),
        helper.make_node("If", ["choice"], ["answer"], then_branch=branch, else_branch=branch),
    ]
    with pytest.raises(ReleaseError, match=r"com\.example:Own"):
        inspect("model.onnx", written(linear(nodes=nodes)))


def test_a_graph_that_may_loop_for_ever_is_refused() -> None:
    nodes = [helper.make_node("Loop", ["rows", "weights"], ["answer"], body=linear().graph)]
    with pytest.raises(ReleaseError, match="Loop may run without bound"):
        inspect("model.onnx", written(linear(nodes=nodes)))


def test_functions_of_its_own_are_refused() -> None:
    model = linear()
    made = helper.make_function("ai.onnx", "Mine", ["x"], ["y"], [], [helper.make_opsetid("", 17)])
    model.functions.append(made)
    with pytest.raises(ReleaseError, match="functions of its own"):
        inspect("model.onnx", written(model))


def test_weights_in_other_files_are_found_where_they_are_sparse() -> None:
    model = linear()
    model.graph.sparse_initializer.add().values.data_location = TensorProto.EXTERNAL
    with pytest.raises(ReleaseError, match="lie in other files"):
        inspect("model.onnx", written(model))


def test_weights_that_are_nowhere_are_refused() -> None:
    model = linear()
    model.graph.initializer[0].ClearField("raw_data")
    with pytest.raises(ReleaseError, match="no valid ONNX graph"):
        inspect("model.onnx", written(model))
