"""The surface of a whole service: batches, keys, ids, its log and its traces."""

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from afield.serving.launch import await_ready, launch
from afield.testing.stand import Stand
from tests.serving.test_otlp import Collected, collector

pytestmark = pytest.mark.slow
ASK = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
BATCH = b'{"requests": [%b, {"shop": "moon", "at": "2026-03-02T09:10:00"}]}' % ASK


class Running:
    """A service of two workers with everything logged and traced."""

    def __init__(self, folder: Path, otlp: str) -> None:
        stand = Stand(folder)
        digest = stand.release()
        stand.rows()
        stand.control(digest)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.config = msgspec.structs.replace(stand.config(port, workers=2), log="all", otlp=otlp)
        self.log = folder / "log"
        self.process = launch(self.config, folder / "config.json", self.log)
        await_ready(self.config, self.process)

    def call(self, path: str, body: bytes, **headers: str) -> tuple[int, dict[str, str], dict[str, object]]:
        connection = http.client.HTTPConnection("127.0.0.1", self.config.port, timeout=20)
        try:
            connection.request("POST", path, body, {name.replace("_", "-"): text for name, text in headers.items()})
            reply = connection.getresponse()
            return reply.status, {name.lower(): text for name, text in reply.getheaders()}, json.loads(reply.read())
        finally:
            connection.close()

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Collected]]:
    with collector() as (url, collected):
        running = Running(tmp_path_factory.mktemp("surface"), url)
        try:
            yield running, collected
        finally:
            running.stop()


def test_a_key_gets_one_answer_from_all_workers(both: tuple[Running, Collected]) -> None:
    running, _ = both
    found = [running.call("/v1/loaves", ASK, Idempotency_Key="k1") for _ in range(12)]
    assert {status for status, _, _ in found} == {200}
    assert len({body["id"] for _, _, body in found}) == 1
    assert sum("idempotency-replayed" in headers for _, headers, _ in found) == 11
    assert running.call("/v1/loaves", ASK + b" ", Idempotency_Key="k1")[0] == 422


def test_a_batch_is_answered_once_for_its_key(both: tuple[Running, Collected]) -> None:
    running, _ = both
    first, again = (running.call("/v1/loaves/batch", BATCH, Idempotency_Key="b1") for _ in range(2))
    assert first[2] == again[2]
    good, bad = first[2]["answers"]
    assert (good["output"]["bake"], bad["status"]) == (5.0, 404)


def test_requests_are_logged_and_traced_under_their_ids_without_their_bodies(both: tuple[Running, Collected]) -> None:
    running, collected = both
    for number in range(8):
        _, headers, _ = running.call("/v1/loaves", ASK, X_Request_Id=f"logged-{number}")
        assert headers["x-request-id"] == f"logged-{number}"
    running.call("/v1/loaves", b'{"shop": "a secret"}', X_Request_Id="refused-1")
    running.stop()
    lines = [json.loads(line) for line in running.log.read_text().splitlines()]
    noted = {line["request_id"]: line for line in lines}
    assert {f"logged-{number}" for number in range(8)} <= set(noted)
    assert (noted["logged-1"]["status"], noted["logged-1"]["route"], noted["refused-1"]["status"]) == (
        200,
        "answers",
        400,
    )
    assert "secret" not in running.log.read_text()
    traced = {
        attribute.value.string_value
        for span in collected.spans()
        for attribute in span.attributes
        if attribute.key == "afield.request_id"
    }
    assert {f"logged-{number}" for number in range(8)} <= traced
