"""Replies as bytes of HTTP/1.1."""

from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from afield.serving.http import Reply
from afield.serving.journal import HEADER

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_EMPTY = (204, 304)


class _Today:
    """The `Date` of replies, which `tick` renews."""

    line = b""


def tick() -> None:
    """Renew the date; called every second or more often."""
    _Today.line = f"date: {formatdate(usegmt=True)}\r\n".encode("ascii")


tick()


def plain(reply: Reply, identity: str) -> bytes:
    """A reply of HTTP/1.1 without headers of its own, on a connection that stays open."""
    if reply.status in _EMPTY:
        return encoded(reply, "1.1", keep_alive=True, identity=identity)
    body = reply.body
    return b"%b%bx-request-id: %b\r\ncontent-length: %d\r\n\r\n%b" % (
        _first(reply.status, reply.kind),
        _Today.line,
        identity.encode("ascii"),
        len(body),
        body,
    )


def encoded(reply: Reply, version: str, *, keep_alive: bool, head: bool = False, identity: str = "") -> bytes:
    """A reply with its headers; `head`: without its body, as HEAD asks; `identity`: of the request, "" for none."""
    lines = [_first(reply.status, reply.kind), _Today.line]
    if reply.headers:
        lines += [_line(name, value) for name, value in reply.headers]
    if identity:
        lines.append(_line(HEADER, identity))
    if not keep_alive:
        lines.append(b"connection: close\r\n")
    elif version == "1.0":
        lines.append(b"connection: keep-alive\r\n")
    if reply.status in _EMPTY:
        lines.append(b"\r\n")
    else:
        lines.append(b"content-length: %d\r\n\r\n" % len(reply.body))
        if not head:
            lines.append(reply.body)
    return b"".join(lines)


@lru_cache(maxsize=256)
def _first(status: int, kind: str) -> bytes:
    line = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n"
    return (line if status in _EMPTY else f"{line}content-type: {kind}\r\n").encode("latin-1")


def _line(name: str, value: str) -> bytes:
    """One header; a line break in a value would begin another."""
    return f"{name}: {value.replace(chr(13), ' ').replace(chr(10), ' ')}\r\n".encode("latin-1", "replace")
