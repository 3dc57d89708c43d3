"""Request ids, and the service's log: one line of JSON each, without bodies, queries or secrets."""

import itertools
import logging
import os
import re
import secrets
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Literal, Protocol

import msgspec

from afield.serving.http import Reply
from afield.serving.routing import Route

HEADER = "x-request-id"
MOST = 100
"""Lines of refusals and failures in a second; further ones are counted."""

Told = Literal["none", "errors", "all"]

_SANE = re.compile(r"[A-Za-z0-9._:/+=@-]{1,128}").fullmatch
_encode = msgspec.json.Encoder().encode


_new = itertools.count().__next__
_prefix = secrets.token_hex(6)


def _renew() -> None:
    """Begin the ids of this process anew: one that is forked off makes its own."""
    global _new, _prefix
    _new, _prefix = itertools.count().__next__, secrets.token_hex(6)


os.register_at_fork(after_in_child=_renew)


def identified(headers: Mapping[str, str]) -> str:
    """The id of a request: its client's, where that can be written anywhere, or else a new one."""
    given = headers.get(HEADER)
    return f"{_prefix}-{_new():x}" if given is None or _SANE(given) is None else given


class Handled(Protocol):
    """A request as the transport has it when its reply goes out."""

    @property
    def method(self) -> str:
        """In capitals."""
        ...

    @property
    def headers(self) -> dict[str, str]:
        """Name in lower case → value."""
        ...

    @property
    def identity(self) -> str:
        """Its request id; "" where its head could not be read."""
        ...

    @property
    def path(self) -> str:
        """Decoded, without its query."""
        ...

    @property
    def route(self) -> Route | None:
        """What answered; None where the request was refused by its head."""
        ...


Watch = Callable[[Handled, Reply, float], None]
"""Told each request with its reply and the seconds in between."""


class Closing(Protocol):
    """A watch that delivers what is left when it is closed."""

    def __call__(self, handled: Handled, reply: Reply, seconds: float, /) -> None:
        """Note one request."""
        ...

    def close(self) -> None:
        """Deliver what is left."""
        ...


class Journal:
    """Writes a line for each request, or for each that failed."""

    def __init__(
        self,
        told: Told = "errors",
        write: Callable[[str], object] = sys.stderr.write,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Write every request ("all") or those that the service failed on ("errors"); `clock` gives seconds."""
        self._all = told == "all"
        self._write = write
        self._clock = clock
        self._second, self._written, self._passed_over = 0, 0, 0

    def __call__(self, handled: Handled, reply: Reply, seconds: float) -> None:
        """Note one request."""
        if not self._all:
            if reply.status < 500:
                return
            if not self._within_bounds():
                self._passed_over += 1
                return
        route = handled.route
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(self._clock(), UTC).isoformat(timespec="milliseconds"),
            "level": "error" if reply.status >= 500 else "info",
            "message": "request",
            "request_id": handled.identity,
            "method": handled.method,
            "route": route.label if route else "",
            "path": handled.path[:200] if route else "",
            "status": reply.status,
            "seconds": round(seconds, 6),
            "worker": os.getpid(),
        }
        if self._passed_over:
            line["passed_over"], self._passed_over = self._passed_over, 0
        self._write(_encode(line).decode() + "\n")

    def _within_bounds(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._written = second, 0
        self._written += 1
        return self._written <= MOST


class JsonLines(logging.Formatter):
    """Log records as lines of JSON; of an exception where it was raised, and no words, for they may quote a body."""

    def format(self, record: logging.LogRecord) -> str:
        """One line."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", ""),
            "worker": record.process,
        }
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            steps = traceback.extract_tb(error.__traceback__)
            line["error"] = type(error).__name__
            line["at"] = [f"{step.filename}:{step.lineno} {step.name}" for step in steps]
        return _encode(line).decode()


def log_to(handler: logging.Handler | None = None) -> None:
    """Write Afield's log as lines of JSON, on stderr where no handler is given; called once in a process."""
    handler = handler or logging.StreamHandler()
    handler.setFormatter(JsonLines())
    log = logging.getLogger("afield")
    if not any(isinstance(one.formatter, JsonLines) for one in log.handlers):
        log.addHandler(handler)


def both(*watches: Watch | None) -> Watch | None:
    """One watch of several; None where there is none."""
    given = [watch for watch in watches if watch is not None]
    if len(given) < 2:
        return given[0] if given else None

    def watch(handled: Handled, reply: Reply, seconds: float) -> None:
        for one in given:
            one(handled, reply, seconds)

    return watch
