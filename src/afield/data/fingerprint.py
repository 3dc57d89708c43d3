"""Digest of a source's files by content; a file that did not change since is not read again."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from tempfile import NamedTemporaryFile

import msgspec

from afield.errors import DataError


def fingerprint(paths: Iterable[Path], cache: Path | None = None, salt: str = "") -> str:
    """SHA-256 (hex) over the names and contents of `paths`, in any order, and `salt`.

    Args:
        paths: files; one named twice counts once.
        cache: a JSON file that remembers digests by size and modification time; made when absent, and
            of no consequence when lost or damaged.
        salt: what else decides the content, e.g. options of the reader.

    Raises:
        DataError: a file is not there or cannot be read.
    """
    known = _remembered(cache)
    fresh: dict[str, tuple[int, int, str]] = {}
    total = hashlib.sha256(salt.encode())
    for path in sorted(set(paths)):
        name = str(path.absolute())
        try:
            status = path.stat()
            old = known.get(name)
            if old is None or old[:2] != (status.st_size, status.st_mtime_ns):
                with path.open("rb") as stream:
                    old = (status.st_size, status.st_mtime_ns, hashlib.file_digest(stream, "sha256").hexdigest())
        except OSError as error:
            raise DataError(f"{path}: cannot be read ({error.strerror}); check that it is there and yours") from error
        fresh[name] = old
        total.update(f"{path.name}\0{old[2]}\n".encode())
    if cache is not None and any(known.get(name) != entry for name, entry in fresh.items()):
        _remember(cache, known | fresh)
    return total.hexdigest()


def _remembered(cache: Path | None) -> dict[str, tuple[int, int, str]]:
    if cache is None or not cache.is_file():
        return {}
    try:
        return msgspec.json.decode(cache.read_bytes(), type=dict[str, tuple[int, int, str]])
    except msgspec.DecodeError:
        return {}


def _remember(cache: Path, entries: dict[str, tuple[int, int, str]]) -> None:
    cache.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=cache.parent, delete=False) as stream:
        stream.write(msgspec.json.encode(entries))
    Path(stream.name).replace(cache)
