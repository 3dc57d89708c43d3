"""The files of a release as they come to lie on a device: room for them, each accepted whole, the bundle placed."""

import shutil
from collections.abc import Iterable
from pathlib import Path

from afield.client.folder import Folder
from afield.client.incoming import drop
from afield.errors import ReleaseError, StoreError, UnreachableError
from afield.records.release import File, Manifest
from afield.release.layout import read_listed, sha256, sync
from afield.store.durable import sync_file

# What a bundle needs beside its files, and the device for itself.
SPARE = 16 * 2**20


def check_room(folder: Folder, draft: Path, missing: list[File]) -> None:
    """Return where there is room for the files that are missing.

    Raises:
        StoreError: there is not; says how much is needed.
    """
    here = sum(part.stat().st_size for part in draft.glob("*.part"))
    needed = sum(file.size for file in missing) - here + SPARE
    folder.root.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder.root).free
    if missing and free < needed:
        raise StoreError(f"{folder.root}: {free} bytes are free, {needed} are needed for the next release")


def whole(path: Path, file: File) -> bool:
    """Whether the file lies there; its digest held when it came, and is compared again before the bundle is placed."""
    try:
        return path.stat().st_size == file.size
    except OSError:
        return False


def harmed(folder: Path, files: Iterable[File]) -> list[str]:
    """The names of those files whose content on this disk is not what is listed."""
    found = []
    for file in files:
        try:
            read_listed(folder, file, "it is fetched again")
        except ReleaseError:
            found.append(file.name)
    return found


def accept(part: Path, file: File, target: Path) -> None:
    """Move a file that has come whole to its place, durably, if it is what the manifest lists.

    Raises:
        UnreachableError: it was changed on the way; it is fetched anew.
        StoreError: it cannot be moved.
    """
    try:
        content = part.read_bytes() if file.size else b""
        if len(content) != file.size or sha256(content) != file.digest:
            drop(part)
            raise UnreachableError(f"{file.name} was changed on the way: its digest is not the manifest's")
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.size:
            sync_file(part)
            part.rename(target)
        else:
            target.touch()
        drop(part)
    except OSError as error:
        raise StoreError(f"{target}: cannot be kept ({error.strerror}); free space or mend its folder") from error


def place(folder: Folder, digest: str, raw: bytes, signature: bytes, manifest: Manifest) -> None:
    """Give the whole bundle its name, durably.

    Raises:
        StoreError: it cannot be kept, or a file was damaged on this disk since it came; that one is fetched again.
    """
    draft, root = folder.incoming / digest / "bundle", folder.bundles
    try:
        damaged = harmed(draft, manifest.files)
        for name in damaged:
            (draft / name).unlink(missing_ok=True)
        if damaged:
            raise StoreError(f"{draft}: {', '.join(damaged)}: damaged on this disk since it came; it is fetched again")
        for name, content in (("manifest.json", raw), ("signature.json", signature)):
            (draft / name).write_bytes(content)
        for name in ("manifest.json", "signature.json", *(file.name for file in manifest.files)):
            sync_file(draft / name)
        for below in {(draft / file.name).parent for file in manifest.files} | {draft}:
            sync(below)
        root.mkdir(parents=True, exist_ok=True)
        draft.rename(root / digest)
        sync(root)
    except OSError as error:
        raise StoreError(f"{root}: a release cannot be kept ({error.strerror}); free space or mend it") from error
    shutil.rmtree(folder.incoming / digest, ignore_errors=True)
