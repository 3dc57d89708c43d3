"""A rig for `benchmarks.place`: real designs as processes of their own, a network between them, people who ask."""

import http.client
import queue
import random
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import msgspec

from afield.records.considerations import Design
from afield.records.traffic import Answer
from afield.serving.config import Config
from afield.serving.health import Health
from afield.serving.launch import await_ready, launch
from afield.testing.ground import Ground
from afield.testing.hosts import compile_into
from afield.testing.proxy import Proxy, Way
from benchmarks.services import free_port

ASKERS, PATIENCE, SHED = 16, 30.0, 0.1
"""People who ask, seconds that they wait, and the share of requests that a busy service may refuse."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where people ask, and the network that their questions or the device's news pass.

    Attributes:
        port: where the design answers.
        direct: the same without the network.
        proxy: counts what passes.
    """

    port: int
    direct: int
    proxy: Proxy


@contextmanager
def standing(design: Design, ground: Ground, folder: Path, way: Way) -> Iterator[Target]:
    """A design as it runs in the field: asked over the network, or on the device with the network behind it."""
    remote = design in ("server", "cached")
    with ground.serving("cached" if design == "cached" else "server"):
        port = int(ground.url.rpartition(":")[2])
        with Proxy(port, way, seed=7) as proxy:
            if remote:
                yield Target(proxy.port, port, proxy)
                return
            config = _device(design, ground, folder, f"http://127.0.0.1:{proxy.port}")
            process = launch(config, folder / "device.json", folder / "device.log")
            try:
                _until_it_answers(config, process)
                yield Target(config.port, config.port, proxy)
            finally:
                process.terminate()
                process.wait(PATIENCE)


def _until_it_answers(config: Config, process: "subprocess.Popen[bytes]") -> None:
    """Return once a release is in force; its download takes a while."""
    ends = time.monotonic() + PATIENCE
    while not msgspec.json.decode(await_ready(config, process), type=Health).release:
        if time.monotonic() > ends:
            raise RuntimeError("no release is in force on the device; its log lies beside it")
        time.sleep(0.02)


def _device(design: Design, ground: Ground, folder: Path, upstream: str) -> Config:
    if design == "static":
        compile_into(folder / "bundles", ground)
    return Config(
        application=ground.application.called,
        options=dict(ground.application.options),
        snapshots=str(folder / "snapshots"),
        bundles=str(folder / "bundles"),
        trusted=str(ground.trusted),
        facts=str(folder / "facts"),
        telemetry=str(folder / "telemetry"),
        counts=str(folder / "counts"),
        port=free_port(),
        design=design,
        upstream="" if design == "static" else upstream,
    )


def once(port: int, path: str, body: bytes) -> int:
    """Bytes of the answer to one request."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", path, body)
    size = len(connection.getresponse().read())
    connection.close()
    return size


def door(port: int, rate: float, seconds: float) -> list[float]:
    """Seconds of exchanges about a path that there is not: what the door alone takes, asked as `ask` asks."""
    return _exchanged(port, "GET", "/nothing", (b"",), rate, seconds, http.client.NOT_FOUND)[0]


def ask(
    port: int, path: str, bodies: Sequence[bytes], rate: float, seconds: float, first: int = 0
) -> tuple[list[float], list[Answer]]:
    """Seconds of each answer from the moment it was due, and the answers; bodies in turn from number `first` on.

    Raises:
        RuntimeError: a request was not answered.
    """
    took, contents = _exchanged(port, "POST", path, bodies, rate, seconds, first=first)
    decode = msgspec.json.Decoder(Answer).decode
    return took, [decode(content) for content in contents]


def _exchanged(
    port: int,
    method: str,
    path: str,
    bodies: Sequence[bytes],
    rate: float,
    seconds: float,
    status: int = http.client.OK,
    first: int = 0,
) -> tuple[list[float], list[bytes]]:
    """Poisson arrivals over kept connections; seconds of each from the moment it was due, and what came back.

    Raises:
        RuntimeError: a request was not answered.
    """
    due: queue.Queue[tuple[float, bytes] | None] = queue.Queue()
    took: list[float] = []
    contents: list[bytes] = []
    failed: list[str] = []

    def person() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        while (item := due.get()) is not None:
            moment, body = item
            try:
                connection.request(method, path, body or None)
                reply = connection.getresponse()
                content = reply.read()
            except (OSError, http.client.HTTPException) as error:
                failed.append(str(error))
                connection.close()
                continue
            if reply.status != status:
                failed.append(f"{reply.status} {content[:100]!r}")
                continue
            took.append(time.perf_counter() - moment)
            contents.append(content)
        connection.close()

    people = [threading.Thread(target=person) for _ in range(ASKERS)]
    for each in people:
        each.start()
    chance, now = random.Random(first), time.perf_counter()  # noqa: S311 - arrivals, no secret
    end, number = now + seconds, first
    while (now := now + chance.expovariate(rate)) < end:
        time.sleep(max(0.0, now - time.perf_counter()))
        due.put((now, bodies[number % len(bodies)]))
        number += 1
    for _ in people:
        due.put(None)
    for each in people:
        each.join()
    if len(failed) > SHED * (len(failed) + len(took)):
        raise RuntimeError(f"{len(failed)} requests failed, e.g. {failed[0]}")
    return took, contents
