"""A Ray cluster of two nodes on loopback addresses."""

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.engine.ray_nodes import Nodes
from tests.store.object_store import KEYS, bucket


@pytest.fixture(scope="module")
def object_store() -> Iterator[str]:
    """The endpoint of an S3-compatible store; its keys are in the environment, of nodes too."""
    with pytest.MonkeyPatch.context() as patch, bucket() as endpoint:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        yield endpoint


@pytest.fixture(scope="module")
def cluster(object_store: str) -> Iterator[Nodes]:
    """A head and a second node with a processor each; gone afterwards, whatever happened."""
    folder = Path(tempfile.mkdtemp(prefix="ray", dir="/tmp"))
    with socket.create_server(("127.0.0.2", 0)) as free:
        port = free.getsockname()[1]
    nodes = Nodes.plan(folder, port)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in nodes.environment.items():
            patch.setenv(name, value)
        try:
            nodes.head()
            nodes.node("second", 3)
            yield nodes
        finally:
            nodes.kill()
            shutil.rmtree(folder, ignore_errors=True)
