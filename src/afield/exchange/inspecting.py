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
        output: the output that counts: one number a row, or the probabilities of two classes.
        classes: whether it gives the probabilities of two classes, of which the second counts.
        features: names of the columns, where its metadata say them.
    """

    width: int | None
    output: str
    classes: bool
    features: tuple[str, ...]


def inspect(name: str, content: bytes, output: str = "") -> Interface:
    """What the graph reads and gives.

    Args:
        name: what errors call it.
        content: its bytes.
        output: the output that counts; "": the only one that gives one number a row, else the only one that gives two.

    Raises:
        ReleaseError: it is no ONNX graph, needs operators or files that are not in it, may loop without bound, does not
            read one float matrix of any number of rows, or gives neither one number for each nor two.
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
    found, columns = _output(name, model, output)
    return Interface(_width(name, model), found, columns == 2, _named(name, model))


def _check_plain(name: str, model: onnx.ModelProto) -> None:
    """Refuse what the file does not hold itself, or what could run for ever."""
    for graph in _graphs(model.graph):
        if any(uses_external_data(each) for each in _tensors(graph)):
            raise ReleaseError(f"{name}: its weights lie in other files; save it as one file (onnx.save_model)")
        for node in graph.node:
            if node.domain not in DOMAINS:
                raise ReleaseError(f"{name}: operator {node.domain}:{node.op_type} is not of ONNX; export it without")
            if node.op_type in UNBOUNDED:
                raise ReleaseError(f"{name}: operator {node.op_type} may run without bound; export it without")
    newest = onnx.defs.onnx_opset_version()
    opset = max((each.version for each in model.opset_import if each.domain in DOMAINS[:2]), default=0)
    if opset > newest:
        raise ReleaseError(
            f"{name}: its opset {opset} is newer than {newest}, the newest that is known here; export "
            f"it with target_opset={newest} or an older one"
        )
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


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Every tensor that a graph holds: its weights, and those of its operators."""
    yield from graph.initializer
    sparse = [*graph.sparse_initializer]
    for node in graph.node:
        for attribute in node.attribute:
            yield from attribute.tensors
            sparse.extend(attribute.sparse_tensors)
            if attribute.HasField("t"):
                yield attribute.t
            if attribute.HasField("sparse_tensor"):
                sparse.append(attribute.sparse_tensor)
    for each in sparse:
        yield each.values
        yield each.indices


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


def _output(name: str, model: onnx.ModelProto, wanted: str) -> tuple[str, int]:
    """The output that counts and how many numbers a row it gives: one, or the probabilities of two classes."""
    told = {each.name: _columns(each) for each in model.graph.output}
    fitting = {output: columns for output, columns in told.items() if columns in (1, 2)}
    if wanted:
        if wanted not in fitting:
            raise ReleaseError(f"{name}: its outputs {[*fitting]} give one number a row or two; {wanted!r} is none")
        return wanted, fitting[wanted]
    single = [output for output, columns in fitting.items() if columns == 1]
    chosen = single or [*fitting]
    if len(chosen) == 1:
        return chosen[0], fitting[chosen[0]]
    if not chosen and any(not each.type.HasField("tensor_type") for each in model.graph.output):
        raise ReleaseError(
            f"{name}: its probabilities come as dictionaries; export it so that they come as a matrix (zipmap=False)"
        )
    several = "several outputs give" if chosen else "no output gives"
    advice = "name one with --output" if chosen else "quantiles and more classes than two cannot be brought in"
    raise ReleaseError(f"{name}: {several} one float32 number a row (it has {[*told]}); {advice}")


def _columns(output: onnx.ValueInfoProto) -> int:
    """How many float32 numbers a row an output gives; 1 where it does not say, 0 where it gives something else."""
    kind = output.type.tensor_type
    sizes = kind.shape.dim
    if kind.elem_type != TensorProto.FLOAT or len(sizes) not in (1, 2):
        return 0
    return int(sizes[1].dim_value) if len(sizes) == 2 and sizes[1].HasField("dim_value") else 1


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
