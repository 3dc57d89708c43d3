"""The one input of an infer request, in whichever form it comes: features as numbers, or keys as strings."""

import msgspec
import numpy as np
from numpy.typing import NDArray

from afield.errors import RequestError
from afield.serving import binary, tensors
from afield.serving.messages import InferRequest, Parameters, RequestInput

FEATURES, KEYS = "features", "keys"
MOST_ROWS = 2**16
ELSEWHERE = ("shared_memory_region", "classification")
"""Parameters of other extensions that would be answered wrongly if they were passed over."""

Matrix = NDArray[np.float64]


def given(request: InferRequest, tail: bytes, columns: int) -> Matrix | list[str]:
    """Features of shape `(n, columns)`, or n keys, 1 <= n <= `MOST_ROWS`; `tail` holds the bytes of binary tensors.

    Raises:
        RequestError: the input does not fit; the message names it.
    """
    shares = binary.shares(request.inputs, tail)
    if len(request.inputs) != 1:
        raise RequestError(f"one input is expected, {FEATURES} or {KEYS}; got {len(request.inputs)}", "inputs")
    one, raw = request.inputs[0], shares[0]
    tensors.check_datatype(one.datatype, "inputs[0]")
    refuse_elsewhere(one.parameters, "inputs[0]")
    if (one.data is msgspec.UNSET) == (raw is None):
        given_are = "neither {} nor {} is" if raw is None else "both {} and {} are"
        raise RequestError(f"{given_are.format('data', binary.SIZE)} given; one is expected", "inputs[0]")
    if one.name == KEYS:
        return _texts(one, raw)
    if one.name == FEATURES:
        return _matrix(one, raw, columns)
    raise RequestError(f"no input {one.name[:80]!r}; send {FEATURES} or {KEYS}", "inputs[0].name")


def refuse_elsewhere(parameters: Parameters, where: str) -> None:
    """Return where no parameter asks for an extension that is not served.

    Raises:
        RequestError: one does.
    """
    for name in ELSEWHERE:
        if name in parameters:
            raise RequestError("this extension is not served here", f"{where}.parameters.{name}")


def _texts(one: RequestInput, raw: bytes | None) -> list[str]:
    if one.datatype != tensors.BYTES or len(one.shape) != 1 or not 1 <= one.shape[0] <= MOST_ROWS:
        raise RequestError(f"BYTES of shape [n] is expected, 1 <= n <= {MOST_ROWS}", KEYS)
    if raw is not None:
        return binary.texts(raw, one.shape, KEYS)
    return tensors.texts(_stated(one), one.shape, KEYS)


def _matrix(one: RequestInput, raw: bytes | None, columns: int) -> Matrix:
    """Numbers of shape `(n, columns)`."""
    if one.datatype == tensors.BYTES:
        raise RequestError("numbers are expected (FP32, or another numeric datatype), not BYTES", FEATURES)
    if len(one.shape) != 2 or one.shape[1] != columns or not 1 <= one.shape[0] <= MOST_ROWS:
        raise RequestError(
            f"shape [n, {columns}] is expected, 1 <= n <= {MOST_ROWS}, not {list(one.shape)[:8]}", FEATURES
        )
    if raw is not None:
        read = binary.numbers(raw, one.datatype, one.shape, FEATURES)
    else:
        read = tensors.numbers(_stated(one), one.datatype, one.shape, FEATURES)
    values = read.astype(np.float64)
    if not (np.abs(values) <= np.finfo(np.float32).max).all():
        raise RequestError("a number is not finite, or too large for FP32", FEATURES)
    return values


def _stated(one: RequestInput) -> msgspec.Raw:
    """The data in the JSON of an input; `given` has seen that they are there."""
    return msgspec.Raw() if one.data is msgspec.UNSET else one.data
