"""One published file, downloaded whole or not at all: resumed after a cut, its digest recorded beside it."""

import hashlib
import http.client
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import msgspec

from afield.errors import DataError

RECORD = "downloads.json"
"""Beside the files: name → where it came from, size and SHA-256."""

BLOCK = 1 << 18
PAUSES = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each further attempt."""

TIMEOUT = 30.0


class Download(msgspec.Struct, frozen=True):
    """A file that was downloaded: its address, size in bytes and SHA-256 (hex)."""

    url: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class _Partial:
    """What an interrupted download left: the bytes so far, and the server's name for this version."""

    data: Path
    version: Path

    def resume(self) -> dict[str, str]:
        """Headers that ask for the rest, if it is still the same file."""
        if not (self.data.is_file() and self.version.is_file() and self.data.stat().st_size):
            return {}
        return {"Range": f"bytes={self.data.stat().st_size}-", "If-Range": self.version.read_text()}

    def drop(self) -> None:
        """Forget it."""
        self.data.unlink(missing_ok=True)
        self.version.unlink(missing_ok=True)


def download(url: str, target: Path, pause: Callable[[float], None] = time.sleep) -> Download:
    """The file at `url`, at `target`; nothing is done where it is there already as recorded.

    Args:
        url: http or https.
        target: where it will be; its folder keeps `downloads.json`.
        pause: waits so many seconds between attempts.

    Raises:
        DataError: the address is wrong, the server has no such file, it stays unreachable, or the file at
            `target` is not the one that was recorded.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise DataError(f"{url}: not an http or https address; correct the base address")
    target.parent.mkdir(parents=True, exist_ok=True)
    there = _kept(url, target)
    if there is not None:
        return there
    partial = _Partial(target.with_name(target.name + ".part"), target.with_name(target.name + ".part.version"))
    for wait in (*PAUSES, None):
        try:
            _transfer(url, partial)
            break
        except HTTPError as error:
            _refused(url, error)
            problem: Exception = error
        except (URLError, OSError, http.client.HTTPException) as error:
            problem = error
        if wait is None:
            raise DataError(
                f"{url}: did not arrive in {len(PAUSES) + 1} attempts ({problem}); what came is kept, "
                "run the same command again to go on from there"
            )
        pause(wait)
    done = Download(url, partial.data.stat().st_size, _digest(partial.data))
    _record(target.parent / RECORD, target.name, done)
    partial.data.replace(target)
    partial.drop()
    return done


def _transfer(url: str, partial: _Partial) -> None:
    headers = partial.resume()
    request = Request(url, headers={"User-Agent": "afield", **headers})  # noqa: S310 - the scheme was checked
    try:
        with urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310 - the scheme was checked
            resumed = answer.status == http.HTTPStatus.PARTIAL_CONTENT
            if not resumed:
                partial.drop()
                version = answer.headers.get("ETag") or answer.headers.get("Last-Modified")
                if version and not version.startswith("W/"):
                    partial.version.write_text(version)
            expected = answer.headers.get("Content-Length")
            before = partial.data.stat().st_size if resumed else 0
            with partial.data.open("ab" if resumed else "wb") as stream:
                while block := answer.read(BLOCK):
                    stream.write(block)
            arrived = partial.data.stat().st_size - before
            if expected is not None and arrived != int(expected):
                raise ConnectionError(f"{arrived} of {expected} bytes arrived")
    except HTTPError as error:
        error.close()
        if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
            partial.drop()
        raise


def _refused(url: str, error: HTTPError) -> None:
    """Give up at once where another attempt cannot help."""
    again = (408, 416, 429)
    if error.code < 500 and error.code not in again:
        raise DataError(
            f"{url}: the server answers {error.code} {error.reason}; the file is not published there (yet): "
            "check the month and the base address"
        ) from error


def _kept(url: str, target: Path) -> Download | None:
    known = _records(target.parent / RECORD).get(target.name)
    if not target.is_file():
        return None
    if known is None:
        raise DataError(f"{target}: is there, but was not downloaded by this command; move it away or leave it out")
    if _digest(target) != known.digest:
        raise DataError(f"{target}: has changed since it was downloaded from {known.url}; remove it and fetch again")
    if known.url != url:
        raise DataError(f"{target}: was downloaded from {known.url}, not from {url}; use another folder")
    return known


def _records(path: Path) -> dict[str, Download]:
    if not path.is_file():
        return {}
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Download])
    except (msgspec.DecodeError, OSError) as error:
        raise DataError(f"{path}: cannot be read ({error}); remove it and the files it speaks of") from error


def _record(path: Path, name: str, entry: Download) -> None:
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(msgspec.json.format(msgspec.json.encode(_records(path) | {name: entry}), indent=2))
    fresh.replace(path)


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
