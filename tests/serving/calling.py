"""Calls a service in process, through its gateway."""

import io
from dataclasses import dataclass

import msgspec

from afield.serving.gateway import Gateway
from afield.serving.service import Service


@dataclass
class Called:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body)


class Slow(io.BytesIO):
    """A body that arrives a few bytes at a time."""

    def read(self, size: int = -1) -> bytes:
        return super().read(min(size, 7))


def call(
    service: Service, method: str, path: str, body: bytes | None = None, *, slow: bool = False, **headers: str
) -> Called:
    """The reply to one request; `headers` in WSGI's spelling, "" leaves one out."""
    environ: dict[str, object] = {
        "PATH_INFO": path,
        "REQUEST_METHOD": method,
        "QUERY_STRING": "",
        "HTTP_HOST": "localhost:8000",
        "wsgi.input": (Slow if slow else io.BytesIO)(body or b""),
    }
    if body is not None:
        environ["CONTENT_LENGTH"] = str(len(body))
    environ.update(headers)
    environ = {name: value for name, value in environ.items() if value != ""}
    replies: list[tuple[str, list[tuple[str, str]]]] = []
    content = b"".join(Gateway(service)(environ, lambda status, found: replies.append((status, found))))
    ((status, found),) = replies
    return Called(int(status[:3]), dict(found), content)
