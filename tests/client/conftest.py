"""A service upstream, whole but in this process, over a stand; and devices that follow it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from afield.application import load
from afield.client.client import Client
from afield.client.upstream import Upstream
from afield.testing.stand import Stand
from tests.client.upstream import Server

Device = Callable[..., Client]
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
def device(tmp_path: Path, stand: Stand, server: Server) -> Iterator[Device]:
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


@pytest.fixture
def first(stand: Stand) -> str:
    """A champion with feature rows."""
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    return digest


@pytest.fixture
def client(first: str, device: Device) -> Client:
    """A device that was in contact once."""
    made = device()
    made.synchronise()
    assert made.situation.control.champion == first
    return made


@pytest.fixture
def upstream(server: Server) -> Iterator[Upstream]:
    """The service as a device asks it."""
    with closing(Upstream(server.url)) as made:
        yield made
