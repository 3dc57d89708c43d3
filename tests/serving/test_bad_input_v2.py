"""What must not reach a model, sent to a whole service: the right status with its reason, and the next one answered."""

import http.client
import json
from collections.abc import Iterator
from contextlib import suppress

import msgspec
import numpy as np
import pytest

from afield.serving.tensors import NUMERIC
from afield.serving.v2 import LARGEST_TENSORS

pytestmark = pytest.mark.slow
INFER = "/v2/models/toy/infer"
LENGTH = "Inference-Header-Content-Length"
FEATURES = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [4.0, 6.0]}
KEYS = {"name": "keys", "shape": [1], "datatype": "BYTES", "data": ["east"]}
LEAST = b'{"name":"","shape":[],"datatype":""}'
FITTING = (LARGEST_TENSORS - 20) // (len(LEAST) + 1)
HUGE = "9" * 5000


def told(url: str, body: bytes | Iterator[bytes], path: str = INFER, **headers: str) -> tuple[int, dict[str, object]]:
    """The status of the reply to a POST, and its JSON."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        with suppress(OSError):  # it may be refused while it is being sent
            connection.request("POST", path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        reply = connection.getresponse()
        return reply.status, json.loads(reply.read())
    finally:
        connection.close()


def refused(url: str, body: bytes | Iterator[bytes], status: int, path: str = INFER, **headers: str) -> str:
    """Why a request is refused, with this status; the next good one is answered."""
    found, said = told(url, body, path, **headers)
    assert (found, list(said)) == (status, ["error"]), said
    good, answer = told(url, msgspec.json.encode({"inputs": [FEATURES]}))
    assert (good, answer["outputs"][0]["data"]) == (200, [5.0])
    return str(said["error"])


def asking(**changes: object) -> bytes:
    return msgspec.json.encode({"inputs": [{**FEATURES, **changes}]})


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b'{"inputs":' + b"[" * 500_000 + b"]" * 500_000 + b"}", ""),
        (asking()[:-2] + b',"parameters":' + b'{"a":' * 200_000 + b"1" + b"}" * 200_000 + b"}]}", ""),
        (asking(data=msgspec.Raw(b"[" * 300_000 + b"]" * 300_000)), ""),
        (b'{"inputs":[' + b",".join([LEAST] * FITTING) + b"]}", f"got {FITTING}"),
        (asking(data=msgspec.Raw(b"[NaN,1]")), "malformed"),
        (asking(data=msgspec.Raw(b"[Infinity,1]")), "malformed"),
        (asking(data=msgspec.Raw(b"[1e999,1]")), "out of range"),
        (asking(data=msgspec.Raw(HUGE.encode().join((b"[", b",1]")))), ""),
        (asking(shape=[-1, 2]), "1 <= n"),
        (asking(shape=[-1, -2]), "shape [n, 2]"),
        (asking(shape=[2**62, 2]), "1 <= n"),
        (asking(shape=[2**32, 2**32]), "shape [n, 2]"),
        (asking(shape=msgspec.Raw(f"[{HUGE},2]".encode())), ""),
        (asking(shape=msgspec.Raw(b"[" + b"1," * 4_000_000 + b"1]")), "shape [n, 2]"),
        (asking(shape=[1.5, 2]), "int"),
        (asking(shape=[65_536, 2]), "does not hold 2"),
        (asking(name="other"), "no input 'other'"),
        (asking(name="x" * 1_000_000), "no input 'xxx"),
        (asking(datatype="BYTES"), "not BYTES"),
        *((asking(name="keys", shape=[1], datatype=name, data=[1]), "BYTES of shape") for name in NUMERIC),
        (asking(**{**KEYS, "shape": [65_536]}), "does not hold 1"),
        (asking(**{**KEYS, "data": ["moon"]}), "moon"),
        (asking(data=["4", "6"]), "numbers are expected"),
        (asking(datatype="INT8", data=[4, 600]), "outside the range of INT8"),
        (asking(datatype="UINT8", data=[4, -6]), "outside the range of UINT8"),
        (asking(datatype="INT64", data=[4.5, 6]), "whole numbers"),
        (asking(datatype="BOOL", data=[4, 6]), "true or false"),
        (asking(datatype="FP16", data=[4, 1e6]), "too large for FP16"),
    ],
)
def test_a_body_that_makes_no_sense_is_told_why(service_url: str, body: bytes, says: str) -> None:
    assert len(body) <= LARGEST_TENSORS
    assert says in refused(service_url, body, 400)


def test_more_than_is_read_is_refused_whether_it_is_announced_or_not(service_url: str) -> None:
    many = b'{"inputs":[' + b",".join([LEAST] * 1_000_000) + b"]}"
    refused(service_url, many, 413)
    refused(service_url, (b" " * 2**20 for _ in range(100)), 413)
    refused(service_url, b"", 413, Content_Length="100000000")


@pytest.mark.parametrize("end", ["0", "-1", "1e3", "x", "9" * 30, "100000"])
def test_a_json_length_that_the_body_does_not_have_is_refused(service_url: str, end: str) -> None:
    assert LENGTH in refused(service_url, asking(), 400, Inference_Header_Content_Length=end)


@pytest.mark.parametrize("size", [0, 1, 7, 9, 10**12, -1])
def test_bytes_that_do_not_fill_the_shape_are_refused(service_url: str, size: int) -> None:
    head = {"name": "features", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": size}}
    content = msgspec.json.encode({"inputs": [head]})
    refused(service_url, content + bytes(8), 400, Inference_Header_Content_Length=str(len(content)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_bytes_of_no_number_are_refused(service_url: str, value: float) -> None:
    head = {"name": "features", "shape": [1, 2], "datatype": "FP32", "parameters": {"binary_data_size": 8}}
    content = msgspec.json.encode({"inputs": [head]})
    tail = np.array([1, value], np.float32).tobytes()
    assert "not finite" in refused(service_url, content + tail, 400, Inference_Header_Content_Length=str(len(content)))


@pytest.mark.parametrize(
    "path",
    [
        "/v2/models/other/infer",
        "/v2/models/toy/versions/1/infer",
        f"/v2/models/toy/versions/{'0' * 64}/infer",
        "/v2/models/toy/versions/%2e%2e/infer",
        f"/v2/models/{'x' * 5000}/infer",
        "/v2/models//infer",
    ],
)
def test_an_unknown_model_or_version_is_not_found(service_url: str, path: str) -> None:
    refused(service_url, asking(), 404, path)
