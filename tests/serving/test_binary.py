"""Binary tensors, as tritonclient writes and reads them."""

import gzip
import zlib

import msgspec
import numpy as np
import pytest
import tritonclient.http as triton
from numpy.typing import NDArray

from afield.errors import RequestError
from afield.serving import binary
from afield.serving.http import TooLargeError
from afield.serving.outputs import Inferred
from afield.serving.protocol import Protocol
from tests.serving.bakery import Bakery, release
from tests.serving.calling import inferred

ROWS = np.array([[1, 2], [3, 4]])
NUMPY = {
    "UINT8": np.uint8, "UINT16": np.uint16, "UINT32": np.uint32, "UINT64": np.uint64,
    "INT8": np.int8, "INT16": np.int16, "INT32": np.int32, "INT64": np.int64,
    "FP16": np.float16, "FP32": np.float32, "FP64": np.float64,
}  # fmt: skip


@pytest.fixture
def protocol(bakery: Bakery) -> Protocol:
    bakery.see(release("r1"))
    return Protocol("toy", "0.1.0", bakery.predictor)


def tensor(name: str, datatype: str, values: NDArray[np.generic], *, whole: bool = True) -> triton.InferInput:
    made = triton.InferInput(name, list(values.shape), datatype)
    made.set_data_from_numpy(values, binary_data=whole)
    return made


def ask(protocol: Protocol, *inputs: triton.InferInput, outputs: object = None) -> Inferred:
    body, length = triton.InferenceServerClient.generate_request_body(list(inputs), outputs=outputs)
    return inferred(protocol, body, length=length)


def read(found: Inferred) -> triton.InferResult:
    content = msgspec.json.encode(found.reply)
    tail, length = found.tail, None if found.tail is None else len(content)
    return triton.InferenceServerClient.parse_response_body(content + (tail or b""), header_length=length)


@pytest.mark.parametrize("datatype", NUMPY)
@pytest.mark.parametrize("whole", [True, False])
def test_numbers_of_every_datatype_are_scored(protocol: Protocol, datatype: str, whole: bool) -> None:
    given = tensor("features", datatype, ROWS.astype(NUMPY[datatype]), whole=whole)
    result = read(ask(protocol, given))
    assert result.as_numpy("forecast").tolist() == [1.5, 3.5]
    assert result.as_numpy("low").dtype == np.float64


def test_truths_are_scored(protocol: Protocol) -> None:
    result = read(ask(protocol, tensor("features", "BOOL", np.array([[True, False]]))))
    assert result.as_numpy("forecast").tolist() == [0.5]


def test_keys_are_read_as_bytes(protocol: Protocol) -> None:
    result = read(ask(protocol, tensor("keys", "BYTES", np.array(["west", b"east"], np.object_))))
    assert result.as_numpy("forecast").tolist() == [13.0, 5.0]


def test_each_output_is_sent_as_it_is_asked_for(protocol: Protocol) -> None:
    outputs = [triton.InferRequestedOutput("low"), triton.InferRequestedOutput("forecast", binary_data=False)]
    found = ask(protocol, tensor("features", "FP32", ROWS.astype(np.float32)), outputs=outputs)
    low, forecast = found.reply.outputs
    assert (low.data, low.parameters) == (msgspec.UNSET, {"binary_data_size": 16})
    assert (forecast.data, forecast.parameters) == ([1.5, 3.5], {})
    assert read(found).as_numpy("low").tolist() == [-1.5, 0.5]


def test_a_reply_in_json_alone_has_no_bytes_after_it(protocol: Protocol) -> None:
    outputs = [triton.InferRequestedOutput("low", binary_data=False)]
    assert ask(protocol, tensor("features", "FP32", ROWS.astype(np.float32)), outputs=outputs).tail is None


GOOD = {"name": "features", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
EIGHT = np.array([1, 2], np.float32).tobytes()


@pytest.mark.parametrize(
    ("change", "tail", "says"),
    [
        ({}, EIGHT[:-1], "8 bytes are announced and 7 follow"),
        ({}, EIGHT + b"\0", "1 bytes follow the JSON that no input"),
        ({"parameters": {}}, EIGHT, "8 bytes follow"),
        ({"parameters": {}}, b"", "neither data nor"),
        ({"data": [1, 2]}, EIGHT, "both data and"),
        ({"shape": [2, 2]}, EIGHT, "needs 16 bytes, not 8"),
        ({"datatype": "FP64"}, EIGHT, "needs 16 bytes, not 8"),
        ({"datatype": "INT8"}, EIGHT, "needs 2 bytes, not 8"),
        ({"datatype": "BOOL", "parameters": {"binary_data_size": 2}}, b"\1\2", "0 or 1"),
        ({"parameters": {"binary_data_size": -8}}, EIGHT, "number of bytes"),
        ({"parameters": {"binary_data_size": True}}, b"\0", "number of bytes"),
        ({"parameters": {"binary_data_size": "8"}}, EIGHT, "number of bytes"),
        ({"parameters": {"binary_data_size": 10**18}}, EIGHT, "are announced"),
        ({}, np.array([1, np.nan], np.float32).tobytes(), "not finite"),
        ({}, np.array([1, -np.inf], np.float32).tobytes(), "not finite"),
        ({"name": "keys", "datatype": "BYTES", "shape": [1]}, EIGHT, "cut off"),
        ({"name": "keys", "datatype": "BYTES", "shape": [2]}, b"\4\0\0\0east", "does not hold 1"),
        ({"name": "keys", "datatype": "BYTES", "shape": [1]}, b"\4\0\0\0\xff\xff\xff\xff", "UTF-8"),
    ],
)
def test_bytes_that_do_not_fit_are_told_why(
    protocol: Protocol, change: dict[str, object], tail: bytes, says: str
) -> None:
    content = msgspec.json.encode({"inputs": [{**GOOD, **change}]})
    with pytest.raises(RequestError, match=says):
        inferred(protocol, content + tail, length=len(content))
    assert ask(protocol, tensor("keys", "BYTES", np.array(["east"], np.object_))).rows == 1


@pytest.mark.parametrize("length", ["", "x", "-1", "0", "1e3", "٣", "9" * 30, "1000"])
def test_the_length_of_the_json_must_be_true(length: str) -> None:
    with pytest.raises(RequestError):
        binary.split(b"{}", length)


@pytest.mark.parametrize(("encoding", "packed"), [("gzip", gzip.compress), ("deflate", zlib.compress)])
def test_compressed_bodies_are_read(encoding: str, packed: object) -> None:
    assert callable(packed)
    assert binary.inflated(packed(b"{}"), encoding, 10) == b"{}"
    with pytest.raises(TooLargeError):
        binary.inflated(packed(b" " * 10_000), encoding, 100)
    for wrong in (packed(b"{}")[:-1], packed(b"{}") + b"x", b"{}"):
        with pytest.raises(RequestError):
            binary.inflated(wrong, encoding, 100)


def test_an_unknown_encoding_is_refused() -> None:
    with pytest.raises(RequestError, match="gzip, deflate"):
        binary.inflated(b"{}", "br", 100)
