"""The keys of the hashes that stand for people: one in force, former ones kept or destroyed."""

import secrets
from pathlib import Path

import msgspec

from afield.control.office import Office
from afield.custody.notes import ROTATED, note
from afield.store.durable import keep_private, sync_folder
from afield.store.secret import LENGTH, secret


class Rotated(msgspec.Struct, frozen=True):
    """What a rotation came to.

    Attributes:
        kept: former keys that are kept: what was hashed with them can still be found to be erased.
        destroyed: former keys that are gone: nobody can tell any more whom a hash of theirs stands for, nor join it
            with what is hashed from now on.
    """

    kept: int
    destroyed: int


def kept_keys(file: Path) -> tuple[bytes, ...]:
    """The key in force and the former ones that are kept, the newest first.

    Raises:
        StoreError: one of them can be read by others.
    """
    return (secret(file), *(secret(each) for each in reversed(_former(file))))


def rotate(office: Office, reason: str, actor: str, *, destroy: bool) -> Rotated:
    """Begin a new epoch: what is hashed from now on joins with nothing hashed before.

    Args:
        office: of an application; the key is that of its whole home.
        reason: why.
        actor: who decides.
        destroy: destroy the key in force and all former ones, instead of keeping them.

    Raises:
        StoreError: a key can be read by others or cannot be written, or the ledger cannot.
    """
    file = office.home.privacy
    now, former = secret(file), _former(file)
    note(office, ROTATED, "privacy", reason, actor, {"destroyed": float(destroy)})
    if not destroy:
        keep_private(_folder(file) / f"{len(former):06d}.key", now)
    following = file.with_suffix(".next")
    following.unlink(missing_ok=True)
    keep_private(following, secrets.token_bytes(LENGTH))
    following.replace(file)
    sync_folder(file.parent)
    if destroy:
        for each in former:
            each.unlink()
    return Rotated(0, len(former) + 1) if destroy else Rotated(len(former) + 1, 0)


def _folder(file: Path) -> Path:
    folder = file.with_suffix(".former")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _former(file: Path) -> list[Path]:
    return sorted(file.with_suffix(".former").glob("*.key"))
