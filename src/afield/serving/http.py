"""HTTP as the service speaks it: bounded bodies, replies, and the status of each failure."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

import msgspec

from afield.errors import InferenceError, RequestError, ServingError, TelemetryError

LARGEST_BODY = 2**20
JSON = "application/json"

Environ = Mapping[str, object]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}
_log = logging.getLogger("afield.serving")


class TooLargeError(RequestError):
    """The body is larger than the service reads."""


class NotFoundError(RequestError):
    """The path names nothing."""


class _Stream(Protocol):
    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        ...


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back to the client."""

    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def send(self, start_response: StartResponse) -> list[bytes]:
        """Hand the reply to the server."""
        start_response(_STATUS[self.status], [("content-type", self.kind), *self.headers])
        return [self.body]


def read_body(environ: Environ, largest: int = LARGEST_BODY) -> bytes:
    """The whole body, or a refusal before more than `largest` bytes are read.

    Raises:
        TooLargeError: it is larger, or says so.
        RequestError: its stated length is no number, or less than that arrived.
    """
    stated = environ.get("CONTENT_LENGTH") or environ.get("HTTP_CONTENT_LENGTH")
    if stated is not None and not str(stated).isdecimal():
        raise RequestError("Content-Length is not a number")
    if stated is not None and int(str(stated)) > largest:
        raise TooLargeError(f"the body has {stated} bytes; at most {largest} are read: send it in parts")
    stream: _Stream = environ["wsgi.input"]  # type: ignore[assignment]
    body = stream.read(largest + 1)
    while body and len(body) <= largest:
        more = stream.read(largest + 1 - len(body))
        if not more:
            break
        body += more
    if len(body) > largest:
        raise TooLargeError(f"the body has more than {largest} bytes: send it in parts")
    if stated is not None and len(body) < int(str(stated)):
        raise RequestError("the body is shorter than its Content-Length")
    return body


def refused(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A reply that says what is wrong."""
    return Reply(status, msgspec.json.encode({"error": message}), headers=headers)


def failed(error: Exception) -> Reply:
    """The reply to a request that raised `error`."""
    match error:
        case TooLargeError():
            return refused(413, str(error))
        case NotFoundError():
            return refused(404, str(error))
        case RequestError():
            return refused(400, f"{error.field}: {error}" if error.field else str(error))
        case msgspec.DecodeError():
            return refused(400, str(error))
        case UnicodeDecodeError():
            return refused(400, "the body is not UTF-8")
        case RecursionError():
            return refused(400, "the JSON is nested too deep")
        case InferenceError():
            return refused(500, str(error))
        case TelemetryError() | ServingError():
            return refused(503, str(error), (("retry-after", "1"),))
    _log.error("a request failed", exc_info=error)
    return refused(500, "the service failed on this request; its log says why")
