"""Tensors that a model should take, made from its metadata."""

import math
import struct
from collections.abc import Mapping, Sequence

import msgspec

from afield.testing.v2.server import BrokenRuleError, ModelMetadata, SkippedError, TensorMetadata

FORMATS: Mapping[str, str] = {
    "BOOL": "?", "UINT8": "B", "UINT16": "H", "UINT32": "I", "UINT64": "Q", "INT8": "b", "INT16": "h",
    "INT32": "i", "INT64": "q", "FP16": "e", "FP32": "f", "FP64": "d",
}  # fmt: skip
"""Datatype → its letter in Python's struct."""
DATATYPES = (*FORMATS, "BYTES")
MOST = 2**20


class InputTensor(msgspec.Struct, frozen=True):
    """An input that a caller of the kit knows to work."""

    name: str
    shape: list[int]
    datatype: str
    data: list[object]


def shape_of(tensor: TensorMetadata) -> list[int]:
    """A shape that the metadata allow: 1 where any number may stand."""
    return [1 if size < 0 else size for size in tensor.shape]


def inputs(metadata: ModelMetadata) -> list[dict[str, object]]:
    """An input tensor of zeros, or of empty strings, for every input, in JSON.

    Raises:
        SkippedError: no input is named, or one is of an unknown datatype, or too large.
    """
    if not metadata.inputs:
        raise SkippedError("the metadata name no inputs; give tensors that work with --inputs")
    found: list[dict[str, object]] = []
    for tensor in metadata.inputs:
        shape = shape_of(tensor)
        if tensor.datatype not in DATATYPES:
            raise SkippedError(f"the model wants {tensor.datatype}, which is no datatype of the protocol")
        if math.prod(shape) > MOST:
            raise SkippedError(f"input {tensor.name} of shape {shape} is too large to be made up")
        data: list[object] = [_zero(tensor.datatype)] * math.prod(shape)
        found.append({"name": tensor.name, "shape": shape, "datatype": tensor.datatype, "data": data})
    return found


def nested(data: Sequence[object], shape: Sequence[int]) -> object:
    """Flat row-major data as nested lists."""
    if len(shape) <= 1:
        return list(data)
    step = len(data) // shape[0] if shape[0] else 0
    return [nested(data[place * step : (place + 1) * step], shape[1:]) for place in range(shape[0])]


def packed(tensor: Mapping[str, object]) -> bytes:
    """The elements of a JSON tensor as the binary extension sends them.

    Raises:
        BrokenRuleError: they are not of its datatype.
    """
    elements, datatype = flat(tensor["data"]), str(tensor["datatype"])
    if datatype == "BYTES":
        return b"".join(struct.pack("<I", len(str(each).encode())) + str(each).encode() for each in elements)
    try:
        return struct.pack(f"<{len(elements)}{FORMATS[datatype]}", *elements)
    except (KeyError, struct.error) as error:
        raise BrokenRuleError(f"{str(elements)[:80]} are no {datatype}") from error


def flat(data: object) -> list[object]:
    """The elements of flat or nested data."""
    if not isinstance(data, list):
        return [data]
    return [element for each in data for element in flat(each)]


def _zero(datatype: str) -> object:
    if datatype == "BYTES":
        return ""
    if datatype == "BOOL":
        return False
    return 0.0 if datatype.startswith("FP") else 0
