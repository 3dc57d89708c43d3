"""Files that arrive in stretches: what arrived stays, and the rest is asked for where it broke off."""

import re
from dataclasses import dataclass
from pathlib import Path

from afield.client.upstream import Coming, Source, answered
from afield.errors import RefusedError, StoreError, UnreachableError

CHUNK = 4 * 2**20

_RANGE = re.compile(r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15})")


@dataclass(frozen=True, slots=True)
class Arrived:
    """How far a file has come.

    Attributes:
        whole: whether all of it is there.
        version: its entity tag, as the service names this content.
    """

    whole: bool
    version: str


def bring(
    upstream: Source, path: str, file: Path, *, known: str = "", largest: int, chunk: int = CHUNK
) -> Arrived | None:
    """Bring up to `chunk` further bytes of what the service has at `path` into `file`; None where it is `known`.

    What arrived before a failure stays; the next call goes on there, or begins anew where the content has become
    another one. A service that does not know ranges is asked for all of it.

    Args:
        upstream: the service.
        path: what is asked for.
        file: where it is gathered; its entity tag is kept beside it.
        known: entity tag of the content that is held already.
        largest: bytes that the whole may have.
        chunk: bytes that are asked for at once.

    Raises:
        UnreachableError: nothing came, or it broke off.
        RefusedError: the service does not have it.
        StoreError: the disk does not take it.
    """
    tag = file.with_name(f"{file.name}.etag")
    held, version = _held(file, tag)
    headers = {"Range": f"bytes={held}-{held + chunk - 1}"}
    if held:
        headers["If-Range"] = version
    if known:
        headers["If-None-Match"] = known
    with upstream.coming("GET", path, headers=headers) as reply:
        now = reply.headers.get("etag", "")
        if reply.status == 304:
            return None
        if reply.status == 416:
            drop(file)
            raise UnreachableError(f"{upstream.url}{path}: what was gathered does not fit any more; it begins anew")
        if reply.status not in (200, 206):
            raise RefusedError(f"{upstream.url}{path}: {answered(reply.status)}", reply.status)
        start, total = _stretch(reply, upstream.url + path)
        if start not in (0, held) or total > largest:
            raise UnreachableError(f"{upstream.url}{path}: bytes from {start} of {total}; {held} are here")
        size = _gather(reply, file, tag, start, now, total)
    return Arrived(size == total, now)


def drop(file: Path) -> None:
    """Forget what was gathered."""
    try:
        file.unlink(missing_ok=True)
        file.with_name(f"{file.name}.etag").unlink(missing_ok=True)
    except OSError as error:
        raise StoreError(f"{file}: cannot be removed ({error.strerror}); mend its folder") from error


def _held(file: Path, tag: Path) -> tuple[int, str]:
    """Bytes that are here, and of which content; none where that is not known."""
    try:
        version = tag.read_text("utf-8")
        return (file.stat().st_size, version) if version else (0, "")
    except (OSError, UnicodeDecodeError):
        return 0, ""


def _stretch(reply: Coming, where: str) -> tuple[int, int]:
    """The first byte that comes, and the size of the whole."""
    if reply.status == 200:
        stated = reply.headers.get("content-length", "")
        if not stated.isdecimal():
            raise UnreachableError(f"{where}: an answer without its length")
        return 0, int(stated)
    found = _RANGE.fullmatch(reply.headers.get("content-range", ""))
    if found is None:
        raise UnreachableError(f"{where}: a part of something, and not said which")
    return int(found[1]), int(found[3])


def _gather(reply: Coming, file: Path, tag: Path, start: int, version: str, total: int) -> int:
    """Write what comes from byte `start` on as it comes; the bytes that are here then."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if start == 0:
            file.unlink(missing_ok=True)
            tag.write_text(version, "utf-8")
        size = start
        with file.open("ab") as stream:
            for piece in reply.pieces:
                size += len(piece)
                if size > total:
                    break
                stream.write(piece)
    except OSError as error:
        raise StoreError(f"{file}: cannot be written ({error.strerror}); free space or mend its folder") from error
    if size > total:
        drop(file)
        raise UnreachableError(f"{file.name}: more came than the {total} bytes that were announced")
    return size
