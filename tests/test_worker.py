"""Whole services: processes that are started, fed, killed and drained."""

import http.client
import itertools
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from afield.records.traffic import Answer, Event, Ingest
from afield.serving.config import Config
from afield.serving.launch import await_ready, launch
from afield.telemetry.encoding import decode
from afield.telemetry.segments import read
from afield.testing.stand import TICK, Stand
from afield.worker import main

FORBIDDEN = ("polars", "deltalake", "sqlalchemy", "scipy", "sklearn", "lightgbm", "rich", "cyclopts", "onnx")
ASK = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
FACTS = b'{"facts":[{"id":"s1","kind":"sale","at":"2026-03-02T08:59:00","fields":{"shop":"east","loaves":2}}]}'


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Running:
    """A service and a connection to it."""

    def __init__(self, stand: Stand, config: Config) -> None:
        self.stand = stand
        self.config = config
        self.process = launch(config, stand.folder / "config.json", stand.folder / "log")
        await_ready(config, self.process)

    def call(self, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.config.port, timeout=10)
        try:
            connection.request(method, path, body)
            reply = connection.getresponse()
            return reply.status, reply.read()
        finally:
            connection.close()

    def ask(self) -> Answer:
        status, content = self.call("POST", "/v1/loaves", ASK)
        assert status == 200, content
        return msgspec.json.decode(content, type=Answer)

    def health(self) -> dict[str, object]:
        return msgspec.json.decode(self.call("GET", "/healthz")[1])

    def log(self) -> str:
        return (self.stand.folder / "log").read_text()

    def stop(self) -> int:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


@pytest.fixture
def start(stand: Stand) -> Iterator[Callable[..., Running]]:
    running: list[Running] = []

    def started(**options: object) -> Running:
        running.append(Running(stand, stand.config(free_port(), **options)))
        return running[-1]

    yield started
    for each in running:
        each.stop()


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path)


def until(holds: Callable[[], bool], patience: float = 10.0) -> None:
    """Wait for another process, at most so long."""
    deadline = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)


def test_the_data_plane_holds_no_learner_no_store_and_no_command_line() -> None:
    program = f"import sys, afield.worker, afield.testing.toy; print(*(set({FORBIDDEN!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_a_service_answers_keeps_what_it_accepts_and_drains(stand: Stand, start: Callable[..., Running]) -> None:
    first, second = stand.release(), stand.release((0.0, 1.0))
    stand.rows()
    stand.control(first)
    service = start()
    assert service.ask().release == first
    assert service.call("POST", "/v1/events", FACTS)[0] == 202

    stand.control(second, last_good=first)
    until(lambda: service.ask().release == second)

    worker = int(str(service.health()["worker"]))
    maps = Path(f"/proc/{worker}/maps").read_text()
    assert not [name for name in ("polars", "deltalake", "lightgbm", "sklearn", "scipy") if f"/{name}/" in maps]
    assert service.stop() == 0
    facts = [decode(record) for _, record in read(Path(service.config.facts))]
    assert [fact.id for batch in facts if isinstance(batch, Ingest) for fact in batch.facts] == ["s1"]
    events = [decode(record) for _, record in read(Path(service.config.telemetry))]
    assert {event.release for event in events if isinstance(event, Event)} == {first, second}
    sealed = list(Path(service.config.telemetry).glob("*.sealed"))
    assert sealed, "a drained worker leaves its spool sealed"


def test_a_slow_sender_does_not_hold_up_the_others(stand: Stand, start: Callable[..., Running]) -> None:
    stand.rows()
    stand.control(stand.release())
    service = start()
    with socket.create_connection(("127.0.0.1", service.config.port)) as slow:
        slow.sendall(b"POST /v1/loaves HTTP/1.1\r\nHost: localhost\r\nContent-Length: 45\r\n\r\n{")
        assert service.ask().output["bake"] == 5.0


def test_a_switched_off_model_is_stood_in_for_until_it_is_mended(stand: Stand, start: Callable[..., Running]) -> None:
    stand.rows()
    stand.control(stand.release())
    switch = stand.folder / "switch"
    service = start(seams={"afield.testing.faults:model_outage": str(switch)})
    switch.touch()
    assert service.ask().applied == ("fallback:baseline",)
    switch.write_text("nan")
    assert service.ask().applied == ("fallback:baseline",)
    switch.unlink()
    assert service.ask().applied == ()


@pytest.mark.slow
def test_workers_end_with_their_server(stand: Stand, start: Callable[..., Running]) -> None:
    stand.rows()
    stand.control(stand.release())
    service = start()
    worker = int(str(service.health()["worker"]))
    service.process.kill()
    service.process.wait()
    until(lambda: not alive(worker))


def alive(process: int) -> bool:
    """Whether a process runs; one that waits to be reaped does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.mark.slow
def test_a_worker_that_is_killed_is_replaced_and_loses_nothing_accepted(
    stand: Stand, start: Callable[..., Running]
) -> None:
    stand.rows()
    stand.control(stand.release())
    service = start()
    asked = {service.ask().id for _ in range(50)}
    worker = int(str(service.health()["worker"]))
    os.kill(worker, signal.SIGKILL)
    until(lambda: reachable(service), 20)
    asked.add(service.ask().id)
    service.stop()
    events = [decode(record) for _, record in read(Path(service.config.telemetry))]
    assert {event.id for event in events if isinstance(event, Event)} >= asked


def reachable(service: Running) -> bool:
    try:
        return service.call("GET", "/healthz")[0] == 200
    except (OSError, http.client.HTTPException):
        return False


@pytest.mark.slow
def test_ten_thousand_open_connections_are_kept_and_the_next_request_is_answered(
    stand: Stand, start: Callable[..., Running]
) -> None:
    stand.rows()
    stand.control(stand.release())
    service = start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        connections = [socket.create_connection(("127.0.0.1", service.config.port), 20) for _ in range(10_000)]
        for connection in connections[::100]:
            connection.sendall(b"GET /hea")  # some have begun to say something
        assert service.ask().release
        for connection in connections[1::100]:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200")
        for connection in connections:
            connection.close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert service.ask().release


@pytest.mark.slow
def test_no_request_fails_in_twenty_hot_swaps_under_load(stand: Stand, start: Callable[..., Running]) -> None:
    digests = [stand.release((0.5, 0.5)), stand.release((0.0, 1.0))]
    truth = {digests[0]: 5.0, digests[1]: 6.0}
    stand.rows()
    stand.control(digests[0])
    service = start(workers=2)
    done = threading.Event()
    failures: list[str] = []
    answered = itertools.count()

    def load() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", service.config.port, timeout=10)
        while not done.is_set():
            connection.request("POST", "/v1/loaves", ASK)
            reply = connection.getresponse()
            content = reply.read()
            answer = msgspec.json.decode(content, type=Answer) if reply.status == 200 else None
            if answer is None or answer.applied or answer.output["forecast"] != truth[answer.release]:
                failures.append(f"{reply.status} {content!r}")
            next(answered)
        connection.close()

    clients = [threading.Thread(target=load) for _ in range(8)]
    for client in clients:
        client.start()
    for swap in range(1, 21):
        champion, other = digests[swap % 2], digests[(swap + 1) % 2]
        stand.control(champion, last_good=other)
        until(lambda wanted=champion: all(service.ask().release == wanted for _ in range(4)), 20)
        if swap % 5 == 0:
            stand.rows(TICK)
    done.set()
    for client in clients:
        client.join()
    assert failures == []
    assert next(answered) > 100


def test_a_wrong_configuration_is_told_before_anything_starts(stand: Stand, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    file = stand.folder / "config.json"
    assert main([str(file)]) == 2
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(stand.config(8000), address="192.168.1.5")))
    assert main([str(file)]) == 1
    assert "token" in capsys.readouterr().err


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"])
def test_a_port_that_is_taken_is_told_in_words(stand: Stand, capsys: pytest.CaptureFixture[str], address: str) -> None:
    file = stand.folder / "config.json"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        config = msgspec.structs.replace(stand.config(taken.getsockname()[1]), address=address)
        file.write_bytes(msgspec.json.encode(config))
        assert main([str(file)]) == 1
    assert "cannot listen" in capsys.readouterr().err
