"""A predictor of the toy application, and a stand for whole services."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from afield.serving.launch import await_ready, launch
from afield.testing.stand import Stand
from afield.testing.toy import operate
from tests.serving.bakery import Bakery, bakery_of


@pytest.fixture
def bakery() -> Bakery:
    return bakery_of(operate({}))


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    return Stand(tmp_path / "stand")


@pytest.fixture(scope="module")
def service_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a whole service of the toy application listens, with a champion and feature rows."""
    stand = Stand(tmp_path_factory.mktemp("service"))
    digest = stand.release()
    stand.rows()
    stand.control(digest)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        config = stand.config(probe.getsockname()[1])
    process = launch(config, stand.folder / "config.json", stand.folder / "log")
    try:
        await_ready(config, process)
        yield f"http://127.0.0.1:{config.port}"
    finally:
        process.terminate()
        process.wait()
