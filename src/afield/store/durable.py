"""Files that are whole or absent: written aside, synced, then renamed into place."""

import contextlib
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from afield.errors import StoreError


def write_whole(path: Path, pieces: Iterable[bytes], *, mode: int = 0o666) -> None:
    """Put a file of these bytes at `path`, replacing what was there; nobody ever sees half of it.

    Args:
        path: of the file; folders that are missing above it are made.
        pieces: its bytes.
        mode: who may read and write it, less what the umask takes away.

    Raises:
        StoreError: the file cannot be written; what was there before is untouched.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"cannot make the folder {path.parent}: {error.strerror}; clear the way") from error
    draft = _aside(path)
    try:
        _write(draft, pieces, mode)
        draft.replace(path)
        sync_folder(path.parent)
    except OSError as error:
        raise StoreError(f"cannot write {path}: {error.strerror}; free space or mend its permissions") from error
    finally:
        draft.unlink(missing_ok=True)


def keep_private(path: Path, content: bytes) -> None:
    """Put a file that only its owner can read at `path`, where there is none; of two processes at once one wins.

    Raises:
        OSError: the file cannot be made.
    """
    draft = _aside(path)
    try:
        _write(draft, (content,), 0o600)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder (creations, renames, removals) survive a loss of power."""
    _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def sync_file(path: Path) -> None:
    """Make what somebody else wrote to a file survive a loss of power."""
    _sync(path, os.O_RDONLY)


def _aside(path: Path) -> Path:
    """A name beside `path` that nobody else writes to: not another process, thread or host."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}.partial")


def _write(path: Path, pieces: Iterable[bytes], mode: int) -> None:
    """Write a file that is not there yet, down to the disk."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
