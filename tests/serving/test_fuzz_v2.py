"""Whatever comes to an infer path, the reply is the protocol's, and the next good request is answered."""

from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from afield.serving import v2
from afield.serving.access import Access
from afield.serving.http import Request
from afield.serving.messages import InferReply
from afield.serving.protocol import Protocol
from afield.serving.service import Service
from afield.serving.tally import Tally
from afield.serving.tensors import DATATYPES, NUMERIC
from tests.serving.bakery import Bakery, release

PATH = "/v2/models/toy/infer"
HOST = {"host": "localhost"}
GOOD = {"name": "features", "shape": [1, 2], "datatype": "FP32", "data": [4.0, 6.0]}

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda children: st.lists(children, max_size=4) | st.dictionaries(st.text(max_size=6), children, max_size=4),
    max_leaves=10,
)
tensors = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["features", "keys", "other"]) | anything,
        "shape": st.lists(st.integers(-1, 3), max_size=3) | anything,
        "datatype": st.sampled_from(DATATYPES) | anything,
    },
    optional={
        "data": st.lists(st.floats(-1e6, 1e6) | st.integers(-300, 300) | st.sampled_from(["east", "moon"]), max_size=6)
        | anything,
        "parameters": st.dictionaries(
            st.sampled_from(["binary_data_size", "more"]), anything | st.integers(-1, 40), max_size=2
        )
        | anything,
    },
)
bodies = st.fixed_dictionaries(
    {"inputs": st.lists(tensors, max_size=2) | anything},
    optional={
        "id": anything,
        "outputs": st.lists(
            st.fixed_dictionaries({"name": st.sampled_from(["forecast", "low", "none"]) | anything}), max_size=2
        )
        | anything,
        "parameters": st.dictionaries(st.just("binary_data_output"), anything, max_size=1) | anything,
    },
)
quick = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def service(bakery: Bakery, tmp_path: Path) -> Service:
    bakery.see(release("r1"))
    family = v2.routes(Protocol("toy", "0.1.0", bakery.predictor), lambda: pytest.fail("not asked"), Tally(tmp_path))
    return Service(family, access=Access(), counted=lambda *_: None)


def check(service: Service, body: bytes, headers: dict[str, str]) -> None:
    reply = service.reply(Request("POST", PATH, {**HOST, **headers}, body))
    if reply.status == 200:
        end = int(dict(reply.headers).get("inference-header-content-length", len(reply.body)))
        msgspec.json.decode(reply.body[:end], type=InferReply)
    else:
        assert reply.status in (400, 404, 413), reply.body
        assert set(msgspec.json.decode(reply.body)) == {"error"}
    good = service.reply(Request("POST", PATH, HOST, msgspec.json.encode({"inputs": [GOOD]})))
    assert msgspec.json.decode(good.body, type=InferReply).outputs[0].data == [5.0]


@quick
@given(body=bodies)
def test_any_json_is_answered_or_refused(service: Service, body: object) -> None:
    check(service, msgspec.json.encode(body), {})


@quick
@given(
    body=st.binary(max_size=60) | bodies.map(msgspec.json.encode),
    tail=st.binary(max_size=40),
    length=st.text(max_size=6),
)
def test_any_bytes_and_any_length_are_answered_or_refused(
    service: Service, body: bytes, tail: bytes, length: str
) -> None:
    check(service, body + tail, {"inference-header-content-length": length})
    check(service, body + tail, {"inference-header-content-length": str(len(body))})


@quick
@given(body=st.binary(max_size=80), encoding=st.sampled_from(["gzip", "deflate", "br", "identity", "gzip, gzip", ""]))
def test_any_encoding_is_answered_or_refused(service: Service, body: bytes, encoding: str) -> None:
    check(service, body, {"content-encoding": encoding})


@quick
@given(
    datatype=st.sampled_from([name for name in NUMERIC if name != "BOOL"]),
    rows=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100)), min_size=1, max_size=6),
)
def test_the_same_numbers_get_the_same_answer_in_any_datatype_and_form(
    service: Service, datatype: str, rows: list[tuple[int, int]]
) -> None:
    head = {"name": "features", "shape": [len(rows), 2], "datatype": datatype}
    raw = np.array(rows, NUMERIC[datatype]).tobytes()
    binary = msgspec.json.encode({"inputs": [{**head, "parameters": {"binary_data_size": len(raw)}}]})
    length = {"inference-header-content-length": str(len(binary))}
    replies = [
        service.reply(Request("POST", PATH, HOST, msgspec.json.encode({"inputs": [{**head, "data": data}]})))
        for data in (rows, [value for row in rows for value in row])
    ]
    replies.append(service.reply(Request("POST", PATH, {**HOST, **length}, binary + raw)))
    found = [msgspec.json.decode(reply.body, type=InferReply).outputs[0].data for reply in replies]
    assert found == [[(first + second) / 2 for first, second in rows]] * 3
