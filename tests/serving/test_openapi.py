"""The service's description of itself."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Never

import msgspec
import pytest
from openapi_spec_validator import validate

from afield.serving import asking, batches, ingestion, openapi, v2
from afield.serving.http import JSON, Request
from afield.serving.ingestion import Ingestion
from afield.serving.openapi import Described
from afield.serving.protocol import Protocol
from afield.serving.tally import Tally
from afield.testing.stand import TICK
from afield.testing.toy import SHOPS, operate
from tests.serving.bakery import Bakery, release

Document = dict[str, dict[str, dict[str, dict[str, object]]]]


@pytest.fixture
def described(bakery: Bakery) -> Described:
    product = operate({})
    bakery.see(release("r1"))
    return Described(
        version="0.1.0",
        asked=product.asked,
        kinds=product.facts,
        protocol=Protocol("toy", "0.1.0", bakery.predictor),
        keys=lambda: SHOPS,
        sample=lambda: product.asked.sample(TICK, "east"),
        now=lambda: TICK,
    )


def _unasked(*_: object) -> Never:
    raise AssertionError("a description asks nothing")


def served(described: Described, tmp_path: Path, *, secured: bool = False) -> Document:
    told = Described(
        **{name: getattr(described, name) for name in Described.__slots__ if name != "secured"}, secured=lambda: secured
    )
    paths = {
        **asking.routes(told.asked, _unasked, lambda *_: None),
        **batches.routes(told.asked, _unasked),
        **ingestion.routes(Ingestion(told.kinds, lambda *_: None, lambda _: None)),
        **v2.routes(told.protocol, _unasked, Tally(tmp_path)),
    }
    family = openapi.routes(told, lambda: {**paths, **family})
    reply = family["/openapi.json"].methods["GET"](Request("GET", "/openapi.json"))
    found = msgspec.json.decode(reply.body)
    assert set(found["paths"]) == {*paths, *family}
    return found


def test_the_document_is_openapi_and_names_every_path(described: Described, tmp_path: Path) -> None:
    document = served(described, tmp_path)
    assert document["openapi"] == "3.1.0"
    validate(document)


def test_the_question_is_described_by_its_type_with_an_example_that_works(described: Described, tmp_path: Path) -> None:
    document = served(described, tmp_path)
    body = document["paths"]["/v1/loaves"]["post"]["requestBody"]["content"][JSON]
    assert body["schema"] == {"$ref": "#/components/schemas/Question"}
    assert body["example"] == {"shop": "east", "at": TICK.isoformat()}
    question = document["components"]["schemas"]["Question"]
    assert question["required"] == ["shop", "at"]
    assert question["additionalProperties"] is False


def test_a_batch_has_an_example_where_a_thousand_of_them_are_a_body_that_is_read(
    described: Described, tmp_path: Path
) -> None:
    found = []
    for size in (10, 10_000):
        sample = msgspec.json.encode({"shop": "e" * size, "at": TICK}).decode()
        told = replace(described, sample=lambda text=sample: text)
        document = served(told, tmp_path)
        found.append("example" in document["paths"]["/v1/loaves/batch"]["post"]["requestBody"]["content"][JSON])
    assert found == [True, False]


def test_facts_are_described_by_kind(described: Described, tmp_path: Path) -> None:
    (fact,) = served(described, tmp_path)["components"]["schemas"]["Fact"]["anyOf"]
    assert fact["properties"]["kind"] == {"const": "sale"}
    assert "fields" in fact["required"]


def test_security_is_described_where_a_token_is_asked_for(described: Described, tmp_path: Path) -> None:
    open_document, document = served(described, tmp_path), served(described, tmp_path, secured=True)
    assert "securitySchemes" not in open_document["components"]
    assert document["paths"]["/v1/loaves"]["post"]["security"] == [{"token": []}]
    assert "security" not in document["paths"]["/v2/health/live"]["get"]


@pytest.mark.slow
def test_schemathesis_finds_no_fault_in_a_running_service(service_url: str, tmp_path: Path) -> None:
    program = str(Path(sys.executable).parent / "schemathesis")
    command = [program, "run", f"{service_url}/openapi.json", "--max-time", "45", "--seed", "5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env={**os.environ, "NO_COLOR": "1"})
    assert done.returncode == 0, done.stdout + done.stderr
