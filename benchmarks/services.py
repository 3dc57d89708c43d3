"""Services to measure: Afield's with boosted trees, FastAPI with the same model, and a bare Granian that says hello."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
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
HELLO, FASTAPI = "benchmarks.hello", "benchmarks.fastapi_app"
BODY = '{"shop":"east","at":"2026-03-02T09:10:00"}'


@dataclass(frozen=True, slots=True)
class Target:
    """A request to measure with, and the seconds that went into making things ready before the start."""

    name: str
    port: int
    path: str
    method: str
    body: str | None
    prepared: float = 0.0


Served = Iterator[tuple[Target, "subprocess.Popen[bytes]"]]
"""What a service gives: what to ask it, and its process."""


@contextmanager
def afield_service(workers: int = 1) -> Served:
    """The toy application with a model of 200 trees × 31 leaves × 30 features, durable telemetry and guards on."""
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        config = prepare(Path(folder), workers)
        prepared = time.perf_counter() - began
        with serving(config, Path(folder)) as process:
            first_answer(question(config))
            yield replace(question(config), prepared=prepared), process


@contextmanager
def serving(config: Config, folder: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A service of Afield's on core 0, once it was started; stopped at the end."""
    process = launch(config, folder / "config.json", folder / "log")
    pin(process.pid, 0)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def hello_service(interface: str = "wsgi") -> Served:
    """A bare Granian with one worker."""
    port = free_port()
    command = [sys.executable, "-m", HELLO, str(port), interface]
    with started(command, Target(f"bare Granian hello ({interface.upper()})", port, "/", "GET", None)) as running:
        yield running


@contextmanager
def fastapi_service() -> Served:
    """FastAPI on uvicorn with LightGBM's own prediction of the same model."""
    port, command = free_port(), [sys.executable, "-m", "uvicorn", f"{FASTAPI}:app", "--no-access-log"]
    with tempfile.TemporaryDirectory() as folder:
        model, began = Path(folder) / "model.txt", time.perf_counter()
        trained().save_model(model)
        prepared = time.perf_counter() - began
        target = Target("FastAPI + uvicorn + LightGBM", port, "/v1/loaves", "POST", BODY, prepared)
        with started([*command, "--port", str(port)], target, {"MODEL": str(model)}) as running:
            yield running


@contextmanager
def started(command: list[str], target: Target, more: Mapping[str, str] | None = None) -> Served:
    """A service by a command, on core 0; stopped with everything that it started."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    environment = {**os.environ, **(more or {})}
    process = subprocess.Popen(command, env=environment, start_new_session=True, **quiet)  # type: ignore[call-overload]  # noqa: S603
    pin(process.pid, 0)
    try:
        first_answer(target)
        yield target, process
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)


def pin(process: int, core: int) -> None:
    """Let a process, and what it starts from now on, run on one core, where there are two."""
    if len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(process, {sorted(os.sched_getaffinity(0))[core]})


def question(config: Config) -> Target:
    """The request for one answer."""
    return Target("Afield", config.port, "/v1/loaves", "POST", BODY)


def prepare(folder: Path, workers: int = 1) -> Config:
    """A stand for one service, ready to be launched."""
    stand = Stand(folder)
    features = (*FEATURES, *(f"f{number}" for number in range(COLUMNS - len(FEATURES))))
    model, expected = boosted()
    stand.rows(columns={name: np.linspace(1.0, 9.0, len(SHOPS)) for name in features})
    stand.control(stand.release(model=model, features=features, expected=expected))
    return stand.config(free_port(), workers=workers)


@cache
def trained() -> lightgbm.Booster:
    """The model that every service answers with."""
    random = np.random.default_rng(7)
    rows = random.normal(5.0, 2.0, (4000, COLUMNS)).astype(np.float32)
    truth = random.poisson(np.exp(rows[:, :5].mean(axis=1) / 3))
    settings = {"objective": "poisson", "num_leaves": LEAVES, "verbose": -1, "num_threads": 1, "seed": 7}
    return lightgbm.train(settings, lightgbm.Dataset(rows, truth), TREES)


def boosted() -> tuple[bytes, float]:
    """The model as ONNX, and what it says of the stand's golden row."""
    booster = trained()
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
            connection.request(target.method, target.path, target.body, {"Content-Type": "application/json"})
            if connection.getresponse().status == http.client.OK:
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.002)
        finally:
            connection.close()
    raise TimeoutError(f"{target.name} does not answer at port {target.port}")


def resident(process: int) -> float:
    """Memory of a process and of all that it started, MB (10^6 bytes); what they share is counted once."""
    return sum(_proportional(each) for each in _family(process)) / 1e6


def _family(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _family(int(child)))]


def _proportional(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) * 1024.0
