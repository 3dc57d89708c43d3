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
from afield.serving.routing import Route

FRESH = (("cache-control", "no-cache"),)
FOREVER = (("cache-control", "public, max-age=31536000, immutable"),)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class Bundles:
    """Read-only view of the folder of bundles; asked by digests, never by paths."""

    def __init__(self, root: Path) -> None:
        """Serve the bundles under `root`."""
        self._root = root
        self._files = lru_cache(maxsize=8)(self._listed)

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

    def _listed(self, release: str) -> dict[str, str]:
        raw = self._read(release, "manifest.json")
        if raw is None or hashlib.sha256(raw).hexdigest() != release:
            return {}
        return {file.digest: file.name for file in msgspec.json.decode(raw, type=Manifest).files}

    def _read(self, release: str, name: str) -> bytes | None:
        if not _DIGEST.fullmatch(release):
            return None
        try:
            descriptor = os.open(self._root / release / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            return None
        with os.fdopen(descriptor, "rb") as stream:
            return stream.read()


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
        told = {"release": state.champion, "mode": state.mode}
        return Reply(200, msgspec.json.encode(told), headers=FRESH)

    def trusted(_: Request) -> Reply:
        return Reply(200, msgspec.json.encode({"keys": keys()}), headers=FRESH)

    def statement(request: Request) -> Reply:
        return _found(bundles.statement(request.names["release"]), "application/json")

    def file(request: Request) -> Reply:
        return _found(bundles.file(request.names["release"], request.names["file"]), "application/octet-stream")

    return {
        "/v1/keys": Route("bundles", {"GET": trusted}),
        "/v1/bundles/champion": Route("bundles", {"GET": champion}),
        "/v1/bundles/{release}": Route("bundles", {"GET": statement}),
        "/v1/bundles/{release}/{file}": Route("bundles", {"GET": file}),
    }


def _found(content: bytes | None, kind: str) -> Reply:
    if content is None:
        raise NotFoundError("there is no such release or file; ask by the digests of a manifest")
    return Reply(200, content, kind, FOREVER)
