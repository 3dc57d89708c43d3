import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from afield.errors import ReleaseError
from afield.exchange import foreign as module
from afield.exchange.foreign import read_foreign
from afield.exchange.probability import YES
from afield.records.release import Part
from afield.serving.model import Model
from tests.exchange.graphs import classifier, endless, linear, written

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


def test_of_a_classifier_the_probability_of_the_second_class_counts(tmp_path: Path) -> None:
    found = read_foreign(saved(tmp_path, classifier()), COLUMNS)
    assert found.output == YES
    rows = np.array([[1.0, 2.0], [-3.0, 1.0]], np.float32)
    (given,) = Model(Part("m", COLUMNS, (YES,), "m"), found.onnx).run(rows).values()
    assert given == pytest.approx(1 / (1 + np.exp(-rows.sum(axis=1))), rel=1e-6)


@pytest.mark.parametrize(
    ("names", "problem"),
    [
        (("usual",), "reads 2 columns; name one for each, in their order: --features"),
        (("usual", "usual"), "named twice"),
    ],
)
def test_names_that_do_not_fit_the_columns_are_refused(tmp_path: Path, names: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ReleaseError, match=problem):
        read_foreign(saved(tmp_path, linear(features=names)))
    signed = mlmodel(tmp_path, signature=[{"type": "double", "name": name} for name in names])
    saved(tmp_path, linear())
    with pytest.raises(ReleaseError, match=problem):
        read_foreign(signed)


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (linear(opset=99), "opset 99 is newer than .*target_opset="),
        (linear(nodes=[helper.make_node("ReduceSum", ["rows"], ["answer"], keepdims=1)]), "gives 1 numbers"),
        (
            linear(
                nodes=[
                    helper.make_node("Reshape", ["rows", "shape"], ["answer"]),
                    helper.make_node("Shape", ["weights"], ["shape"]),
                ]
            ),
            "no valid ONNX|cannot run it here",
        ),
        (linear(3), "cannot run it here"),
        (endless(), "cannot run it here"),
    ],
)
def test_a_graph_that_cannot_be_run_is_refused_before_anything_is_made_for_it(
    tmp_path: Path, model: onnx.ModelProto, problem: str
) -> None:
    model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((2, 1), np.float32), "weights"))
    width = model.graph.input[0].type.tensor_type.shape.dim[1].dim_value
    with pytest.raises(ReleaseError, match=problem):
        read_foreign(saved(tmp_path, model), ("a", "b", "c")[:width])


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
        with pytest.raises(ReleaseError, match="cannot be read") as refused:
            read_foreign(path)
        assert str(refused.value).count(str(tmp_path)) == 1


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
