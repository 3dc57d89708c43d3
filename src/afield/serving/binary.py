"""Triton's binary tensor extension: tensors as bytes after the JSON of a request or reply, and compressed bodies.

Source: https://github.com/triton-inference-server/server (docs/protocol/extension_binary_data.md). Elements are
little-endian and row-major without padding; an element of BYTES is its length as four bytes, then itself.
"""

import math
import zlib
from collections.abc import Sequence

import numpy as np

from afield.errors import RequestError
from afield.serving.http import TooLargeError
from afield.serving.messages import Parameters, RequestInput
from afield.serving.tensors import BOOL, NUMERIC, Numbers

HEADER = "inference-header-content-length"
SIZE, WANTED, ALL_WANTED = "binary_data_size", "binary_data", "binary_data_output"
EXTENSION = "binary_tensor_data"

_LENGTH = 4  # bytes that hold the length of an element of BYTES
_WINDOW = {"gzip": 31, "x-gzip": 31, "deflate": 15}


def inflated(body: bytes, encoding: str, largest: int) -> bytes:
    """The body without its `Content-Encoding`.

    Raises:
        RequestError: the encoding is unknown, or the body is not what it says.
        TooLargeError: it would hold more than `largest` bytes.
    """
    window = _WINDOW.get(encoding.strip().lower())
    if window is None:
        raise RequestError(f"Content-Encoding {encoding[:20]!r} is not read here; there is: gzip, deflate")
    stream = zlib.decompressobj(window)
    try:
        content = stream.decompress(body, largest + 1)
    except zlib.error as error:
        raise RequestError(f"the body is not {encoding[:20]}: {error}") from error
    if len(content) > largest:
        raise TooLargeError(f"the body has more than {largest} bytes: send it in parts")
    if not stream.eof or stream.unused_data:
        raise RequestError(f"the body is not one whole {encoding[:20]} stream")
    return content


def split(body: bytes, length: str | None) -> tuple[bytes, bytes]:
    """The JSON of a body and the bytes after it; `length` is the header that says where it ends.

    Raises:
        RequestError: the header is no number of bytes that the body has.
    """
    if length is None:
        return body, b""
    if not (length.isascii() and length.isdecimal()) or len(length) > 12:
        raise RequestError("a number of bytes is expected", "Inference-Header-Content-Length")
    end = int(length)
    if not 0 < end <= len(body):
        raise RequestError(
            f"{end} bytes of JSON are no part of a body of {len(body)}", "Inference-Header-Content-Length"
        )
    return body[:end], body[end:]


def shares(inputs: Sequence[RequestInput], tail: bytes) -> list[bytes | None]:
    """The bytes of each input, in the order in which the JSON names them; None of one whose data stand there.

    Raises:
        RequestError: a size is no number of bytes, or all sizes together are not what follows the JSON.
    """
    found: list[bytes | None] = []
    start = 0
    for place, one in enumerate(inputs):
        size = one.parameters.get(SIZE)
        if size is None:
            found.append(None)
            continue
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise RequestError("a number of bytes is expected", f"inputs[{place}].parameters.{SIZE}")
        if start + size > len(tail):
            raise RequestError(
                f"{size} bytes are announced and {len(tail) - start} follow the JSON; "
                "Inference-Header-Content-Length says where it ends",
                f"inputs[{place}].parameters.{SIZE}",
            )
        found.append(tail[start : start + size])
        start += size
    if start != len(tail):
        raise RequestError(f"{len(tail) - start} bytes follow the JSON that no input's {SIZE} announces", "inputs")
    return found


def numbers(content: bytes, datatype: str, shape: tuple[int, ...], where: str) -> Numbers:
    """A tensor of numbers from its bytes.

    Raises:
        RequestError: there are more or fewer bytes than the shape needs, or a BOOL is neither 0 nor 1.
    """
    dtype, count = NUMERIC[datatype], math.prod(shape)
    if len(content) != count * dtype.itemsize:
        needed = count * dtype.itemsize
        raise RequestError(f"shape {list(shape)} of {datatype} needs {needed} bytes, not {len(content)}", where)
    if datatype == BOOL and content.strip(b"\x00\x01"):
        raise RequestError("a BOOL is a byte of 0 or 1", where)
    return np.frombuffer(content, dtype).reshape(shape)


def texts(content: bytes, shape: tuple[int, ...], where: str) -> list[str]:
    """The strings of a BYTES tensor from its bytes.

    Raises:
        RequestError: the elements do not fill the bytes or the shape, or one is not UTF-8.
    """
    found, start = [], 0
    while start < len(content):
        end = start + _LENGTH
        size = int.from_bytes(content[start:end], "little")
        if end > len(content) or end + size > len(content):
            raise RequestError("an element of BYTES is cut off: its length in four bytes, then itself", where)
        found.append(content[end : end + size])
        start = end + size
    if len(found) != math.prod(shape):
        raise RequestError(f"shape {list(shape)} does not hold {len(found)} strings", where)
    try:
        return [element.decode() for element in found]
    except UnicodeDecodeError as error:
        raise RequestError("strings are expected in UTF-8", where) from error


def wanted(parameters: Parameters, otherwise: bool, where: str) -> bool:
    """Whether an output is to be sent as bytes.

    Raises:
        RequestError: the parameter is neither true nor false.
    """
    binary = parameters.get(WANTED, otherwise)
    if not isinstance(binary, bool):
        raise RequestError("true or false is expected", f"{where}.{WANTED}")
    return binary
