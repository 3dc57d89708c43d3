"""Artifacts: bytes named by their SHA-256, in a folder or an object store."""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, from_url

from afield.errors import StoreError
from afield.store.durable import sync_file, sync_folder, write_whole

_DIGEST = re.compile(r"[0-9a-f]{64}")
_CHUNK = 8 * 2**20


class Artifacts:
    """Blobs by digest: what is put comes back unchanged, or not at all."""

    def __init__(self, place: Path | str) -> None:
        """Keep blobs in a folder, or under a URL that obstore knows (`s3://`, `gs://`, `az://`).

        Raises:
            StoreError: the place cannot be used.
        """
        self._folder = None if isinstance(place, str) and "://" in place else Path(place)
        self._place = str(place)
        try:
            self._store = LocalStore(place, mkdir=True) if self._folder else from_url(self._place)
        except (BaseError, OSError, ValueError) as error:
            raise StoreError(f"artifacts cannot be kept in {place}: {error}; give another folder or URL") from error

    def put(self, content: bytes) -> str:
        """Keep `content`; its digest. What is there already is not written again.

        Raises:
            StoreError: it cannot be written.
        """
        digest = hashlib.sha256(content).hexdigest()
        self._put(digest, len(content), content)
        return digest

    def put_file(self, path: Path) -> str:
        """Keep the content of a file of any size; its digest.

        Raises:
            StoreError: it cannot be read or written.
        """
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            self._put(digest, path.stat().st_size, path)
        except OSError as error:
            raise StoreError(f"cannot keep {path}: {error.strerror}; look at the file and its permissions") from error
        return digest

    def get(self, digest: str) -> bytes:
        """The content that has this digest.

        Raises:
            StoreError: it is not there, was changed, or the digest is none.
        """
        return b"".join(self._checked(digest))

    def get_file(self, digest: str, path: Path) -> None:
        """Write the content that has this digest to `path`, whole or not at all.

        Raises:
            StoreError: it is not there, was changed, or cannot be written.
        """
        write_whole(path, self._checked(digest))

    def has(self, digest: str) -> bool:
        """Whether there is content under this digest; it is not read."""
        return self._size(digest) is not None

    def _put(self, digest: str, size: int, content: bytes | Path) -> None:
        # A blob of another length was torn by a loss of power: it is written again.
        if self._size(digest) == size:
            return
        try:
            obstore.put(self._store, _name(digest), content)
        except (BaseError, OSError) as error:
            raise StoreError(
                f"cannot keep {digest} in {self._place}: {error}; free space or mend its rights"
            ) from error
        if self._folder:
            written = self._folder / _name(digest)
            sync_file(written)
            sync_folder(written.parent)

    def _size(self, digest: str) -> int | None:
        try:
            return obstore.head(self._store, _name(digest))["size"]
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            raise StoreError(f"cannot look for {digest} in {self._place}: {error}; is the store reachable?") from error

    def _checked(self, digest: str) -> Iterator[bytes]:
        """The content in pieces; the last is followed by an error where the whole is not what its name says."""
        seen = hashlib.sha256()
        try:
            for piece in obstore.get(self._store, _name(digest)).stream(min_chunk_size=_CHUNK):
                content = bytes(piece)
                seen.update(content)
                yield content
        except FileNotFoundError as error:
            raise StoreError(f"artifact {digest} is not in {self._place}; build or fetch it again") from error
        except (BaseError, OSError) as error:
            raise StoreError(f"cannot read {digest} from {self._place}: {error}; is the store reachable?") from error
        if seen.hexdigest() != digest:
            raise StoreError(f"artifact {digest} in {self._place} was changed; remove it and put it again")


def _name(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise StoreError(f"{digest!r} is no digest; give 64 hexadecimal digits, lower case")
    return f"{digest[:2]}/{digest}"
