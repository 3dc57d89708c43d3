"""HTTP as the service speaks it: requests with bounded bodies, replies, and the status of each failure."""

import logging
import math
from collections.abc import Mapping

import msgspec

from afield.errors import (
    ContradictionError,
    InferenceError,
    RequestError,
    ServingError,
    TelemetryError,
    UnknownKeyError,
)

LARGEST_BODY = 2**20
JSON = "application/json"
TEXT = "text/plain; version=0.0.4; charset=utf-8"
NO_TIME = "Invalid RFC3339 encoded datetime"
"""What msgspec says of a text that is no time; it would lead to a zone, and times are the place's."""

_log = logging.getLogger("afield.serving")


class TooLargeError(RequestError):
    """The body is larger than the service reads."""


class NotFoundError(RequestError):
    """The path names nothing."""


class Request(msgspec.Struct, frozen=True):
    """What a client asks, whole; every transport makes one of these.

    Attributes:
        method: in capitals.
        path: decoded, without its query.
        headers: name in lower case → value.
        body: all of it.
        query: what follows `?`, as it came.
        names: what stands in the path for the names of its pattern, as `{release}` in `/v1/bundles/{release}`.
        identity: its `X-Request-Id`, or the one that it was given here.
        within: seconds in which a reply is of use to its client, from when it was read.
    """

    method: str
    path: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    query: str = ""
    names: Mapping[str, str] = {}
    identity: str = ""
    within: float = math.inf


class Reply(msgspec.Struct, frozen=True):
    """What goes back to the client."""

    status: int
    body: bytes
    kind: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


def refused(status: int, message: str, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
    """A reply that says what is wrong."""
    return Reply(status, msgspec.json.encode({"error": message}), headers=headers)


def failed(error: Exception, identity: str = "") -> Reply:
    """The reply to a request that raised `error`; `identity`: its id, for the log."""
    match error:
        case TooLargeError():
            return refused(413, str(error))
        case NotFoundError():
            return refused(404, str(error))
        case UnknownKeyError():
            return refused(404, _told(error))
        case ContradictionError():
            return refused(409, _told(error))
        case RequestError():
            return refused(400, _told(error))
        case msgspec.ValidationError():
            return refused(400, str(error).replace(NO_TIME, "Expected a time as 2026-03-02T09:10:00"))
        case msgspec.DecodeError():
            return refused(400, f"the body is not whole JSON: {error}; /openapi.json shows an example")
        case UnicodeDecodeError():
            return refused(400, "the body is not UTF-8")
        case RecursionError():
            return refused(400, "the JSON is nested too deep")
        case InferenceError():
            return refused(500, str(error))
        case TelemetryError() | ServingError():
            return refused(503, str(error), (("retry-after", "1"),))
    _log.error("a request failed", exc_info=error, extra={"request_id": identity})
    return refused(500, "the service failed on this request; its log says why")


def _told(error: RequestError) -> str:
    return f"{error.field}: {error}" if error.field else str(error)
