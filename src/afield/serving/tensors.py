"""Tensors of Open Inference Protocol v2 in JSON: flat or nested data, checked against datatype and shape."""

import math
from collections.abc import Mapping
from typing import cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import RequestError

BYTES, BOOL = "BYTES", "BOOL"
NUMERIC: Mapping[str, np.dtype[np.generic]] = {
    BOOL: np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
"""Datatypes of numbers, as little-endian bytes."""
DATATYPES = (*NUMERIC, BYTES)
LARGEST = {
    "FP16": float(np.finfo(np.float16).max),
    "FP32": float(np.finfo(np.float32).max),
    "FP64": float(np.finfo(np.float64).max),
}

Numbers = NDArray[np.generic]


def check_datatype(datatype: str, where: str) -> None:
    """Return where the protocol knows this datatype.

    Raises:
        RequestError: it does not.
    """
    if datatype not in DATATYPES:
        raise RequestError(f"{datatype[:20]!r} is no datatype; there is: {', '.join(DATATYPES)}", f"{where}.datatype")


def numbers(data: msgspec.Raw, datatype: str, shape: tuple[int, ...], where: str) -> Numbers:
    """A tensor of numbers of `shape`, one or two dimensions, from flat or nested JSON.

    Raises:
        RequestError: the data are not of this datatype or do not fill this shape; the message says where.
    """
    dtype = NUMERIC[datatype]
    kind = {"b": bool, "f": float}.get(dtype.kind, int)
    flat = _flat(data, kind, shape, where)
    try:
        values = np.array(flat, np.float64 if dtype.kind == "f" else dtype)
    except OverflowError as error:
        raise RequestError(f"a number is outside the range of {datatype}", where) from error
    if dtype.kind == "f" and values.size and not np.abs(values).max() <= LARGEST[datatype]:
        raise RequestError(f"a number is too large for {datatype}", where)
    return cast(Numbers, values.astype(dtype, copy=False).reshape(shape))


def texts(data: msgspec.Raw, shape: tuple[int, ...], where: str) -> list[str]:
    """The strings of a BYTES tensor, row-major.

    Raises:
        RequestError: the data are no strings or do not fill this shape.
    """
    return cast(list[str], _flat(data, str, shape, where))


def _flat(data: msgspec.Raw, kind: type, shape: tuple[int, ...], where: str) -> list[object]:
    """The elements of flat or nested data, row-major, as many as the shape holds."""
    flat: list[object]
    try:
        flat = msgspec.json.decode(data, type=list[kind])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        if len(shape) != 2:
            raise RequestError(f"{_expected(kind)} are expected: {error}", where) from error
        flat = _rows(data, kind, shape[1], where)
    if len(flat) != math.prod(shape):
        raise RequestError(f"shape {list(shape)} does not hold {len(flat)} {_expected(kind)}", where)
    return flat


def _rows(data: msgspec.Raw, kind: type, columns: int, where: str) -> list[object]:
    try:
        rows: list[list[object]] = msgspec.json.decode(data, type=list[list[kind]])  # type: ignore[valid-type]
    except msgspec.ValidationError as error:
        raise RequestError(f"{_expected(kind)} are expected, flat or one list a row: {error}", where) from error
    if any(len(row) != columns for row in rows):
        raise RequestError(f"every row must have {columns} {_expected(kind)}", where)
    return [value for row in rows for value in row]


def _expected(kind: type) -> str:
    return {bool: "true or false", str: "strings", int: "whole numbers"}.get(kind, "numbers")
