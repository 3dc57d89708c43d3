"""What is taken elsewhere, written whole or not at all, and never over what is there."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

from afield.errors import ReleaseError, UsageError


def check_new(folder: Path) -> None:
    """Return where a folder can be made.

    Raises:
        UsageError: something is there already, or nothing can be made there.
    """
    if folder.exists() or folder.is_symlink():
        raise UsageError(f"{folder} is there already; give another --out, or remove it")
    if not folder.absolute().parent.is_dir():
        raise UsageError(f"there is no folder {folder.absolute().parent}; make it first")


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write the files, by relative name, into a new folder.

    Raises:
        UsageError: it is there already.
        ReleaseError: it cannot be written; nothing of it is left.
    """
    check_new(folder)
    draft = folder.absolute().parent / f".{folder.name}-{secrets.token_hex(4)}"
    try:
        for name, content in files.items():
            (draft / name).parent.mkdir(parents=True, exist_ok=True)
            (draft / name).write_bytes(content)
        draft.rename(folder)
    except OSError as error:
        raise ReleaseError(f"{folder}: it cannot be written ({error}); nothing was changed") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
