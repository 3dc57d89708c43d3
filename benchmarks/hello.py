"""A bare Granian with one WSGI worker that says hello: `python -m benchmarks.hello PORT`."""

import sys
from collections.abc import Callable

from granian import Granian
from granian.constants import HTTPModes, Interfaces


def hello(_: object, start_response: Callable[[str, list[tuple[str, str]]], object]) -> list[bytes]:
    """The least that a WSGI application can do."""
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]


def load() -> Callable[..., list[bytes]]:
    """What Granian serves."""
    return hello


if __name__ == "__main__":
    Granian(
        "hello",
        port=int(sys.argv[1]),
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        blocking_threads=1,
    ).serve(target_loader=load, wrap_loader=False)
