"""A secret of random bytes in a file that only its owner can read."""

import contextlib
import os
import secrets
from pathlib import Path

from afield.errors import StoreError

LENGTH = 32


def secret(file: Path) -> bytes:
    """The secret in `file`, 32 bytes; made with mode 0600 where there is none.

    Raises:
        StoreError: the file can be read by others, or cannot be read or made.
    """
    try:
        if not file.exists():
            _make(file)
        if file.stat().st_mode & 0o077:
            raise StoreError(f"{file}: the secret can be read by others; run: chmod 600 {file}")
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read or made ({error.strerror}); mend its permissions") from error


def _make(file: Path) -> None:
    """Make the file; of two processes at once one wins, and both use its secret."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(secrets.token_bytes(LENGTH))
            stream.flush()
            os.fsync(stream.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)
    finally:
        draft.unlink()
