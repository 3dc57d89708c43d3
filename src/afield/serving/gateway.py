"""A service behind a WSGI server: requests read whole within their bounds, one at a time."""

from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol

from afield.errors import RequestError
from afield.serving.http import LARGEST_BODY, Reply, Request, TooLargeError, failed
from afield.serving.service import Service

Environ = Mapping[str, object]
StartResponse = Callable[[str, list[tuple[str, str]]], object]

_STATUS = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class _Stream(Protocol):
    def read(self, size: int) -> bytes:
        """At most `size` bytes."""
        ...


class Gateway:
    """A WSGI application."""

    def __init__(self, service: Service) -> None:
        """Stand before `service`."""
        self._service = service

    def __call__(self, environ: Environ, start_response: StartResponse) -> list[bytes]:
        """Answer one request, whatever it is."""
        reply = self._reply(environ)
        headers = [("content-type", reply.kind), *reply.headers]
        start_response(_STATUS[reply.status], headers)
        return [reply.body]

    def _reply(self, environ: Environ) -> Reply:
        path = str(environ["PATH_INFO"])
        try:
            body = read_body(environ, self._service.largest(path))
        except RequestError as error:
            return failed(error)
        headers = {
            name[5:].lower().replace("_", "-"): str(value)
            for name, value in environ.items()
            if name.startswith("HTTP_")
        }
        query = str(environ.get("QUERY_STRING", ""))
        return self._service.reply(Request(str(environ["REQUEST_METHOD"]), path, headers, body, query))


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
