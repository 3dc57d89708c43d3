"""Whole workers under load: their number follows it, and no request fails of it."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from afield.serving.config import Config
from afield.serving.launch import await_ready, launch
from afield.serving.tokens import changing, new_token
from afield.testing.stand import Stand

ASK = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
pytestmark = pytest.mark.slow


@pytest.fixture
def config(stand: Stand) -> Iterator[Config]:
    stand.rows()
    stand.control(stand.release())
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    config = stand.config(port, token=str(stand.folder / "tokens.json"))
    config = msgspec.structs.replace(config, workers=1, most=2)
    process = launch(config, stand.folder / "config.json", stand.folder / "log")
    try:
        await_ready(config, process)
        yield config
    finally:
        process.terminate()
        process.wait(20)


def call(config: Config, method: str, path: str, token: str = "", body: bytes | None = None) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=10)
    try:
        connection.request(method, path, body, {"Authorization": f"Bearer {token}"} if token else {})
        reply = connection.getresponse()
        return reply.status, reply.read()
    finally:
        connection.close()


def test_a_second_worker_comes_under_load_takes_its_share_and_no_request_fails(config: Config) -> None:
    done, failures, answered = threading.Event(), [], [0]

    def load() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", config.port, timeout=20)
        while not done.is_set():
            try:
                connection.request("POST", "/v1/loaves", ASK)
                reply = connection.getresponse()
                reply.read()
            except (OSError, http.client.HTTPException) as error:
                failures.append(repr(error))
            else:
                answered[0] += 1
                if reply.status != 200:
                    failures.append(str(reply.status))
        connection.close()

    clients = [threading.Thread(target=load) for _ in range(16)]
    for client in clients:
        client.start()
    workers: set[int] = set()
    deadline = time.monotonic() + 40
    while len(workers) < 2 and time.monotonic() < deadline:
        workers.add(int(msgspec.json.decode(call(config, "GET", "/healthz")[1])["worker"]))
    done.set()
    for client in clients:
        client.join()
    assert failures == []
    assert len(workers) == 2
    assert answered[0] > 500


def test_tokens_made_while_a_service_runs_are_in_force_within_half_a_second(config: Config) -> None:
    assert call(config, "GET", "/healthz")[0] == 200
    file = Path(config.token)
    with changing(file) as tokens:
        text, token = new_token("dashboard", ("observe",), datetime.now(UTC), None)
        tokens.append(token)
    changed = time.monotonic()
    while call(config, "GET", "/healthz")[0] != 401:
        assert time.monotonic() - changed < 10
    assert call(config, "GET", "/healthz", text)[0] == 200
    assert call(config, "POST", "/v1/loaves", text, ASK)[0] == 403
    assert call(config, "GET", "/v2/health/ready")[0] == 200
    kept = http.client.HTTPConnection("127.0.0.1", config.port, timeout=10)
    try:
        assert told(kept, text) == 200
        with changing(file) as tokens:
            tokens.clear()
        changed = time.monotonic()
        while told(kept, text) != 401:
            assert time.monotonic() - changed < 10
    finally:
        kept.close()


def told(connection: http.client.HTTPConnection, token: str) -> int:
    """The status of one more request on a connection that is kept."""
    connection.request("GET", "/healthz", headers={"Authorization": f"Bearer {token}"})
    reply = connection.getresponse()
    reply.read()
    return reply.status
