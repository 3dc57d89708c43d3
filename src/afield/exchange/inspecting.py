"""What an ONNX graph reads and gives, once it was found to be plain: known operators, no other files, no loops."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec
import onnx
from onnx import TensorProto
from onnx.external_data_helper import uses_external_data

from afield.errors import ReleaseError

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
UNBOUNDED = ("Loop", "Scan")
FEATURES = "features"
"""Key of the graph's metadata under which the names of its columns may stand, as a JSON list."""


@dataclass(frozen=True, slots=True)
class Interface:
    """What a graph reads and gives.

    Attributes:
        width: how many columns it reads; None where it does not say.
        output: the output that counts: one number a row.
        features: names of the columns, where its metadata say them.
    """

    width: int | None
    output: str
    features: tuple[str, ...]


def inspect(name: str, content: bytes, output: str = "") -> Interface:
    """What the graph reads and gives.

    Args:
        name: what errors call it.
        content: its bytes.
        output: the output that counts; "": the only one that gives one number a row.

    Raises:
        ReleaseError: it is no ONNX graph, needs operators or files that are not in it, may loop without bound, does not
            read one float matrix of any number of rows, or does not give one number for each.
    """
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf raises a class of its own, which comes with no types
        raise ReleaseError(f"{name}: it is no ONNX file ({error})") from error
    _check_plain(name, model)
    try:
        onnx.checker.check_model(model)
    except (onnx.checker.ValidationError, RuntimeError, TypeError, ValueError) as error:
        raise ReleaseError(f"{name}: it is no valid ONNX graph: {str(error).strip().splitlines()[0]}") from error
    return Interface(_width(name, model), _output(name, model, output), _named(name, model))


def _check_plain(name: str, model: onnx.ModelProto) -> None:
    """Refuse what the file does not hold itself, or what could run for ever."""
    for graph in _graphs(model.graph):
        if any(uses_external_data(each) for each in graph.initializer):
            raise ReleaseError(f"{name}: its weights lie in other files; save it as one file (onnx.save_model)")
        for node in graph.node:
            if node.domain not in DOMAINS:
                raise ReleaseError(f"{name}: operator {node.domain}:{node.op_type} is not of ONNX; export it without")
            if node.op_type in UNBOUNDED:
                raise ReleaseError(f"{name}: operator {node.op_type} may run without bound; export it without")
            if any(uses_external_data(tensor) for tensor in _tensors(node)):
                raise ReleaseError(f"{name}: its weights lie in other files; save it as one file (onnx.save_model)")
    if model.functions:
        raise ReleaseError(
            f"{name}: it brings functions of its own; put them in place (onnx.inliner) and save it again"
        )


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """The graph, and those within its operators."""
    waiting = [graph]
    while waiting:
        here = waiting.pop()
        yield here
        for node in here.node:
            for attribute in node.attribute:
                waiting.extend(attribute.graphs)
                if attribute.HasField("g"):
                    waiting.append(attribute.g)


def _tensors(node: onnx.NodeProto) -> Iterator[onnx.TensorProto]:
    for attribute in node.attribute:
        yield from attribute.tensors
        if attribute.HasField("t"):
            yield attribute.t


def _width(name: str, model: onnx.ModelProto) -> int | None:
    """How many columns the only input has."""
    constants = {each.name for each in model.graph.initializer}
    inputs = [each for each in model.graph.input if each.name not in constants]
    if len(inputs) != 1:
        raise ReleaseError(
            f"{name}: it has {len(inputs)} inputs; one matrix with a column for each feature is expected"
        )
    kind = inputs[0].type.tensor_type
    if kind.elem_type != TensorProto.FLOAT:
        raise ReleaseError(
            f"{name}: its input {inputs[0].name!r} is no matrix of float32; export it with a float input"
        )
    sizes = kind.shape.dim
    if len(sizes) != 2 or sizes[0].HasField("dim_value"):
        shape = [each.dim_value if each.HasField("dim_value") else each.dim_param or None for each in sizes]
        raise ReleaseError(f"{name}: its input has shape {shape}; (any number of rows, a column for each feature) fits")
    return int(sizes[1].dim_value) if sizes[1].HasField("dim_value") else None


def _output(name: str, model: onnx.ModelProto, wanted: str) -> str:
    """The output that gives one number a row."""
    fitting = [each.name for each in model.graph.output if _one_a_row(each)]
    if wanted:
        if wanted not in fitting:
            raise ReleaseError(f"{name}: its outputs {fitting} give one number a row; {wanted!r} is none of them")
        return wanted
    if len(fitting) != 1:
        several = "several outputs give" if fitting else "no output gives"
        names = [each.name for each in model.graph.output]
        raise ReleaseError(f"{name}: {several} one float32 number a row (it has {names}); name one with --output")
    (only,) = fitting
    return str(only)


def _one_a_row(output: onnx.ValueInfoProto) -> bool:
    kind = output.type.tensor_type
    if kind.elem_type != TensorProto.FLOAT:
        return False
    sizes = kind.shape.dim
    return len(sizes) in (1, 2) and all(not each.HasField("dim_value") or each.dim_value == 1 for each in sizes[1:])


def _named(name: str, model: onnx.ModelProto) -> tuple[str, ...]:
    """Names of the columns in the graph's metadata."""
    for entry in model.metadata_props:
        if entry.key == FEATURES:
            try:
                return msgspec.json.decode(entry.value, type=tuple[str, ...])
            except msgspec.DecodeError as error:
                raise ReleaseError(
                    f"{name}: the features in its metadata are no JSON list of names: {error}"
                ) from error
    return ()
