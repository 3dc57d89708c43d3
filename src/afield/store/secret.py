"""A secret of random bytes in a file that only its owner can read."""

import secrets
from pathlib import Path

from afield.errors import StoreError
from afield.store.durable import keep_private

LENGTH = 32


def secret(file: Path) -> bytes:
    """The secret in `file`, 32 bytes; made with mode 0600 where there is none.

    Raises:
        StoreError: the file can be read by others, or cannot be read or made.
    """
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            keep_private(file, secrets.token_bytes(LENGTH))
        if file.stat().st_mode & 0o077:
            raise StoreError(f"{file}: the secret can be read by others; run: chmod 600 {file}")
        return file.read_bytes()
    except OSError as error:
        raise StoreError(f"{file}: cannot be read or made ({error.strerror}); mend its permissions") from error
