import json
from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from afield.errors import ReleaseError
from afield.exchange import foreign as module
from afield.exchange.foreign import read_foreign
from tests.exchange.graphs import linear, written

COLUMNS = ("usual", "last_hour")


def saved(folder: Path, model: onnx.ModelProto | bytes) -> Path:
    file = folder / "model.onnx"
    file.write_bytes(model if isinstance(model, bytes) else written(model))
    return file


def mlmodel(folder: Path, *, flavors: str = "onnx: {data: model.onnx}", signature: object = None) -> Path:
    (folder / "MLmodel").write_text(
        f"flavors: {{{flavors}}}\nsignature: {json.dumps({'inputs': json.dumps(signature)} if signature else None)}\n"
    )
    return folder


def test_the_graph_s_metadata_name_its_columns(tmp_path: Path) -> None:
    found = read_foreign(saved(tmp_path, linear(features=COLUMNS)))
    assert (found.name, found.features, found.output) == ("model.onnx", COLUMNS, "answer")


def test_names_may_be_given(tmp_path: Path) -> None:
    assert read_foreign(saved(tmp_path, linear()), COLUMNS).features == COLUMNS


def test_a_signature_names_the_columns(tmp_path: Path) -> None:
    saved(tmp_path, linear())
    signed = mlmodel(tmp_path, signature=[{"type": "double", "name": name} for name in COLUMNS])
    assert read_foreign(signed).features == COLUMNS
    assert read_foreign(signed / "MLmodel").features == COLUMNS
    with pytest.raises(ReleaseError, match="names other columns"):
        read_foreign(signed, ("last_hour", "usual"))


def test_a_signature_of_tensors_names_none(tmp_path: Path) -> None:
    saved(tmp_path, linear())
    tensor = [{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 2]}}]
    with pytest.raises(ReleaseError, match="--features a,b,c"):
        read_foreign(mlmodel(tmp_path, signature=tensor))


def test_a_graph_of_any_width_takes_the_names_that_are_given(tmp_path: Path) -> None:
    assert read_foreign(saved(tmp_path, linear(None, shape=[None, None])), COLUMNS).features == COLUMNS


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
        (linear(outputs=[("answer", (None, 2))]), "no output gives one float32 number a row"),
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
        (linear(features=("usual",)), "1 features are named and the graph reads 2 columns"),
        (linear(features=("usual", "usual")), "named twice"),
    ],
)
def test_a_graph_that_does_not_fit_is_refused(tmp_path: Path, model: onnx.ModelProto | bytes, problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        read_foreign(saved(tmp_path, model), () if "named" in problem or "JSON" in problem else COLUMNS)


def test_one_of_several_outputs_may_be_named(tmp_path: Path) -> None:
    two = linear(
        outputs=[("answer", (None, 1)), ("twice", (None,))],
        nodes=[
            helper.make_node("MatMul", ["rows", "weights"], ["answer"]),
            helper.make_node("Add", ["answer", "answer"], ["twice"]),
        ],
    )
    assert read_foreign(saved(tmp_path, two), COLUMNS, "twice").output == "twice"
    with pytest.raises(ReleaseError, match="'thrice' is none of them"):
        read_foreign(saved(tmp_path, two), COLUMNS, "thrice")


def test_weights_in_other_files_are_refused(tmp_path: Path) -> None:
    model = linear(features=COLUMNS)
    (tmp_path / "secret").write_bytes(b"0" * 64)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    with pytest.raises(ReleaseError, match="lie in other files"):
        read_foreign(saved(tmp_path, model))


def test_weights_in_other_files_are_found_within_operators_too(tmp_path: Path) -> None:
    hidden = TensorProto(name="hidden", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    hidden.external_data.add(key="location", value="/etc/passwd")
    nodes = [
        helper.make_node("Constant", [], ["more"], value=hidden),
        helper.make_node("MatMul", ["rows", "more"], ["answer"]),
    ]
    with pytest.raises(ReleaseError, match="lie in other files"):
        read_foreign(saved(tmp_path, linear(nodes=nodes, features=COLUMNS)))


def test_an_operator_within_an_operator_is_looked_at_too(tmp_path: Path) -> None:
    value = helper.make_tensor_value_info("inner", TensorProto.FLOAT, [None, 1])
    branch = helper.make_graph([helper.make_node("Own", ["rows"], ["inner"], domain="com.example")], "b", [], [value])
    choice = helper.make_tensor("choice", TensorProto.BOOL, [], [True])
    nodes = [
        helper.make_node("Constant", [], ["choice"], value=choice),
        helper.make_node("If", ["choice"], ["answer"], then_branch=branch, else_branch=branch),
    ]
    with pytest.raises(ReleaseError, match=r"com\.example:Own"):
        read_foreign(saved(tmp_path, linear(nodes=nodes)), COLUMNS)


def test_a_graph_that_may_loop_for_ever_is_refused(tmp_path: Path) -> None:
    nodes = [helper.make_node("Loop", ["rows", "weights"], ["answer"], body=linear().graph)]
    with pytest.raises(ReleaseError, match="Loop may run without bound"):
        read_foreign(saved(tmp_path, linear(nodes=nodes)), COLUMNS)


def test_functions_of_its_own_are_refused(tmp_path: Path) -> None:
    model = linear()
    made = helper.make_function("ai.onnx", "Mine", ["x"], ["y"], [], [helper.make_opsetid("", 17)])
    model.functions.append(made)
    with pytest.raises(ReleaseError, match="functions of its own"):
        read_foreign(saved(tmp_path, model), COLUMNS)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "model.onnx"
    with file.open("wb") as stream:
        stream.truncate(module.LARGEST + 1)
    with pytest.raises(ReleaseError, match="at most 536,870,912 are read"):
        read_foreign(file)
    (tmp_path / "MLmodel").write_bytes(b" " * (module.LARGEST_MLMODEL + 1))
    with pytest.raises(ReleaseError, match="at most 262,144"):
        read_foreign(tmp_path)


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.onnx", tmp_path, tmp_path / "MLmodel", tmp_path / "a\0b"):
        with pytest.raises(ReleaseError, match="cannot be read"):
            read_foreign(path)


@pytest.mark.parametrize(
    "flavors",
    [
        "sklearn: {pickled_model: model.pkl, serialization_format: cloudpickle}",
        "python_function: {loader_module: mlflow.sklearn, model_path: model.pkl}",
        "python_function: {loader_module: mlflow.pyfunc.model, python_model: python_model.pkl}",
        "onnx: {onnx_version: 1.23.0}",
    ],
)
def test_a_model_that_is_read_by_a_pickle_or_code_is_refused(tmp_path: Path, flavors: str) -> None:
    saved(tmp_path, linear(features=COLUMNS))
    with pytest.raises(ReleaseError, match="by running code or a pickle"):
        read_foreign(mlmodel(tmp_path, flavors=flavors))


@pytest.mark.parametrize("name", ["../model.onnx", "/etc/passwd", "a/../../model.onnx", "a//b", "..\\x", "a\\0b"])
def test_a_path_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    saved(tmp_path, linear(features=COLUMNS))
    with pytest.raises(ReleaseError, match="lies outside the folder"):
        read_foreign(mlmodel(folder, flavors=f"onnx: {{data: '{name}'}}"))


def test_a_link_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "model.onnx").symlink_to(saved(tmp_path, linear(features=COLUMNS)))
    with pytest.raises(ReleaseError, match="a link that leads out"):
        read_foreign(mlmodel(folder))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "flavors: 3",
        "flavors: {onnx: model.onnx}",
        "flavors: {onnx: {data: [model.onnx]}}",
        "flavors: !!python/object/apply:os.system [true]",
        "flavors: {onnx: {data: model.onnx}}\nsignature: {inputs: '{'}",
        'flavors: {onnx: {data: model.onnx}}\nsignature: {inputs: \'[{"type": "string", "name": "shop"}]\'}',
        "a: &a [x, x]\nb: &b [*a, *a]\nflavors: *b",
        "\t\x00",
        "[" * 50_000,
        "- " * 50_000,
        "flavors: &f {onnx: *f}",
        "".join([f"a{n}: &a{n} [{','.join([f'*a{n - 1}' if n else 'x'] * 10)}]\n" for n in range(12)])
        + "flavors: *a11",
    ],
)
def test_a_description_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    saved(tmp_path, linear(features=COLUMNS))
    (tmp_path / "MLmodel").write_text(text)
    with pytest.raises(ReleaseError, match=r"MLmodel of a model|signature|is no number|its flavours"):
        read_foreign(tmp_path)
