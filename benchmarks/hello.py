"""A bare Granian with one worker that says hello: `python -m benchmarks.hello PORT [wsgi|rsgi]`."""

import sys
from collections.abc import Callable
from typing import Protocol

from granian import Granian
from granian.constants import HTTPModes, Interfaces


def hello(_: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    """The least that a WSGI application can do."""
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]


class _Sends(Protocol):
    def response_str(self, status: int, headers: list[tuple[str, str]], body: str) -> None:
        """Reply."""
        ...


async def hello_rsgi(_: object, protocol: _Sends) -> None:
    """The least that an RSGI application can do."""
    protocol.response_str(200, [("content-type", "text/plain")], "hello")


def load() -> Callable[..., list[bytes]]:
    """What Granian serves as WSGI."""
    return hello


def load_rsgi() -> Callable[..., object]:
    """What Granian serves as RSGI."""
    return hello_rsgi


if __name__ == "__main__":
    rsgi = sys.argv[2:] == ["rsgi"]
    Granian(
        "hello",
        port=int(sys.argv[1]),
        interface=Interfaces.RSGI if rsgi else Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=None if rsgi else 1,
    ).serve(target_loader=load_rsgi if rsgi else load, wrap_loader=False)
