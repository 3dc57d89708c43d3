"""A worker that is told to wait a little for further requests: from the configuration to the model."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from afield import worker
from afield.serving.inference import Columns, Infer, Outputs, Parts
from afield.serving.pending import Limits
from afield.serving.service import Patience, Service
from afield.testing.stand import Stand
from tests.serving.wired import Wired

ASK = b'{"shop": "east", "at": "2026-03-02T09:10:00"}'
POST = b"POST /v1/loaves HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%b" % (len(ASK), ASK)
PASSES: list[int] = []
"""Rows of each pass of the model."""


def counting(infer: Infer, _argument: str) -> Infer:
    """A seam that counts."""

    def counted(rows: Columns, parts: Parts) -> Outputs:
        PASSES.append(len(next(iter(rows.values()))))
        return infer(rows, parts)

    return counted


class Still:
    """A thread that does nothing."""

    def start(self) -> None:
        pass


class Hired:
    """Stands where a test's kitchen does: the service of a whole worker, on its own terms."""

    def __init__(self, service: Service) -> None:
        self._service = service

    def service(self, _patience: Patience) -> Service:
        return self._service


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wired]:
    """A worker that is told to wait, and then waits a second: two requests surely fall into that."""
    stand = Stand(tmp_path)
    stand.rows()
    stand.control(stand.release())
    config = stand.config(8000, seams={"tests.serving.test_gathering:counting": ""})
    file = tmp_path / "config.json"
    file.write_bytes(msgspec.json.encode(msgspec.structs.replace(config, gather=0.1)))
    monkeypatch.setattr("afield.worker.threading.Thread", lambda **_: Still())
    made = worker.make(file)
    monkeypatch.undo()
    assert made.patience.gather == 0.1
    made.patience = Patience(gather=1.0)
    PASSES.clear()
    wired = Wired(Hired(made), Limits(), Patience())
    yield wired
    wired.ask_to_stop()
    wired.stopped()


def test_two_requests_within_the_window_are_answered_in_one_pass(served: Wired) -> None:
    with served.connect() as first, served.connect() as second:
        first.sendall(POST)
        second.sendall(POST)
        answers = [connection.recv(65536) for connection in (first, second)]
    assert [answer.split(b" ", 2)[1] for answer in answers] == [b"200", b"200"]
    assert PASSES == [2]
