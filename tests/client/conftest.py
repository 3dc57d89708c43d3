"""A service upstream, whole but in this process, over a stand; and devices that follow it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from afield.application import load
from afield.client.client import Client
from afield.testing.stand import Stand
from tests.client.upstream import Server

EAST = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path / "stand")


@pytest.fixture
def server(stand: Stand) -> Iterator[Server]:
    """The data plane's routes over the stand, on a free port of the loopback address."""
    made = Server(stand)
    with made.serving():
        yield made


@pytest.fixture
def device(tmp_path: Path, stand: Stand, server: Server) -> Iterator[Callable[..., Client]]:
    """Makes a device; one of the same name goes on where the one before stopped."""
    made: list[Client] = []

    def start(name: str = "device", static: Path | None = None) -> Client:
        toy, folder = load("afield.testing.toy:toy"), tmp_path / name
        client = Client(toy, folder, server.url, trusted=stand.trusted, static=static, patience=2.0)
        made.append(client)
        return client

    yield start
    for client in made:
        client.stop()
