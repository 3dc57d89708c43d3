"""The releases in a home: which there are, and the one that a person names."""

import re
from pathlib import Path

from afield.errors import ReleaseError, UsageError

_DIGEST = re.compile(r"[0-9a-f]{64}")
_BEGINNING = re.compile(r"[0-9a-f]{1,64}")


def releases(bundles: Path) -> tuple[str, ...]:
    """Digests of the releases under `bundles`, whether they verify or not; nothing else that lies there."""
    if not bundles.is_dir():
        return ()
    return tuple(sorted(path.name for path in bundles.iterdir() if _DIGEST.fullmatch(path.name)))


def named(bundles: Path, text: str, application: str = "APP") -> str:
    """The digest of the one release that begins with `text`.

    Raises:
        UsageError: none does, or several do.
    """
    found = [digest for digest in releases(bundles) if digest.startswith(text)] if _BEGINNING.fullmatch(text) else []
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(digest[: len(text) + 6] for digest in found)
        raise UsageError(f"several releases begin with {text}: {several}; give more digits")
    raise UsageError(f"no release under {bundles} begins with {text[:80]!r}; see: afield release list {application}")


def champion(bundles: Path, digest: str, application: str) -> str:
    """The champion's digest, where there is one.

    Raises:
        ReleaseError: there is none yet, or its bundle is gone.
    """
    if not digest:
        raise ReleaseError(f"{application} has no champion yet; make one: afield build {application}")
    if digest not in releases(bundles):
        raise ReleaseError(
            f"the champion {digest[:12]} is not under {bundles}; restore that folder, "
            f"or go back: afield release rollback {application}"
        )
    return digest
