"""Bundles as clients fetch them: the signed statement of a release, and its files by digest."""

import hashlib
import os
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path

import msgspec

from afield.errors import ReleaseError
from afield.records.decision import ControlState
from afield.records.release import Manifest
from afield.serving.http import NotFoundError, Reply, Request
from afield.serving.ranges import ranged
from afield.serving.routing import FILES, Route

FRESH = (("cache-control", "no-cache"),)
FOREVER = (("cache-control", "public, max-age=31536000, immutable"),)
NOWHERE = "there is no such release or file; ask by the digests of a manifest"
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Bundles:
    """Read-only view of the folder of bundles; asked by digests, never by paths."""

    def __init__(self, root: Path) -> None:
        """Serve the bundles under `root`."""
        self._root = root
        self._files = lru_cache(maxsize=8)(self._listed)
        self._verified: dict[tuple[str, str], tuple[int, int, int]] = {}

    def statement(self, release: str) -> bytes | None:
        """`{"manifest": …, "signature": …}` of a release; None where there is no such release."""
        manifest, signature = self._read(release, "manifest.json"), self._read(release, "signature.json")
        if manifest is None or signature is None:
            return None
        return b'{"manifest":' + manifest + b',"signature":' + signature + b"}"

    def file(self, release: str, digest: str) -> bytes | None:
        """The file of a release that has this digest; None where there is none.

        Raises:
            ReleaseError: the file on disk is not what its digest says.
        """
        if not _DIGEST.fullmatch(digest):
            return None
        name = self._files(release).get(digest)
        content = None if name is None else self._read(release, name)
        if content is not None and hashlib.sha256(content).hexdigest() != digest:
            raise ReleaseError(f"{name} of release {release[:12]} has been changed on disk")
        return content

    def size(self, release: str, digest: str) -> int | None:
        """Bytes of the file of a release that has this digest; None where there is none.

        The file is read whole and compared with its digest at the first call, and whenever it was touched since.

        Raises:
            ReleaseError: the file on disk is not what its digest says.
        """
        name = self._files(release).get(digest) if _DIGEST.fullmatch(digest) else None
        if name is None:
            return None
        try:
            status = (self._root / release / name).stat()
        except OSError:
            return None
        stamp = (status.st_mtime_ns, status.st_ino, status.st_size)
        if self._verified.get((release, digest)) != stamp:
            if self.file(release, digest) is None:
                return None
            self._verified[release, digest] = stamp
        return status.st_size

    def stretch(self, release: str, digest: str, start: int, count: int) -> bytes:
        """`count` bytes of a file whose size was asked for, from byte `start` on; the client verifies the whole."""
        return self._read(release, self._files(release)[digest], start, count) or b""

    def _listed(self, release: str) -> dict[str, str]:
        raw = self._read(release, "manifest.json")
        if raw is None or hashlib.sha256(raw).hexdigest() != release:
            return {}
        return {file.digest: file.name for file in msgspec.json.decode(raw, type=Manifest).files}

    def _read(self, release: str, name: str, start: int = 0, count: int = -1) -> bytes | None:
        if not _DIGEST.fullmatch(release):
            return None
        try:
            descriptor = os.open(self._root / release / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            stream.seek(start)
            return stream.read(count)


def routes(
    bundles: Bundles, control: Callable[[], ControlState], keys: Callable[[], Mapping[str, str]]
) -> Mapping[str, Route]:
    """Releases for clients: which one is live, its signed statement, its files, and the public keys.

    Args:
        bundles: the folder that they are read from.
        control: gives the control state in force.
        keys: gives the public keys (hex) by their names.
    """

    def champion(_: Request) -> Reply:
        state = control()
        if not state.champion:
            raise NotFoundError("no release is live yet")
        beside = {"slices": state.mode_by_slice, "order": state.order}
        told = {"release": state.champion, "mode": state.mode, **{name: one for name, one in beside.items() if one}}
        return Reply(200, msgspec.json.encode(told), headers=FRESH)

    def trusted(_: Request) -> Reply:
        return Reply(200, msgspec.json.encode({"keys": keys()}), headers=FRESH)

    def statement(request: Request) -> Reply:
        content = bundles.statement(request.names["release"])
        if content is None:
            raise NotFoundError(NOWHERE)
        return Reply(200, content, "application/json", FOREVER)

    def file(request: Request) -> Reply:
        release, digest = request.names["release"], request.names["file"]
        size = bundles.size(release, digest)
        if size is None:
            raise NotFoundError(NOWHERE)
        return ranged(
            request,
            size,
            lambda start, count: bundles.stretch(release, digest, start, count),
            tag=f'"{digest}"',
            kind="application/octet-stream",
            headers=FOREVER,
        )

    return {
        "/v1/keys": Route("bundles", {"GET": trusted}, lane=FILES),
        "/v1/bundles/champion": Route("bundles", {"GET": champion}),
        "/v1/bundles/{release}": Route("bundles", {"GET": statement}, lane=FILES),
        "/v1/bundles/{release}/{file}": Route("bundles", {"GET": file}, lane=FILES),
    }
