"""Content with an entity tag, given whole, in part, or not at all where the client has it already (RFC 9110)."""

import re
from collections.abc import Callable

from afield.serving.http import Reply, Request

_RANGE = re.compile(r"bytes=(\d{1,15})?-(\d{1,15})?")


def ranged(
    request: Request,
    size: int,
    read: Callable[[int, int], bytes],
    *,
    tag: str,
    kind: str,
    headers: tuple[tuple[str, str], ...] = (),
) -> Reply:
    """What is sent of content that has `size` bytes.

    One range is understood (`bytes=0-99`, `bytes=100-`, `bytes=-100`); where several are asked for, or what stands
    there is none, the whole is sent, as the standard allows.

    Args:
        request: what the client asks, with `If-None-Match`, `Range` and `If-Range` where it has a part.
        size: of the whole, bytes.
        read: first byte and number of bytes → content.
        tag: entity tag, in quotes: another one for other content.
        kind: media type.
        headers: further ones.
    """
    headers = (*headers, ("etag", tag), ("accept-ranges", "bytes"))
    known = request.headers.get("if-none-match", "")
    if known.strip() == "*" or tag in (each.strip().removeprefix("W/") for each in known.split(",")):
        return Reply(304, b"", kind, headers)
    asked = _asked(request.headers.get("range", ""), size)
    if asked is None or request.headers.get("if-range", tag) != tag:
        return Reply(200, read(0, size), kind, headers)
    start, end = asked
    if start >= end:
        return Reply(416, b"", kind, (*headers, ("content-range", f"bytes */{size}")))
    stretch = ("content-range", f"bytes {start}-{end - 1}/{size}")
    return Reply(206, read(start, end - start), kind, (*headers, stretch))


def _asked(header: str, size: int) -> tuple[int, int] | None:
    """First byte and the one after the last; None where no range is asked for that is understood."""
    found = _RANGE.fullmatch(header.strip())
    if found is None or (found[1] is None and found[2] is None):
        return None
    if found[1] is None:
        return max(0, size - int(found[2])), size
    if found[2] is not None and int(found[2]) < int(found[1]):
        return None
    return int(found[1]), size if found[2] is None else min(size, int(found[2]) + 1)
