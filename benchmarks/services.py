"""Services to measure: Afield's, with a boosted-tree model, and a bare Granian that says hello."""

import http.client
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import lightgbm
import numpy as np
from onnxmltools import convert_lightgbm
from onnxmltools.convert.common.data_types import FloatTensorType

from afield.serving.config import Config
from afield.serving.launch import launch
from afield.testing.stand import Stand
from afield.testing.toy import FEATURES, SHOPS

TREES, LEAVES, COLUMNS = 200, 31, 30
HELLO = "benchmarks.hello"


@dataclass(frozen=True, slots=True)
class Target:
    """A request to measure with, and the seconds that went into making things ready before the start."""

    name: str
    port: int
    path: str
    method: str
    body: str | None
    prepared: float = 0.0


@contextmanager
def afield_service(workers: int = 1) -> Iterator[tuple[Target, "subprocess.Popen[bytes]"]]:
    """The toy application with a model of 200 trees × 31 leaves × 30 features, durable telemetry and guards on."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        config = prepare(Path(folder), workers)
        prepared = time.perf_counter() - began
        process = launch(config, Path(folder) / "config.json", Path(folder) / "log")
        try:
            first_answer(question(config))
            yield replace(question(config), prepared=prepared), process
        finally:
            process.terminate()
            process.wait(20)


@contextmanager
def hello_service() -> Iterator[tuple[Target, "subprocess.Popen[bytes]"]]:
    """A bare Granian with one WSGI worker."""
    port = free_port()
    target = Target("bare Granian hello", port, "/", "GET", None)
    command = [sys.executable, "-m", HELLO, str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603
    try:
        first_answer(target)
        yield target, process
    finally:
        process.terminate()
        process.wait(20)


def question(config: Config) -> Target:
    """The request for one answer."""
    body = '{"shop":"east","at":"2026-03-02T09:10:00"}'
    return Target("Afield", config.port, "/v1/loaves", "POST", body)


def prepare(folder: Path, workers: int = 1) -> Config:
    """A stand for one service, ready to be launched."""
    stand = Stand(folder)
    features = (*FEATURES, *(f"f{number}" for number in range(COLUMNS - len(FEATURES))))
    model, expected = boosted()
    stand.rows(columns={name: np.linspace(1.0, 9.0, len(SHOPS)) for name in features})
    stand.control(stand.release(model=model, features=features, expected=expected))
    return stand.config(free_port(), workers=workers)


def boosted() -> tuple[bytes, float]:
    """The model as ONNX, and what it says of the stand's golden row."""
    random = np.random.default_rng(7)
    rows = random.normal(5.0, 2.0, (4000, COLUMNS)).astype(np.float32)
    truth = random.poisson(np.exp(rows[:, :5].mean(axis=1) / 3))
    settings = {"objective": "poisson", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1, "seed": 7}
    booster = lightgbm.train(settings, lightgbm.Dataset(rows, truth), TREES)
    graph = convert_lightgbm(booster, initial_types=[("rows", FloatTensorType([None, COLUMNS]))], target_opset=15)
    graph.graph.output[0].name, old = "forecast", graph.graph.output[0].name
    for node in graph.graph.node:
        node.output[:] = ["forecast" if name == old else name for name in node.output]
    golden = np.ones((1, COLUMNS), np.float32)
    golden[0, :2] = 4.0, 6.0
    return graph.SerializeToString(), float(np.asarray(booster.predict(golden)).item())


def free_port() -> int:
    """A port on loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def first_answer(target: Target) -> None:
    """Ask until an answer comes, at most half a minute."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=10)
        try:
            connection.request(target.method, target.path, target.body)
            if connection.getresponse().status == http.client.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.002)
        finally:
            connection.close()
    raise TimeoutError(f"{target.name} does not answer at port {target.port}")


def resident(process: int) -> float:
    """The largest resident memory among a process's children, MB (10^6 bytes)."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return max(_resident(child) for child in children)


def _resident(process: str) -> float:
    fields = dict(line.split(":", 1) for line in Path(f"/proc/{process}/status").read_text().splitlines())
    return int(fields["VmRSS"].split()[0]) * 1024 / 1e6
