"""Calls a service in process, or its protocol alone."""

from dataclasses import dataclass

import msgspec

from afield.serving.http import Request
from afield.serving.outputs import Inferred
from afield.serving.protocol import Call, Protocol
from afield.serving.service import Service


@dataclass
class Called:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        return msgspec.json.decode(self.body)


def call(service: Service, method: str, path: str, body: bytes | None = None, **headers: str) -> Called:
    """The reply to one request; headers are named in capitals as `HTTP_HOST`, "" leaves one out."""
    given = {"HTTP_HOST": "localhost:8000", **headers}
    named = {name[5:].lower().replace("_", "-"): value for name, value in given.items() if value != ""}
    reply = service.reply(Request(method, path, named, body or b""))
    return Called(reply.status, {"content-type": reply.kind, **dict(reply.headers)}, reply.body)


def inferred(protocol: Protocol, body: bytes, version: str | None = None, length: int | None = None) -> Inferred:
    """The reply to one infer request; raises what it is refused with."""
    (found,) = protocol.infer([Call(protocol.application, version, body, None if length is None else str(length))])
    if isinstance(found, Exception):
        raise found
    return found
