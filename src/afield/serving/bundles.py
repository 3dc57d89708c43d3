"""Bundles as clients fetch them: the signed statement of a release, and its files by digest."""

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path

import msgspec

from afield.errors import ReleaseError
from afield.records.release import Manifest

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
